"""A request in any dialect becomes an answer: read, run, write, and one row in the journal."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import Response, g, request

from gemini_pool.dialects.base import Call, Dialect, Heading, Meter
from gemini_pool.errors import PoolError
from gemini_pool.pool.answer import Answer, Outcome
from gemini_pool.store.journal import CallJournal, CallRecord
from gemini_pool.store.keys import Key
from gemini_pool.web.edge import fresh_id, read_json, reply, status_of
from gemini_pool.wiring import services

# Proxies in between must pass each event on at once.
STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}


@dataclass(slots=True)
class Ticket:
    """What the journal will say of a call."""

    journal: CallJournal
    request_id: str
    key: Key
    endpoint: str
    call: Call
    meter: Meter = field(default_factory=Meter)
    account_id: int | None = None
    first_ms: int | None = None
    at: float = field(default_factory=time.time)
    started: float = field(default_factory=time.monotonic)

    def answered_by(self, account_id: int) -> None:
        self.account_id = account_id
        self.first_ms = self._elapsed_ms()

    def close(self, outcome: Outcome, error: PoolError | None = None) -> None:
        usage = self.meter.usage(self.call.prompt)
        self.journal.record(
            CallRecord(
                at=self.at,
                request_id=self.request_id,
                key_id=self.key.id,
                key_name=self.key.name,
                account_id=self.account_id,
                model=self.call.prompt.model.id,
                endpoint=self.endpoint,
                outcome=outcome.value,
                error=type(error).__name__ if error else "",
                first_ms=self.first_ms,
                total_ms=self._elapsed_ms(),
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
            )
        )

    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self.started) * 1000)


def answer(dialect: Dialect, *, id_prefix: str) -> Response:
    """Answer the current request in a dialect; raises PoolError while a status can still tell of it."""
    s = services()
    call = dialect.read(read_json(), s.catalog)
    ticket = Ticket(s.journal, g.request_id, g.key, request.path, call)
    try:
        found, account = s.runner.run(call.prompt, whole=not call.stream)
    except PoolError as error:
        ticket.close(Outcome.ERROR, error)
        raise
    ticket.answered_by(account.id)
    heading = Heading(fresh_id(id_prefix), int(ticket.at), call.prompt.model.id)
    if call.stream:
        return Response(
            Streamed(dialect, found, ticket, heading), headers=STREAM_HEADERS, direct_passthrough=True
        )
    body = dialect.write(call, heading, found, ticket.meter)
    found.close()
    ticket.close(Outcome.OK)
    return reply(body)


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
        except PoolError as error:
            # The status is out, so the stream itself must say that it did not end well.
            self._outcome, self._error = Outcome.ERROR, error
            return self._dialect.write_stream_error(error, status_of(error))

    def close(self) -> None:
        try:
            self._answer.close()
        finally:
            self._ticket.close(self._outcome, self._error)
