"""A request in any dialect becomes an answer: read, run, write, and one row in the journal."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

from flask import Request, Response, g, request

from gemini_pool.dialects.base import Call, Dialect, Heading, Meter
from gemini_pool.dialogue import Attachment, Prompt
from gemini_pool.errors import CallerGone, NoAccountAvailable, PoolError, UpstreamError
from gemini_pool.pool.answer import Answer, Outcome
from gemini_pool.store.journal import CallRecord
from gemini_pool.store.keys import Key
from gemini_pool.web.edge import fresh_id, own_fault, read_json, reply, status_of
from gemini_pool.web.keys import callers_models
from gemini_pool.web.limits import hold_until_closed
from gemini_pool.web.links import link_to
from gemini_pool.web.preferring import keep_preference, preferred
from gemini_pool.wiring import Services, services

# Proxies in between must pass each event on at once.
STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}


@dataclass(slots=True)
class Ticket:
    """What the journal will say of a call, and what the call holds until it is closed."""

    services: Services
    request_id: str
    key: Key
    endpoint: str
    call: Call
    meter: Meter = field(default_factory=Meter)
    answer: Answer | None = None
    held: ExitStack = field(default_factory=ExitStack)  # given back when the call is closed
    at: float = field(default_factory=time.time)
    started: float = field(default_factory=time.monotonic)

    def prompt(self, came: Mapping[str, Attachment] | None = None) -> Prompt:
        """The prompt with its files, which are there until the call is closed; `came` are those, by id, that
        came with the request itself. BadRequest, TooLarge."""
        asked = self.call.prompt
        gathered = self.services.gather(asked.turns, self.call.files, self.key.scope, came or {})
        self.held.callback(gathered.close)
        return replace(asked, turns=gathered.turns)

    def ask(self, prompt: Prompt, check: Callable[[], None]) -> Answer:
        """The answer, whole unless the call is for a stream; whoever has it closes it. Raises as `run`."""
        self.answer = self.services.runner.run(
            prompt,
            scope=self.key.scope,
            hint=self.call.conversation,
            anew=self.call.anew,
            whole=not self.call.stream,
            check=check,
        )
        self.meter.finished = self.answer.remember
        return self.answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, CallerGone):
            self.close(Outcome.CLIENT_CLOSED)
        else:
            self.close(Outcome.ERROR if error else Outcome.OK, error)

    def close(self, outcome: Outcome, error: BaseException | None = None) -> None:
        """Give back what is held and write the row."""
        self.held.close()
        if outcome is Outcome.OK:
            keep_preference(self.call, self.key, self.services)
        usage = self.meter.usage(self.call.prompt)
        if self.answer or _by_the_service(error):
            tokens = usage.prompt_tokens + usage.completion_tokens if self.answer else 0
            self.services.key_counts.usage.count(self.key.id, tokens=tokens, at=self.at)
        self.services.journal.record(
            CallRecord(
                at=self.at,
                request_id=self.request_id,
                key_id=self.key.id,
                key_name=self.key.name,
                account_id=self.answer.account_id if self.answer else None,
                model=self.call.prompt.model.id,
                endpoint=self.endpoint,
                outcome=outcome.value,
                error=type(error).__name__ if error else "",
                first_ms=self._ms(self.answer.first_at) if self.answer else None,
                total_ms=self._ms(time.monotonic()) or 0,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
            )
        )

    def _ms(self, moment: float | None) -> int | None:
        return None if moment is None else round((moment - self.started) * 1000)


def answer(dialect: Dialect, *, id_prefix: str) -> Response:
    """Answer the current request in a dialect; raises PoolError while a status can still tell of it."""
    s = services()
    call, change = preferred(dialect.read(read_json(), callers_models()), g.key, s)
    s.admission.enter()
    with ExitStack() as stack:
        ticket = stack.enter_context(Ticket(s, g.request_id, g.key, request.path, call))
        ticket.held.callback(s.admission.leave)
        hold_until_closed(ticket.held)
        found = ticket.ask(ticket.prompt(), watched(s, ticket.held))
        stack.callback(found.close)
        heading = Heading(
            fresh_id(id_prefix),
            int(ticket.at),
            call.prompt.model.id,
            call.image_format or g.key.image_format or s.settings.image_format,
            partial(link_to, _request(), s),
        )
        if call.stream:
            stack.pop_all()  # the body has them now
            body = Streamed(dialect, found, ticket, heading)
            response = Response(body, headers=STREAM_HEADERS, direct_passthrough=True)
        else:
            response = reply(dialect.write(call, heading, found, ticket.meter))
    response.headers.extend(change)
    return response


def watched(s: Services, stack: ExitStack) -> Callable[[], None]:
    """What raises CallerGone once the caller of the current request has hung up; until the stack closes."""
    connection = request.environ.get("gunicorn.socket")
    stack.callback(s.callers.leave, connection)
    return s.callers.watch(connection).check


def _request() -> Request:
    """The request itself, for when Flask's stand-in for it is gone: a stream outlives the handling."""
    return request._get_current_object()  # type: ignore[attr-defined,no-any-return]


def _by_the_service(error: BaseException | None) -> bool:
    """Whether it is the service that refused, or failed."""
    return isinstance(error, UpstreamError) or (isinstance(error, NoAccountAvailable) and bool(error.history))


class Streamed:
    """The body of a streamed answer. The server closes it, whether it ended or the caller hung up."""

    def __init__(self, dialect: Dialect, answer: Answer, ticket: Ticket, heading: Heading) -> None:
        self._dialect = dialect
        self._answer = answer
        self._ticket = ticket
        self._frames = dialect.stream(ticket.call, heading, answer, ticket.meter)
        self._outcome = Outcome.CLIENT_CLOSED  # until the last frame is out
        self._error: PoolError | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._error:
            raise StopIteration
        try:
            return next(self._frames)
        except StopIteration:
            self._outcome = Outcome.OK
            raise
        except CallerGone:
            raise StopIteration from None
        except PoolError as error:
            return self._broken(error)
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, the stream must tell of it
            return self._broken(own_fault(error, self._ticket.request_id))

    def _broken(self, error: PoolError) -> bytes:
        """The status is out, so the stream itself must say that it did not end well."""
        self._outcome, self._error = Outcome.ERROR, error
        return self._dialect.write_stream_error(error, status_of(error))

    def close(self) -> None:
        try:
            self._answer.close()
        finally:
            self._ticket.close(self._outcome, self._error)
