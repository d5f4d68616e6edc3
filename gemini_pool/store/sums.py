"""Calls added up: by hour and by day, for all, for their key, and for each account that was asked."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gemini_pool.errors import Blame, PoolError, QuotaExhausted
from gemini_pool.store.histogram import Histogram, bucket
from gemini_pool.store.journal import CallRecord

HOUR = 3600
DAY = 24 * HOUR
LIMIT = QuotaExhausted.__name__
# The words of pool.answer.Outcome that do not stand for a failure.
OK, CLIENT_CLOSED = "ok", "client_closed"


@dataclass(slots=True)
class Sums:
    """`refused` are those that failed by their caller's doing, `limited` the limits of the service that were
    met on the way. The times are sums over the answers, in milliseconds, and how they are spread."""

    calls: int = 0
    answers: int = 0
    failures: int = 0
    refused: int = 0
    client_closed: int = 0
    limited: int = 0
    first_ms: int = 0
    total_ms: int = 0
    first: Histogram = field(default_factory=Counter)
    total: Histogram = field(default_factory=Counter)

    def numbers(self) -> tuple[int, ...]:
        """All but how the times are spread."""
        return (
            *(self.calls, self.answers, self.failures, self.refused),
            *(self.client_closed, self.limited, self.first_ms, self.total_ms),
        )

    def add(self, other: "Sums") -> None:
        self.calls += other.calls
        self.answers += other.answers
        self.failures += other.failures
        self.refused += other.refused
        self.client_closed += other.client_closed
        self.limited += other.limited
        self.first_ms += other.first_ms
        self.total_ms += other.total_ms
        self.first.update(other.first)
        self.total.update(other.total)

    def ended(self, call: CallRecord) -> None:
        """Count how a call ended."""
        self.calls += 1
        if call.outcome == OK:
            self._answered(call.first_ms, call.total_ms)
        elif call.outcome == CLIENT_CLOSED:
            self.client_closed += 1
        else:
            self.failed(call.error)

    def failed(self, error: str) -> None:
        if error in CALLERS_DOING:
            self.refused += 1
        else:
            self.failures += 1

    def _answered(self, first_ms: int | None, total_ms: int) -> None:
        self.answers += 1
        self.total_ms += total_ms
        self.total[bucket(total_ms)] += 1
        if first_ms is not None:
            self.first_ms += first_ms
            self.first[bucket(first_ms)] += 1


class Place(NamedTuple):
    """Where sums are kept: the hour or day from `start`, both in seconds, and whose they are."""

    width: int
    kind: str
    start: int
    subject: int
    model: str


def added_up(calls: Iterable[CallRecord]) -> dict[Place, Sums]:
    hours: dict[Place, Sums] = defaultdict(Sums)
    for call in calls:
        _count(call, hours)
    days: dict[Place, Sums] = defaultdict(Sums)
    for place, sums in hours.items():
        days[place._replace(width=DAY, start=place.start // DAY * DAY)].add(sums)
    return hours | days


def _count(call: CallRecord, hours: dict[Place, Sums]) -> None:
    start, model = int(call.at) // HOUR * HOUR, call.model
    limited = sum(attempt.error == LIMIT for attempt in call.attempts)
    for kind, subject in (("all", 0), ("key", call.key_id or 0)):
        sums = hours[Place(HOUR, kind, start, subject, model)]
        sums.ended(call)
        sums.limited += limited
    for attempt in call.attempts:
        sums = hours[Place(HOUR, "account", start, attempt.account, model)]
        sums.calls += 1
        sums.failed(attempt.error)
        sums.limited += attempt.error == LIMIT
    if call.account_id is not None and _is_its_doing(call):
        hours[Place(HOUR, "account", start, call.account_id, model)].ended(call)


def _is_its_doing(call: CallRecord) -> bool:
    """Whether the end of a call is that of the last account's answer: it did not fail, nor did we."""
    ended = call.outcome in (OK, CLIENT_CLOSED)
    return ended and all(attempt.account != call.account_id for attempt in call.attempts)


def _kinds(of: type[PoolError]) -> Iterator[type[PoolError]]:
    yield of
    for kind in of.__subclasses__():
        yield from _kinds(kind)


CALLERS_DOING = frozenset(kind.__name__ for kind in _kinds(PoolError) if kind.blame is Blame.CALLER)
