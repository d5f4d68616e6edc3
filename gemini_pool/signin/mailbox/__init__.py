"""The mailboxes that codes come to: one file a provider, and one row in PROVIDERS."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox.base import (
    Field,
    Given,
    Letter,
    Mailbox,
    MailDefaults,
    NoService,
    Pages,
    Provider,
    Renewed,
)
from gemini_pool.signin.mailbox.cfmail import CFMAIL
from gemini_pool.signin.mailbox.senders import sender_address
from gemini_pool.signin.mailbox.webpage import PAGE

__all__ = [
    "PROVIDERS", "Field", "Glimpse", "Letter", "MailDefaults", "Mailbox", "NoService", "Provider",
    "open_mailbox", "provider_of", "try_mailbox",
]  # fmt: skip

PROVIDERS = MappingProxyType({provider.key: provider for provider in (CFMAIL, PAGE)})
# What tells a mailbox whose provider is not named, as older tools keep them.
TELLTALES = MappingProxyType(
    {
        "tempmail_url": "cfmail",
        "mail_refresh_token": "microsoft",
        "mail_jwt_token": "cfmail",
        "mail_host": "imap",
    }
)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a mailbox shows of itself without showing any letter: how many there are, from which domain and
    when (epoch seconds) the newest one came; "" and None where that is not known."""

    address: str
    letters: int
    newest_from: str = ""
    newest_at: float | None = None


def provider_of(fields: Mapping[str, str]) -> Provider | None:
    """The kind of mailbox that an account names; None where it names none. MailboxFailed if it is unknown."""
    named = fields.get("mail_provider", "").strip().lower()
    key = named or next((key for name, key in TELLTALES.items() if fields.get(name, "").strip()), "")
    if not key:
        return None
    if key not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise MailboxFailed(f"No kind of mailbox is called {key[:40]}; there are {known}.", settled=True)
    return PROVIDERS[key]


def open_mailbox(
    fields: Mapping[str, str],
    defaults: MailDefaults,
    pages: Pages | None = None,
    *,
    renewed: Renewed | None = None,
) -> Mailbox:
    """The mailbox that an account's fields name; makes no call. MailboxFailed where they do not do.

    `pages` makes a mailbox of a web page's address; `renewed` is told fields that the service has changed.
    """
    provider = provider_of(fields)
    if provider is None:
        raise MailboxFailed("The account names no mailbox: enter one on its page.", settled=True)
    return provider.open(Given(fields, defaults, pages, renewed))


def try_mailbox(
    fields: Mapping[str, str],
    defaults: MailDefaults,
    pages: Pages | None = None,
    *,
    renewed: Renewed | None = None,
) -> Glimpse:
    """Open and read a mailbox to see whether that can be done. MailboxFailed."""
    mailbox = open_mailbox(fields, defaults, pages, renewed=renewed)
    letters = mailbox.letters()
    if not letters:
        return Glimpse(mailbox.address, 0)
    domain = sender_address(letters[0].sender).rpartition("@")[2]
    return Glimpse(mailbox.address, len(letters), domain, letters[0].at)
