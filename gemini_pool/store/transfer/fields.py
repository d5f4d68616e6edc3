"""What other programs call the fields of an account, and what the values of those fields may be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gemini_pool.readers import fits_a_header, read_expiry
from gemini_pool.roster import Credentials
from gemini_pool.store.profiles import MOST_CHARACTERS, NewAccount, is_date
from gemini_pool.store.transfer.found import (
    CANNOT_BE_SENT,
    NO_DATE,
    NO_TEXT,
    NOT_AN_ACCOUNT,
    TOO_LONG,
    Entry,
    FoundAccount,
    Problem,
)

# Names are compared in small letters and without what is between their words.
NAMES = {
    "securecses": "secure_c_ses",
    "hostcoses": "host_c_oses",
    "csesidx": "csesidx",
    "configid": "config_id",
    "teamid": "config_id",
    "groupid": "config_id",
    "useragent": "user_agent",
    "id": "external_id",
    "accountid": "external_id",
    "externalid": "external_id",
    "name": "name",
    "label": "name",
    "email": "email",
    "note": "note",
    "expiresat": "expires_at",
    "trialend": "trial_end",
    "available": "enabled",
    "enabled": "enabled",
    "isactive": "enabled",
    "disabled": "disabled",
    "disabledreason": "disabled_reason",
    "unavailablereason": "disabled_reason",
    "cookieexpired": "cookie_expired",
    "cooldownuntil": "cooldown_until",
}
MAILBOX = re.compile(r"(?:mail|tempmail)_[a-z_]{1,40}")
MAILBOX_ALIASES = {"email_password": "mail_password"}
COOKIES = {"__Secure-C_SES": "secure_c_ses", "__Host-C_OSES": "host_c_oses"}
HELD_IN_HEADERS = ("secure_c_ses", "host_c_oses", "csesidx", "config_id", "user_agent")
# An address of the page that was pasted where its id should stand.
CID = re.compile(r"/cid/([0-9A-Za-z-]{1,100})")
EMAIL = re.compile(r"[^\s@]{1,200}@[^\s@]{1,200}")
MILLISECONDS = 1e11  # epoch seconds reach it in the year 5138


def known(name: str) -> str | None:
    """What a field is called here; None for those of no use."""
    plain = name.strip().lower()
    plain = MAILBOX_ALIASES.get(plain, plain)
    if MAILBOX.fullmatch(plain):
        return plain
    return NAMES.get(re.sub(r"[^a-z0-9]", "", plain))


def cookies_in(held: Any) -> dict[str, str]:
    """The cookies of an account in a Cookie header, a mapping, or a list of `{name, value}`."""
    if isinstance(held, str):
        return dict(_pairs(part.partition("=") for part in held.split(";")))
    if isinstance(held, Mapping):
        return dict(_pairs((name, "=", value) for name, value in held.items()))
    if isinstance(held, list):
        cookies = (one for one in held if isinstance(one, Mapping))
        return dict(_pairs((one.get("name"), "=", one.get("value")) for one in cookies))
    return {}


def ids_in(address: str) -> dict[str, str]:
    """The ids of an account in an address of its pages; none when it is no address."""
    try:
        parts = urlsplit(address.strip())
        csesidx = parse_qs(parts.query, max_num_fields=100).get("csesidx", [""])[0]
    except ValueError:
        return {}
    cid = CID.search(parts.path)
    ids = {"csesidx": csesidx, "config_id": cid[1] if cid else ""}
    return {name: value for name, value in ids.items() if value}


@dataclass(slots=True)
class _Clerk:
    """Reads one entry: takes what is known, notes what is wrong."""

    entry: Entry
    held: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, what: str, name: str) -> None:
        self.problems.append(Problem(self.entry.line, self.entry.number, what, name))

    def read(self) -> None:
        for name, value in _named(self.entry.fields):
            if isinstance(value, bool) or value in (None, ""):
                self.held.setdefault(name, value)
            elif isinstance(value, str | int | float):
                self.text(name, str(value).encode("utf-8", "replace").decode().strip())
            else:
                self.wrong(NO_TEXT, name)

    def text(self, name: str, text: str) -> None:
        if name == "config_id" and ("/" in text or "?" in text):  # with the rest of the address
            ids = ids_in(text)
            self.held.setdefault("csesidx", ids.get("csesidx", ""))
            text = ids.get("config_id") or text.partition("?")[0]
        if len(text) > MOST_CHARACTERS:
            self.wrong(TOO_LONG, name)
        elif name in HELD_IN_HEADERS and not fits_a_header(text, spaces=name == "user_agent"):
            self.wrong(CANNOT_BE_SENT, name)
        elif text or not self.held.get(name):
            self.held[name] = text

    def moment(self, name: str) -> float | None:
        """Epoch seconds, or milliseconds, or a date."""
        text = str(self.held.get(name) or "")
        if not text:
            return None
        try:
            if re.fullmatch(r"[0-9]{1,15}(?:\.[0-9]{1,9})?", text):
                seconds = float(text)
                return seconds / 1000 if seconds > MILLISECONDS else seconds
            return read_expiry(text)
        except (ValueError, OverflowError):
            self.wrong(NO_DATE, name)
            return None

    def day(self, name: str) -> str:
        text = str(self.held.get(name) or "")[:10]
        if text and not is_date(text):
            self.wrong(NO_DATE, name)
            return ""
        return text

    def enabled(self) -> bool | None:
        """Some programs switch off what merely fails or rests; that is not taken for the operator's word."""
        if self.held.get("disabled") not in (None, ""):
            return not _is_on(self.held["disabled"])
        if self.held.get("enabled") in (None, ""):
            return None
        if _is_on(self.held["enabled"]):
            return True
        failed = _is_on(self.held.get("cookie_expired")) or self.held.get("cooldown_until")
        return None if failed else False

    def email(self) -> str:
        """The first that is one; many programs use it as the account's id or name."""
        names = ("email", "mail_address", "tempmail_name", "external_id", "name")
        candidates = (self.value(name) for name in names)
        return next((each for each in candidates if EMAIL.fullmatch(each)), "")

    def value(self, name: str) -> str:
        value = self.held.get(name)
        return value if isinstance(value, str) else ""


def account_in(entry: Entry, format_name: str) -> tuple[FoundAccount | None, list[Problem]]:
    """The account in an entry, if there is anything of one."""
    clerk = _Clerk(entry)
    clerk.read()
    said = {name: value for name, value in clerk.held.items() if value not in (None, "")}
    mailbox = {name: str(value) for name, value in said.items() if MAILBOX.fullmatch(name)}
    credentials = Credentials(**{name: clerk.value(name) for name in HELD_IN_HEADERS})
    if not mailbox and not any(clerk.value(name) for name in HELD_IN_HEADERS[:4]):
        return None, clerk.problems or [Problem(entry.line, entry.number, NOT_AN_ACCOUNT)]
    account = NewAccount(
        credentials=credentials,
        name=clerk.value("name"),
        email=clerk.email(),
        note=clerk.value("note"),
        external_id=clerk.value("external_id"),
        trial_end=clerk.day("trial_end"),
        expires_at=clerk.moment("expires_at"),
        mailbox=mailbox,
    )
    reason = clerk.value("disabled_reason")
    found = FoundAccount(format_name, entry.line, entry.number, account, clerk.enabled(), reason)
    return found, clerk.problems


def _named(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Fields by our names, those inside `cookies` and `tokens` first."""
    for name, value in fields.items():
        if name.lower() == "cookies":
            yield from cookies_in(value).items()
        elif name.lower() in ("tokens", "mailbox") and isinstance(value, Mapping):
            yield from _named(
                {str(inner): one for inner, one in value.items() if not isinstance(one, Mapping)}
            )
    for name, value in fields.items():
        ours = known(name)
        if ours:
            yield ours, value


def _pairs(parts: Any) -> Iterator[tuple[str, str]]:
    for name, _, value in parts:
        plain = name.strip() if isinstance(name, str) else ""
        ours = COOKIES.get(plain) or (plain if plain in COOKIES.values() else None)
        if ours and isinstance(value, str) and value.strip():
            yield ours, value.strip().strip("\"'")


def _is_on(value: Any) -> bool:
    return value is True or str(value).strip().lower() in ("true", "1", "yes", "on")
