"""An answer as a score: what to write, when to rest, and how it ends."""

import enum
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gemini_pool.simulator.http import HTML, JSON, response_head

Write = tuple[bytes, float]
"""Bytes for the socket, and the seconds of silence after them."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Ending(enum.Enum):
    """What becomes of the connection after the last write."""

    KEEP = enum.auto()  # the answer is complete, the next request may come
    CLOSE = enum.auto()  # all is sent, then the connection closes
    RESET = enum.auto()  # the peer sees its connection torn down
    SILENCE = enum.auto()  # nothing more ever comes; only the peer can end it


@dataclass(frozen=True, slots=True)
class Script:
    """One answer, ready to be played on a connection.

    `status` None means that no status line is sent. `writes` may be made as they are played. `fault` names
    the switch that shaped the answer. `release` is called exactly once, when the answer has ended or the
    peer has gone.
    """

    status: int | None
    writes: Iterable[Write] = ()
    ending: Ending = Ending.KEEP
    first_delay: float = 0.0
    fault: str | None = None
    release: Callable[[], None] | None = None


def plain(
    status: int, body: bytes, content_type: str = JSON, headers: Mapping[str, str] = NO_HEADERS
) -> Script:
    """A complete answer of known length."""
    head = response_head(status, content_type, headers, len(body))
    return Script(status, ((head + body, 0.0),))


def json_reply(value: Any, status: int = 200) -> Script:
    """A compact JSON document."""
    return plain(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def page(status: int, title: str, headers: Mapping[str, str] = NO_HEADERS) -> Script:
    """A small HTML page, as front ends and sign-in sites send it."""
    body = f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return plain(status, body.encode(), HTML, headers)


def redirect(location: str, **headers: str) -> Script:
    """A 302 to another address."""
    return plain(302, b"", HTML, {"Location": location, **headers})


def hang() -> Script:
    """No answer, ever."""
    return Script(None, ending=Ending.SILENCE)


def reset() -> Script:
    """A connection torn down instead of an answer."""
    return Script(None, ending=Ending.RESET)
