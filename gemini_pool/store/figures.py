"""What statistics tell: values that charts and tables can be drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from gemini_pool.store.histogram import Spread, spread
from gemini_pool.store.sums import DAY, HOUR, Sums


class Span(StrEnum):
    """How far back: the last 24 hours, begun ones included, or so many days, today included."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def bucket(self) -> int:
        """The seconds that one point of a chart stands for."""
        return {Span.DAY: HOUR, Span.WEEK: 6 * HOUR, Span.MONTH: DAY}[self]

    @property
    def width(self) -> int:
        """The widest rows that the whole span is made of."""
        return HOUR if self is Span.DAY else DAY

    @property
    def finest(self) -> int:
        """The widest rows that a point is made of."""
        return DAY if self is Span.MONTH else HOUR

    def starts(self, now: float, width: int) -> range:
        """The moments from which hours, days or whatever is so wide begin, the oldest first."""
        if self is Span.DAY:
            first = int(now) // HOUR * HOUR - 23 * HOUR
        else:
            first = int(now) // DAY * DAY - (6 if self is Span.WEEK else 29) * DAY
        return range(first, int(now) + 1, width)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose statistics."""

    kind: str = "all"
    id: int = 0

    @classmethod
    def account(cls, account_id: int) -> Self:
        return cls("account", account_id)

    @classmethod
    def key(cls, key_id: int | None) -> Self:
        """None: the keys of the environment, all together."""
        return cls("key", key_id or 0)


EVERYTHING = Subject()


@dataclass(frozen=True, slots=True)
class Counts:
    """How calls ended. Of an account: how it ended each time that it was asked.

    `calls` is the sum of `answers`, `failures`, `refused` (by the caller's doing) and `client_closed`.
    `limited` counts the limits of the service that were met, also where another account answered then.
    `average_ms` is the time to the end of an answer; None where there was none.
    """

    calls: int
    answers: int
    failures: int
    refused: int
    client_closed: int
    limited: int
    average_ms: float | None

    @classmethod
    def of(cls, sums: Sums) -> Self:
        return cls(
            calls=sums.calls,
            answers=sums.answers,
            failures=sums.failures,
            refused=sums.refused,
            client_closed=sums.client_closed,
            limited=sums.limited,
            average_ms=sums.total_ms / sums.answers if sums.answers else None,
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts, and how long answers took to their first event and to their end; None where there was none."""

    counts: Counts
    first: Spread | None
    total: Spread | None

    @classmethod
    def of(cls, sums: Sums) -> Self:
        return cls(Counts.of(sums), spread(sums.first), spread(sums.total))


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of a chart: from `start`, in epoch seconds, so many `seconds`."""

    start: int
    seconds: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class ModelStats:
    total: int
    success: int
    error: int


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """A key's calls as the admin API tells of them: the rate in percent, the time in milliseconds.

    Calls that their caller broke off are in the total alone, and do not lower the rate.
    """

    total_calls: int
    success_calls: int
    error_calls: int
    success_rate: float
    avg_response_time: float
    model_stats: Mapping[str, ModelStats]
    period_days: int
    first: Spread | None
    total: Spread | None

    @classmethod
    def of(cls, by_model: Mapping[str, Sums], days: int) -> Self:
        every = Sums()
        for sums in by_model.values():
            every.add(sums)
        errors = every.failures + every.refused
        ended = every.answers + errors
        return cls(
            total_calls=every.calls,
            success_calls=every.answers,
            error_calls=errors,
            success_rate=100 * every.answers / ended if ended else 0.0,
            avg_response_time=every.total_ms / every.answers if every.answers else 0.0,
            model_stats={
                model: ModelStats(sums.calls, sums.answers, sums.failures + sums.refused)
                for model, sums in by_model.items()
                if model
            },
            period_days=days,
            first=spread(every.first),
            total=spread(every.total),
        )
