"""What calls come to by hour and by day, so that charts need not read the calls themselves."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gemini_pool.store.db import Store
from gemini_pool.store.figures import EVERYTHING, Counts, Figures, KeyFigures, Point, Span, Subject
from gemini_pool.store.histogram import packed, unpacked
from gemini_pool.store.journal import CallRecord
from gemini_pool.store.sums import DAY, HOUR, Sums, added_up

# Hours serve the charts of a week at most; with a thousand accounts they are many.
HOURS_KEPT_SECONDS = 8 * DAY
MOST_DAYS = 90

NUMBERS = ("calls", "answers", "failures", "refused", "client_closed", "limited", "first_ms", "total_ms")
SUMS = ", ".join((*NUMBERS, "first", "total"))
FIND = (
    f"SELECT {SUMS} FROM statistics"  # noqa: S608
    " WHERE width = ? AND kind = ? AND start = ? AND subject = ? AND model = ?"
)
REPLACE = f"INSERT OR REPLACE INTO statistics VALUES ({', '.join('?' * 15)})"  # noqa: S608
OF_ACCOUNTS = (
    f"SELECT subject, {', '.join(f'SUM({name})' for name in NUMBERS)} FROM statistics"  # noqa: S608
    " WHERE width = ? AND kind = 'account' AND start >= ? GROUP BY subject"
)
# Kind by kind, which is the order of the rows.
DELETE = "DELETE FROM statistics WHERE width = ? AND kind IN ('all', 'key', 'account') AND start < ?"


class Statistics:
    """Thread-safe. Times in epoch seconds; hours and days are those of UTC."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def count(self, calls: Iterable[CallRecord]) -> None:
        """Add calls to what is on disk; inside the transaction of whoever writes them."""
        connection = self._store.db.connection()
        for place, sums in added_up(calls).items():
            if there := connection.execute(FIND, place).fetchone():
                sums.add(_sums(there))
            connection.execute(REPLACE, (*place, *sums.numbers(), packed(sums.first), packed(sums.total)))

    def series(self, span: Span, of: Subject = EVERYTHING, *, model: str = "") -> list[Point]:
        """The span's points, the oldest first, also those at which nobody called."""
        now = self._clock()
        starts = span.starts(now, span.bucket)
        held = {start: Sums() for start in starts}
        for start, _, sums in self._rows(span.starts(now, span.finest), of, model):
            held[start - (start - starts[0]) % span.bucket].add(sums)
        return [Point(start, span.bucket, Figures.of(sums)) for start, sums in held.items()]

    def by_model(self, span: Span, of: Subject = EVERYTHING) -> dict[str, Figures]:
        """The models that were asked for, the busiest first; without calls whose model was never clear."""
        found = self._by_model(span.starts(self._clock(), span.width), of)
        return {model: Figures.of(sums) for model, sums in found.items() if model}

    def whole(self, span: Span, of: Subject = EVERYTHING) -> Figures:
        """The span in one."""
        every = Sums()
        for sums in self._by_model(span.starts(self._clock(), span.width), of).values():
            every.add(sums)
        return Figures.of(every)

    def by_account(self, span: Span) -> dict[int, Counts]:
        """What each account did when it was asked; none for those that were not."""
        first = span.starts(self._clock(), span.width)[0]
        with self._store.reading():
            rows = list(self._store.db.execute_sql(OF_ACCOUNTS, (span.width, first)))
        return {account_id: Counts.of(Sums(*numbers)) for account_id, *numbers in rows}

    def of_key(self, key_id: int | None, days: int) -> KeyFigures:
        """A key's calls of so many days, at most 90, today included; None: the keys of the environment."""
        days = max(1, min(days, MOST_DAYS))
        now = int(self._clock())
        starts = range(now // DAY * DAY - (days - 1) * DAY, now + 1, DAY)
        return KeyFigures.of(self._by_model(starts, Subject.key(key_id)), days)

    def prune(self, before: float) -> int:
        """Delete the days before a moment, and hours that are over for long; how many rows those were."""
        ends = {HOUR: max(before, self._clock() - HOURS_KEPT_SECONDS), DAY: before}
        with self._store.writing(shared=False):
            return sum(self._store.db.execute_sql(DELETE, end).rowcount for end in ends.items())

    def _by_model(self, starts: range, of: Subject) -> dict[str, Sums]:
        found: dict[str, Sums] = defaultdict(Sums)
        for _, model, sums in self._rows(starts, of):
            found[model].add(sums)
        return dict(sorted(found.items(), key=lambda one: -one[1].calls))

    def _rows(self, starts: range, of: Subject, model: str = "") -> list[tuple[int, str, Sums]]:
        """Start, model and sums. Each start is named, so that the rows of other subjects are not read."""
        query = (
            f"SELECT start, model, {SUMS} FROM statistics WHERE width = ? AND kind = ? AND subject = ?"  # noqa: S608
            f" AND start IN ({', '.join('?' * len(starts))}){' AND model = ?' if model else ''}"
        )
        values = (starts.step, of.kind, of.id, *starts, *([model] if model else ()))
        with self._store.reading():
            rows = list(self._store.db.execute_sql(query, values))
        return [(start, name, _sums(numbers)) for start, name, *numbers in rows]


def _sums(row: Sequence[Any]) -> Sums:
    *numbers, first, total = row
    sums = Sums(*numbers)
    sums.first, sums.total = unpacked(first), unpacked(total)
    return sums
