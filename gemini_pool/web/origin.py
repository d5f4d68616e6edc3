"""Where calls come from: who asks for what, from which address. The journal says so of each."""

import time
from dataclasses import dataclass

from flask import Response, g, request

from gemini_pool.errors import CallerGone, PoolError
from gemini_pool.pool.answer import Outcome
from gemini_pool.store.journal import CallRecord, message_of
from gemini_pool.store.keys import Key
from gemini_pool.web.callers_address import caller_address
from gemini_pool.web.edge import status_of
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
    address = caller_address(request, s.settings)
    return Origin(g.request_id, g.key, request.path, address, request.content_length)
