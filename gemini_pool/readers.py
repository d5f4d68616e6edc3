"""Readers of setting values: text in, value out, ValueError with the fault.

A fault never repeats the value, since some values are secrets. Each reader carries `accepted`, the
words that the error message and the README's table use for what it takes.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from gemini_pool.roster import Credentials

T = TypeVar("T")

# Exports of older programs write Beijing time without a zone mark.
BEIJING = timezone(timedelta(hours=8))
FERNET_KEY_BYTES = 32
SHORTEST_PASSWORD = 10
WEBHOOKS = ("https", "http", "telegram", "bark", "ntfy")
LONGEST_PASSWORD = 1024  # whoever sends more does not mean it; nothing is ever cut off


@dataclass(frozen=True)
class Reader(Generic[T]):
    """How one kind of value is read, and the words for what is accepted.

    `choices` are the values where there are but a few, `bounds` the least and the most of a number.
    """

    accepted: str
    read: Callable[[str], T]
    choices: tuple[str, ...] = ()
    bounds: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """An account as the environment gives it; `origin` tells it from every other such account. `mailbox` is
    what a later sign-in reads its codes with: the fields `mail_…` and `tempmail_…` by name."""

    origin: str
    name: str
    credentials: Credentials
    expires_at: float | None
    mailbox: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of trouble: `telegram://secret@host`, `bark://host/path`, `ntfy://secret@host/path`
    or a web address. All but kind and host may be secret, and `text` is the whole of it."""

    kind: str
    host: str
    path: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    text: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """As it may be shown."""
        return f"{self.kind}://{self.host}/…"


def whole(low: int, high: int) -> Reader[int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]+", text):
            raise ValueError("is not a whole number")
        if not low <= int(text) <= high:
            raise ValueError("is out of range")
        return int(text)

    return Reader(f"a whole number from {low} to {high}", read, bounds=(low, high))


def choice(*names: str) -> Reader[str]:
    def read(text: str) -> str:
        if text.lower() not in names:
            raise ValueError("is not one of the choices")
        return text.lower()

    return Reader(" | ".join(names), read, choices=names)


def _switch(text: str) -> bool:
    word = text.lower()
    if word not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
        raise ValueError("is neither on nor off")
    return word in ("1", "true", "yes", "on")


def address(*schemes: str) -> Reader[str]:
    def read(text: str) -> str:
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError:  # its own words would repeat a piece of the value
            raise ValueError("is not an address") from None
        if parts.scheme not in schemes:
            raise ValueError(f"does not begin with {' or '.join(s + '://' for s in schemes)}")
        if not host:
            raise ValueError("names no host")
        return text.rstrip("/")

    return Reader("an address " + ", ".join(f"`{s}://…`" for s in schemes), read)


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def read_webhook(text: str) -> Webhook:
    """ValueError with the fault, which does not repeat the address."""
    kind, _, rest = text.partition("://")
    login, at, place = rest.partition("@")
    host, _, path = (place if at else rest).partition("/")
    secret = login if at else ""
    if kind not in WEBHOOKS:
        raise ValueError(
            f"holds an address that begins with none of {', '.join(f'{one}://' for one in WEBHOOKS)}"
        )
    if not host or not text.isprintable() or " " in text:
        raise ValueError(f"holds a {kind}:// address that names no host")
    if kind in ("https", "http"):
        return Webhook(kind, _web_host(text), path, text=text)
    if kind == "telegram" and not secret:
        raise ValueError("holds a telegram:// address without a token")
    if kind in ("bark", "ntfy") and (not path or "/" in path):
        raise ValueError(f"holds a {kind}:// address that does not end in /key or /topic")
    return Webhook(kind, host, path, secret, text)


def _web_host(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        raise ValueError("holds a web address that names no host")
    return f"{host}:{port}" if port else host


def _webhooks(text: str) -> tuple[str, ...]:
    several = _several(text)
    for one in several:
        read_webhook(one)
    return several


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    if text.lower() == "none":
        return ()
    try:
        return tuple(ip_network(part, strict=False) for part in _several(text))
    except ValueError:
        raise ValueError("holds something that is no address and no network") from None


def _fernet_keys(text: str) -> str:
    for part in _several(text):
        try:
            size = len(base64.urlsafe_b64decode(part))
        except ValueError:
            size = 0
        if size != FERNET_KEY_BYTES:
            raise ValueError("is not a Fernet key")
    return text


def _seats(text: str) -> tuple[Seat, ...]:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(entries, list):
        raise ValueError("is not a JSON array")
    return tuple(_seat(entry, number) for number, entry in enumerate(entries, start=1))


def _seat(entry: Any, number: int) -> Seat:
    if not isinstance(entry, dict):
        raise ValueError(f"holds an entry ({number}) that is not an object")
    fields = {name: value for name, value in entry.items() if value not in (None, "")}
    fields.setdefault("config_id", fields.pop("team_id", None))
    for name in ("secure_c_ses", "csesidx", "config_id"):
        if not fields.get(name):
            raise ValueError(f"has no {name} in entry {number}")
    text = {name: str(value).strip() for name, value in fields.items()}
    for name in ("secure_c_ses", "host_c_oses", "csesidx", "config_id", "user_agent"):
        if not fits_a_header(text.get(name, ""), spaces=name == "user_agent"):
            raise ValueError(f"has a character in {name} of entry {number} that cannot be sent")
    credentials = Credentials(
        secure_c_ses=text["secure_c_ses"],
        csesidx=text["csesidx"],
        config_id=text["config_id"],
        host_c_oses=text.get("host_c_oses", ""),
        user_agent=text.get("user_agent", ""),
    )
    try:
        expires_at = read_expiry(text["expires_at"]) if "expires_at" in text else None
    except (ValueError, OverflowError):
        raise ValueError(f"has an expires_at that is no date in entry {number}") from None
    name = text.get("id", f"account_{number}")
    mailbox = {name: value for name, value in text.items() if name.startswith(("mail_", "tempmail_"))}
    return Seat(text.get("id") or seat_origin(credentials), name, credentials, expires_at, mailbox)


def fits_a_header(text: str, *, spaces: bool = False) -> bool:
    """Whether a cookie or an id can be sent as it is; a user agent may have spaces and semicolons."""
    return text.isascii() and text.isprintable() and (spaces or not {" ", ";"} & set(text))


def _header_text(text: str) -> str:
    if not fits_a_header(text):
        raise ValueError("has a character that cannot be sent")
    return text


def _password(text: str) -> str:
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise ValueError("is too short or too long")
    return text


def seat_origin(credentials: Credentials) -> str:
    """What tells a seat without a name of its own from all others."""
    return f"{credentials.config_id}/{credentials.csesidx}"


def read_expiry(text: str) -> float:
    """Epoch seconds of ISO 8601, or of older programs' `YYYY-MM-DD HH:MM:SS`, which is Beijing time."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)).astimezone(UTC).timestamp()


TEXT = Reader("text", str)
HEADER_TEXT = Reader("the value as the browser shows it", _header_text)
PASSWORD = Reader(f"text of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters", _password)
SWITCH = Reader("1 | 0, also true/false, yes/no, on/off", _switch, choices=("1", "0"))
SEVERAL = Reader("one or more, separated by commas", _several)
ALERT_ADDRESSES = Reader(
    "addresses `https://…`, `http://…`, `telegram://token@chat`, `bark://host/key`, `ntfy://host/topic`, "
    "separated by commas",
    _webhooks,
)
NETWORKS = Reader("addresses or networks, separated by commas, or `none`", _networks)
FERNET_KEYS = Reader(
    "32 bytes in URL-safe base64, as `openssl rand -base64 32 | tr '+/' '-_'` prints", _fernet_keys
)
SEATS = Reader(
    "a JSON array of objects with secure_c_ses, csesidx, config_id (or team_id) and, if known, "
    "id, host_c_oses, user_agent, expires_at, mail_…, tempmail_…",
    _seats,
)
