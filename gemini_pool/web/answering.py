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
from gemini_pool.errors import CallerGone, PoolError
from gemini_pool.pool.answer import Answer, Outcome
from gemini_pool.store.journal import AttemptRecord, CallRecord, message_of
from gemini_pool.web.edge import GONE, fresh_id, own_fault, read_json, reply, status_of
from gemini_pool.web.keys import callers_models
from gemini_pool.web.limits import hold_until_closed
from gemini_pool.web.links import link_to
from gemini_pool.web.origin import Origin, origin
from gemini_pool.web.preferring import keep_preference, preferred
from gemini_pool.wiring import Services, services

# The status of an end without an error.
ENDS = {Outcome.OK: 200, Outcome.CLIENT_CLOSED: GONE}
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
    origin: Origin
    call: Call
    meter: Meter = field(default_factory=Meter)
    answer: Answer = field(default_factory=Answer)
    held: ExitStack = field(default_factory=ExitStack)  # given back when the call is closed
    sent_bytes: int | None = None
    at: float = field(default_factory=time.time)
    started: float = field(default_factory=time.monotonic)

    def prompt(self, came: Mapping[str, Attachment] | None = None) -> Prompt:
        """The prompt with its files, which are there until the call is closed; `came` are those, by id, that
        came with the request itself. BadRequest, TooLarge."""
        asked = self.call.prompt
        gathered = self.services.gather(asked.turns, self.call.files, self.origin.key.scope, came or {})
        self.held.callback(gathered.close)
        return replace(asked, turns=gathered.turns)

    def ask(self, prompt: Prompt, check: Callable[[], None]) -> Answer:
        """The answer, whole unless the call is for a stream; whoever has it closes it. Raises as `run`."""
        self.services.runner.run(
            prompt,
            scope=self.origin.key.scope,
            hint=self.call.conversation,
            anew=self.call.anew,
            whole=not self.call.stream,
            check=check,
            answer=self.answer,
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
        origin, answer = self.origin, self.answer
        if outcome is Outcome.OK:
            keep_preference(self.call, origin.key, self.services)
        usage = self.meter.usage(self.call.prompt)
        if answer.account_id is not None:  # the service answered, or it is the service that refused
            tokens = 0 if answer.first_at is None else usage.prompt_tokens + usage.completion_tokens
            self.services.key_counts.usage.count(origin.key.id, tokens=tokens, at=self.at)
        self.services.journal.record(
            CallRecord(
                at=self.at,
                request_id=origin.request_id,
                key_id=origin.key.id,
                key_name=origin.key.name,
                account_id=answer.account_id,
                model=self.call.prompt.model.id,
                endpoint=origin.endpoint,
                outcome=outcome.value,
                error=type(error).__name__ if error else "",
                first_ms=self._ms(answer.first_at),
                total_ms=self._ms(time.monotonic()) or 0,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
                address=origin.address,
                request_bytes=origin.request_bytes,
                response_bytes=self.sent_bytes,
                status=status_of(error) if error else ENDS[outcome],
                error_message=message_of(error),
                attempts=tuple(
                    AttemptRecord.of(one.account_id, one.error, one.seconds) for one in answer.attempts
                ),
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
        ticket = stack.enter_context(Ticket(s, origin(), call))
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
            frames = Streamed(dialect, found, ticket, heading)
            response = Response(frames, headers=STREAM_HEADERS, direct_passthrough=True)
        else:
            body = dialect.write(call, heading, found, ticket.meter)
            ticket.sent_bytes = len(body)
            response = reply(body)
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


class Streamed:
    """The body of a streamed answer. The server closes it, whether it ended or the caller hung up."""

    def __init__(self, dialect: Dialect, answer: Answer, ticket: Ticket, heading: Heading) -> None:
        self._dialect = dialect
        self._answer = answer
        self._ticket = ticket
        self._frames = dialect.stream(ticket.call, heading, answer, ticket.meter)
        self._outcome = Outcome.CLIENT_CLOSED  # until the last frame is out
        self._error: PoolError | None = None
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._error:
            raise StopIteration
        try:
            frame = next(self._frames)
            self._sent += len(frame)
            return frame
        except StopIteration:
            self._outcome = Outcome.OK
            raise
        except CallerGone:
            raise StopIteration from None
        except PoolError as error:
            return self._broken(error)
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, the stream must tell of it
            return self._broken(own_fault(error, self._ticket.origin.request_id))

    def _broken(self, error: PoolError) -> bytes:
        """The status is out, so the stream itself must say that it did not end well."""
        self._outcome, self._error = Outcome.ERROR, error
        frame = self._dialect.write_stream_error(error, status_of(error))
        self._sent += len(frame)
        return frame

    def close(self) -> None:
        try:
            self._answer.close()
        finally:
            self._ticket.sent_bytes = self._sent
            self._ticket.close(self._outcome, self._error)
