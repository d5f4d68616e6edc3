"""An account as it is added, changed and shown; its state is the roster's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any

from gemini_pool.errors import BadRequest
from gemini_pool.readers import fits_a_header
from gemini_pool.roster import Account, Credentials, masked

SECRETS = ("secure_c_ses", "host_c_oses")
# Of these a change makes a new sign-in of it, and what was said of the old one is void.
SIGN_IN = frozenset({*SECRETS, "csesidx", "config_id"})
# An account cannot be without these.
NEEDED = ("secure_c_ses", "csesidx", "config_id")
MOST_CHARACTERS = 8_192


@dataclass(frozen=True, slots=True)
class NewAccount:
    """All that is given of an account. `expires_at` in epoch seconds, `trial_end` as 2026-12-31 or empty.

    `mailbox` is what a later sign-in needs to read its mail: the fields `mail_…` and `tempmail_…` by name.
    """

    credentials: Credentials
    name: str = ""
    email: str = ""
    note: str = ""
    external_id: str = ""
    trial_end: str = ""
    expires_at: float | None = None
    mailbox: Mapping[str, str] = field(default_factory=dict, repr=False)
    enabled: bool = True

    @property
    def address(self) -> str:
        """Where its codes go, as far as that is known."""
        return self.email or self.mailbox.get("mail_address", "") or self.mailbox.get("tempmail_name", "")

    def flat(self) -> dict[str, Any]:
        """All fields by name, those of the credentials among them."""
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        credentials = own.pop("credentials")
        return {f.name: getattr(credentials, f.name) for f in fields(credentials)} | own


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to change in an account; None leaves a field as it is.

    So does a secret as it is shown, masked, and an empty text for what no account can be without; an empty
    text clears any other. `expires_at` of infinity: never. Of `mailbox` only the named fields change.
    """

    name: str | None = None
    email: str | None = None
    note: str | None = None
    external_id: str | None = None
    trial_end: str | None = None
    expires_at: float | None = None
    secure_c_ses: str | None = field(default=None, repr=False)
    host_c_oses: str | None = field(default=None, repr=False)
    csesidx: str | None = None
    config_id: str | None = None
    user_agent: str | None = None
    mailbox: Mapping[str, str] | None = field(default=None, repr=False)
    enabled: bool | None = None

    def onto(self, held: NewAccount) -> NewAccount:
        """The account as it is wanted."""
        wanted = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        for name in SECRETS:
            if wanted.get(name) == masked(getattr(held.credentials, name)):
                del wanted[name]
        for name in (*NEEDED, "name"):
            if wanted.get(name) == "":
                del wanted[name]
        if wanted.get("expires_at") == float("inf"):
            wanted["expires_at"] = None
        if "mailbox" in wanted:
            wanted["mailbox"] = _mailbox(held.mailbox, wanted["mailbox"])
        credentials = {f.name: wanted.pop(f.name) for f in fields(Credentials) if f.name in wanted}
        return replace(held, credentials=replace(held.credentials, **credentials), **wanted)


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as the console shows it; `cookies_at` and `created_at` in epoch seconds.

    `given` holds its secrets in the clear, for those who must compare or export them: never for a page.
    """

    account: Account
    given: NewAccount = field(repr=False)
    cookies_at: float | None
    created_at: float

    @property
    def cookies(self) -> dict[str, str]:
        """Its cookies, masked."""
        return {name: masked(getattr(self.given.credentials, name)) for name in SECRETS}

    @property
    def mailbox(self) -> dict[str, str]:
        """Its mailbox, with all masked that is not an address or a name of a provider."""
        return {name: value if name in OPEN else masked(value) for name, value in self.given.mailbox.items()}


# What may be seen of a mailbox.
OPEN = (
    *("mail_provider", "mail_address", "mail_domain", "mail_verify_ssl", "tempmail_name"),
    *("mail_host", "mail_port", "mail_user", "mail_tenant", "mail_client_id"),
)


def of_sign_in(profiles: Iterable[Profile], credentials: Credentials, email: str) -> list[Profile]:
    """The accounts that a new sign-in may be of: one, none, or several where nothing tells which.

    A sign-in may give an account another csesidx, so that the workspace decides where it has one account,
    unless the addresses say that they are two.
    """
    there = [one for one in profiles if one.account.credentials.config_id == credentials.config_id]
    for one in there:
        if one.account.credentials.csesidx == credentials.csesidx:
            return [one]
    named = [one for one in there if email and _same(one.given.address, email)]
    return named or [one for one in there if not (email and one.given.address)]


def _same(one: str, other: str) -> bool:
    return one.strip().lower() == other.strip().lower()


def differing(before: NewAccount, after: NewAccount) -> tuple[str, ...]:
    """The names of the fields in which two differ."""
    old, new = before.flat(), after.flat()
    return tuple(name for name in old if old[name] != new[name])


def check(account: NewAccount) -> None:
    """BadRequest, with the field in `param`, unless an account can be what is wanted."""
    values = account.flat()
    for name in NEEDED:
        if not values[name]:
            raise BadRequest(f"{name} is missing: an account cannot be asked without it.", param=name)
    for name in (*SECRETS, "csesidx", "config_id", "user_agent"):
        if not fits_a_header(values[name], spaces=name == "user_agent"):
            raise BadRequest(f"{name} has a character that cannot be sent; copy it again.", param=name)
    for name, value in values.items():
        if isinstance(value, str) and len(value) > MOST_CHARACTERS:
            raise BadRequest(f"{name} is longer than {MOST_CHARACTERS} characters.", param=name)
    if account.trial_end and not is_date(account.trial_end):
        raise BadRequest("trial_end is not a date; write it as 2026-12-31.", param="trial_end")


def is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _mailbox(held: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    news = {name: value for name, value in wanted.items() if value != masked(held.get(name, "")) or not value}
    return {name: value for name, value in {**held, **news}.items() if value}
