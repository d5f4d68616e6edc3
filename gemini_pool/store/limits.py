"""What a key may do: the values, and what an operator may write into them."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from types import MappingProxyType
from typing import Any, TypedDict

from gemini_pool.dialogue import IMAGE_FORMATS
from gemini_pool.errors import BadRequest

Network = IPv4Network | IPv6Network

MOST = 1_000_000_000
MOST_CONCURRENT = 1000
MOST_CHARACTERS = 2000
LATEST = 253_402_300_799.0  # the end of the year 9999


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """The bounds of a key: 0 and empty mean that there is none.

    `models` are names as GET /v1/models lists them; days are those of UTC; `tokens_per_day` counts what was
    asked and answered, as the journal estimates it; `concurrent` are answers at one time.
    """

    models: frozenset[str] = frozenset()
    per_minute: int = 0
    per_day: int = 0
    concurrent: int = 0
    tokens_per_day: int = 0
    networks: tuple[Network, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether its calls must be counted against a window of time."""
        return bool(self.per_minute or self.per_day or self.tokens_per_day)


NO_LIMITS = KeyLimits()


class KeyFields(TypedDict, total=False):
    """What an operator may say of a key. `expires_at` in epoch seconds; `networks` are addresses or networks
    in CIDR form; an empty `image_format` leaves it to the setting; the rest as in KeyLimits."""

    description: str
    expires_at: float | None
    upgrade: bool
    image_format: str
    models: Iterable[str]
    per_minute: int
    per_day: int
    concurrent: int
    tokens_per_day: int
    networks: Iterable[str]


class KeyChanges(KeyFields, total=False):
    """What may be changed of a key that is there."""

    name: str


def columns_of(fields: KeyChanges) -> dict[str, Any]:
    """The fields as a row holds them; BadRequest names the one that cannot be so as `param`."""
    columns = {}
    for name, value in fields.items():
        try:
            columns[name] = COLUMNS[name](value)
        except ValueError as error:
            raise BadRequest(f"`{name}` of a key {error}.", param=name) from None
    return columns


def limits_of(columns: Mapping[str, Any]) -> KeyLimits:
    """The limits that a row holds."""
    return KeyLimits(
        models=frozenset(json.loads(columns["models"])),
        networks=tuple(map(ip_network, json.loads(columns["networks"]))),
        **{name: columns[name] for name in ("per_minute", "per_day", "concurrent", "tokens_per_day")},
    )


def _text(value: str) -> str:
    if len(value) > MOST_CHARACTERS:
        raise ValueError(f"is longer than {MOST_CHARACTERS} characters")
    return value.strip()


def _name(value: str) -> str:
    if not (name := _text(value)):
        raise ValueError("is empty: say whom the key is for")
    return name


def _moment(value: float | None) -> float | None:
    if value is not None and not 0 < value <= LATEST:
        raise ValueError("is no time before the year 10000")
    return value


def _format(value: str) -> str:
    if value and value not in IMAGE_FORMATS:
        raise ValueError(f"must be one of {', '.join(IMAGE_FORMATS)}, or empty")
    return value


def _number(most: int) -> Callable[[int], int]:
    def read(value: int) -> int:
        if not 0 <= value <= most:
            raise ValueError(f"must be a whole number from 0 (no bound) to {most}")
        return value

    return read


def _models(values: Iterable[str]) -> str:
    return json.dumps(sorted(filter(None, {_text(value) for value in values})))


def _networks(values: Iterable[str]) -> str:
    texts = list(filter(None, (value.strip() for value in values)))
    try:
        return json.dumps([str(ip_network(text, strict=False)) for text in texts])
    except ValueError:
        raise ValueError(
            "holds something that is no address and no network; write them as 192.0.2.7 or 2001:db8::/32"
        ) from None


COLUMNS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "name": _name,
        "description": _text,
        "expires_at": _moment,
        "upgrade": bool,
        "image_format": _format,
        "models": _models,
        "per_minute": _number(MOST),
        "per_day": _number(MOST),
        "concurrent": _number(MOST_CONCURRENT),
        "tokens_per_day": _number(MOST),
        "networks": _networks,
    }
)
