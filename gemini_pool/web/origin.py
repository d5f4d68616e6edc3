"""Where calls come from: who asks for what, from which address. The journal says so of each."""

import time
from dataclasses import dataclass

from flask import Request, Response, g, request
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

from gemini_pool.errors import CallerGone, PoolError
from gemini_pool.pool.answer import Outcome
from gemini_pool.store.journal import CallRecord, message_of
from gemini_pool.store.keys import Key
from gemini_pool.web.edge import status_of
from gemini_pool.web.links import is_trusted, parsed
from gemini_pool.wiring import Services, services


@dataclass(frozen=True, slots=True)
class Origin:
    """Of a request: its id, its key, its path, its caller's address, and how large its body is, if known."""

    request_id: str
    key: Key
    endpoint: str
    address: str
    request_bytes: int | None


def origin() -> Origin:
    """Of the current request, for calls that go into the journal however they end."""
    g.has_calls = True
    return _origin(services())


def journal_refused(response: Response) -> Response:
    """After a request of a blueprint that answers: keep one that was refused before it came to a call, so
    that it can be seen why a client fails. Without a good key it is nobody's, and not kept."""
    error: PoolError | None = g.get("refusal")
    if error and request.method == "POST" and "key" in g and "has_calls" not in g:
        s = services()
        s.journal.record(_refused(_origin(s), error, time.monotonic() - g.started))
    return response


def _refused(origin: Origin, error: PoolError, seconds: float) -> CallRecord:
    gone = isinstance(error, CallerGone)
    return CallRecord(
        at=time.time() - seconds,
        request_id=origin.request_id,
        key_id=origin.key.id,
        key_name=origin.key.name,
        account_id=None,
        model="",
        endpoint=origin.endpoint,
        outcome=(Outcome.CLIENT_CLOSED if gone else Outcome.ERROR).value,
        error="" if gone else type(error).__name__,
        first_ms=None,
        total_ms=round(seconds * 1000),
        prompt_tokens=0,
        completion_tokens=0,
        address=origin.address,
        request_bytes=origin.request_bytes,
        status=status_of(error),
        error_message="" if gone else message_of(error),
    )


def _origin(s: Services) -> Origin:
    return Origin(g.request_id, g.key, request.path, caller_address(request, s), request.content_length)


def caller_address(request: Request, s: Services) -> str:
    """The address of whoever made a request: that of the connection, or where a trusted proxy is at its
    other end, the nearest one it tells of that is no trusted proxy's. Empty when there is none."""
    proxies = s.settings.trusted_proxies
    address = _plain(request.environ.get("REMOTE_ADDR", ""))
    for hop in reversed(_hops(request.headers) if is_trusted(address, proxies) else ()):
        told = _plain(hop)
        if not told:  # `unknown`, or something that no proxy says
            break
        address = told
        if not is_trusted(address, proxies):
            break
    return address


def _hops(headers: Headers) -> list[str]:
    """The addresses that a request came by, the nearest last. As in links, what most proxies set comes
    first, for a proxy may let the other header through as the caller sent it."""
    if told := headers.get("X-Forwarded-For", "") or headers.get("X-Real-IP", ""):
        return told.split(",")
    elements = headers.get("Forwarded", "").split(",")
    return [parse_options_header(f"forwarded;{element}")[1].get("for", "") for element in elements]


def _plain(hop: str) -> str:
    """An address without its port and brackets; empty for what is none."""
    text = hop.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = parsed(text)
    return "" if address is None else str(address)
