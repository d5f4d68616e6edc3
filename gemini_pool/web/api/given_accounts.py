"""Accounts as they are given: new ones, changes, new cookies; and what the store takes for them."""

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from gemini_pool.readers import read_expiry
from gemini_pool.roster import Credentials
from gemini_pool.store.profiles import Changes, NewAccount
from gemini_pool.web.api.described import Shape

USUAL_BROWSER = "Mozilla/5.0"


def _moment(value: object) -> object:
    """Epoch seconds of a date as people write it; empty is "never"."""
    if not isinstance(value, str):
        return value
    return read_expiry(value) if value else float("inf")


Moment = Annotated[
    float | None,
    BeforeValidator(_moment, json_schema_input_type=str | None),
]


class GivenAccount(Shape):
    """A new account. `team_id` is taken for `config_id`."""

    secure_c_ses: str = Field(min_length=1)
    csesidx: str = Field(min_length=1)
    config_id: str = Field(min_length=1, validation_alias=AliasChoices("config_id", "team_id"))
    host_c_oses: str = ""
    user_agent: str = USUAL_BROWSER
    name: str = Field("", max_length=200)
    email: str = Field("", max_length=200)
    note: str = Field("", max_length=2000)
    external_id: str = Field("", max_length=200)
    trial_end: str = ""
    expires_at: Moment = None
    tempmail_name: str = ""
    tempmail_url: str = ""
    mailbox: dict[str, str] = Field(default_factory=dict)


class AccountChanges(Shape):
    """What is to change; what is left out stays, and so does a cookie that is sent back masked. An empty text
    clears a field that an account can be without."""

    secure_c_ses: str | None = None
    csesidx: str | None = None
    config_id: str | None = Field(None, validation_alias=AliasChoices("config_id", "team_id"))
    host_c_oses: str | None = None
    user_agent: str | None = None
    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=200)
    note: str | None = Field(None, max_length=2000)
    external_id: str | None = Field(None, max_length=200)
    trial_end: str | None = None
    expires_at: Moment = None
    tempmail_name: str | None = None
    tempmail_url: str | None = None
    mailbox: dict[str, str] | None = None


class NewCookies(Shape):
    """Cookies of a new sign-in."""

    secure_c_ses: str = ""
    host_c_oses: str = ""
    csesidx: str = ""


def new_account(given: GivenAccount) -> NewAccount:
    """What the store takes for it."""
    return NewAccount(
        Credentials(
            secure_c_ses=given.secure_c_ses,
            csesidx=given.csesidx,
            config_id=given.config_id,
            host_c_oses=given.host_c_oses,
            user_agent=given.user_agent,
        ),
        name=given.name,
        email=given.email,
        note=given.note,
        external_id=given.external_id,
        trial_end=given.trial_end,
        expires_at=None if given.expires_at == float("inf") else given.expires_at,
        mailbox=_mailbox(given.mailbox, given.tempmail_name, given.tempmail_url),
    )


def changes(given: AccountChanges) -> Changes:
    """What the store takes for them."""
    fields = given.model_dump(exclude={"tempmail_name", "tempmail_url", "mailbox"})
    mailbox = _mailbox(given.mailbox or {}, given.tempmail_name, given.tempmail_url)
    return Changes(**fields, mailbox=mailbox or None)


def _mailbox(mailbox: dict[str, str], name: str | None, url: str | None) -> dict[str, str]:
    older = {"tempmail_name": name, "tempmail_url": url}
    return mailbox | {field: value for field, value in older.items() if value is not None}
