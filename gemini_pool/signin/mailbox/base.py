"""What every mailbox is, an address and its letters; and what a provider of mailboxes tells of itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gemini_pool.sign_in_errors import MailboxFailed

# No mailbox shows more than its newest letters: a code is waited for, not searched for.
MOST_LETTERS = 20


@dataclass(frozen=True, slots=True)
class Letter:
    """`sender` as the letter's From has it, "" where the mailbox tells none; `text` in readable words;
    `at` when it came (or was sent) in epoch seconds, None where that is not known for sure."""

    id: str
    sender: str
    subject: str
    text: str = field(repr=False)
    at: float | None = None


class Mailbox(Protocol):
    @property
    def address(self) -> str:
        """Whose it is, "" where the mailbox cannot tell."""

    def letters(self) -> list[Letter]:
        """The newest letters, the newest first. MailboxFailed."""


# Makes a mailbox of the address of a web page, which is read in a browser.
Pages = Callable[[str], Mailbox]
# Is told the fields of an account that the mailbox's own service has changed.
Renewed = Callable[[Mapping[str, str]], None]


class NoService(MailboxFailed):
    """No mail service answers here; a web page of the same mailbox may still be there."""


@dataclass(frozen=True, slots=True)
class MailDefaults:
    """The operator's own mail service: for mailboxes that name none; `temp_mail_url` where links lead to a
    page whose service has another address."""

    api: str = ""
    admin_key: str = field(default="", repr=False)
    temp_mail_url: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """All that a mailbox is opened with: the account's fields, and what the operator has set for all."""

    fields: Mapping[str, str] = field(repr=False)
    defaults: MailDefaults = MailDefaults()
    pages: Pages | None = None
    renewed: Renewed | None = None

    def get(self, *names: str) -> str:
        """The first of these fields that holds something, or ""."""
        values = (self.fields.get(name, "").strip() for name in names)
        return next((value for value in values if value), "")

    def need(self, name: str, why: str) -> str:
        """A field without which nothing can be read. MailboxFailed."""
        value = self.get(name)
        if not value:
            raise MailboxFailed(f"The mailbox lacks {name}: {why}.", settled=True)
        return value

    @property
    def address(self) -> str:
        return self.get("mail_address", "tempmail_name")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: its name in the account, its label, and what is to be entered."""

    name: str
    word: str
    secret: bool = False
    needed: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind of mailbox. `open` makes one without any call. MailboxFailed where its fields do not do."""

    key: str
    title: str
    fields: tuple[Field, ...]
    open: Callable[[Given], Mailbox]


ADDRESS = Field("mail_address", "Address", needed=True)
SERVICE = Field("mail_base_url", "Address of the service")
VERIFIED = Field(
    "mail_verify_ssl",
    "Verify the certificate",
    about="Kept for other programs; here certificates are always verified, whatever it says.",
)
