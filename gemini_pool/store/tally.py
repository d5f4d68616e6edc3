"""How often each account answered and failed: counted in memory, added up on disk behind the requests."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass

from peewee import EXCLUDED, CompositeKey, FloatField, IntegerField, Model, TextField, Value, fn

from gemini_pool.errors import StoreError
from gemini_pool.roster import QuotaKind
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store

# Where days are kept that are over for long, as one sum; it comes before every day.
OLDER = ""


class TallyRow(Model):
    account_id = IntegerField()
    kind = TextField()
    day = TextField()
    answers = IntegerField()
    failures = IntegerField()
    last_used = FloatField()

    class Meta:
        table_name = "tallies"
        primary_key = CompositeKey("account_id", "kind", "day")


COLUMNS = (
    TallyRow.account_id,
    TallyRow.kind,
    TallyRow.day,
    TallyRow.answers,
    TallyRow.failures,
    TallyRow.last_used,
)
PAIR = (TallyRow.account_id, TallyRow.kind)
SUMS = (fn.SUM(TallyRow.answers), fn.SUM(TallyRow.failures), fn.MAX(TallyRow.last_used))
# A count is added to what is there, whoever wrote it.
ADDED = {
    TallyRow.answers: TallyRow.answers + EXCLUDED.answers,
    TallyRow.failures: TallyRow.failures + EXCLUDED.failures,
    TallyRow.last_used: fn.MAX(TallyRow.last_used, EXCLUDED.last_used),
}

Counted = tuple[int, QuotaKind, str]  # account, kind, day
Told = Callable[[int, QuotaKind, int], None]


@dataclass(frozen=True, slots=True)
class Tallied:
    """What an account has done of one kind; `last_used` in epoch seconds."""

    kind: QuotaKind
    answers: int
    failures: int
    last_used: float


@dataclass(slots=True)
class _Count:
    answers: int = 0
    failures: int = 0
    last_used: float = 0.0

    def add(self, other: "_Count") -> None:
        self.answers += other.answers
        self.failures += other.failures
        self.last_used = max(self.last_used, other.last_used)


class Tally:
    """Counters per account, kind and day. `day` names the day of a moment; names sort as the days do."""

    def __init__(
        self,
        store: Store,
        behind: WriteBehind,
        *,
        day: Callable[[float], str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._behind = behind
        self._day = day
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[Counted, _Count] = defaultdict(_Count)
        self._listeners: list[Told] = []
        behind.add(self.flush)

    def count(self, account_id: int, kind: QuotaKind, *, failed: bool) -> None:
        """Count an answer, or a failure; returns at once."""
        now = self._clock()
        self._add({(account_id, kind, self._day(now)): _Count(not failed, failed, now)})
        self._behind.wake()

    def listen(self, told: Told) -> None:
        """Have `told(account_id, kind, answers)` called after each writing for each pair that was written.

        `answers` are those of today, of all processes. It is called on the writing thread, outside any
        transaction.
        """
        self._listeners.append(told)

    def flush(self) -> None:
        """Write what was counted. StoreError: what could not be written is counted the next time."""
        with self._lock:
            counts, self._waiting = self._waiting, defaultdict(_Count)
        if not counts:
            return
        try:
            today = self._write(counts)
        except StoreError:
            self._add(counts)
            raise
        for told in self._listeners:
            for (account_id, kind), answers in today.items():
                told(account_id, kind, answers)

    def totals(self) -> dict[int, list[Tallied]]:
        """What is on disk, by account, over all days."""
        return totals(self._store)

    def today(self) -> dict[int, list[Tallied]]:
        """What is on disk of today alone, by account."""
        of_today = TallyRow.day == self._day(self._clock())
        found: dict[int, list[Tallied]] = defaultdict(list)
        numbers = (TallyRow.answers, TallyRow.failures, TallyRow.last_used)
        with self._store.reading():
            rows = TallyRow.select(*PAIR, *numbers).where(of_today).tuples().execute(self._store.db)
            for account_id, kind, *counts in rows:
                found[account_id].append(Tallied(QuotaKind(kind), *counts))
        return dict(found)

    def prune(self, before_day: str) -> int:
        """Make one sum of the days before one, so that the totals stay; how many rows went into it."""
        old = TallyRow.day < before_day
        sums = TallyRow.select(*PAIR, Value(OLDER), *SUMS).where(old).group_by(*PAIR)
        with self._store.writing(shared=False):
            TallyRow.insert_from(sums, COLUMNS).on_conflict_replace().execute(self._store.db)
            return int(TallyRow.delete().where(old, TallyRow.day != OLDER).execute(self._store.db))

    def _add(self, counts: Mapping[Counted, _Count]) -> None:
        with self._lock:
            for counted, count in counts.items():
                self._waiting[counted].add(count)

    def _write(self, counts: Mapping[Counted, _Count]) -> dict[tuple[int, QuotaKind], int]:
        """Add counts to those on disk; today's answers of the pairs they are of."""
        rows = [(*counted, *astuple(count)) for counted, count in counts.items()]
        of_today = TallyRow.day == self._day(self._clock())
        with self._store.writing(shared=False):
            TallyRow.insert_many(rows, COLUMNS).on_conflict(
                conflict_target=[*PAIR, TallyRow.day], update=ADDED
            ).execute(self._store.db)
            found = TallyRow.select(*PAIR, TallyRow.answers).where(of_today).tuples().execute(self._store.db)
            answers = {(account_id, kind): number for account_id, kind, number in found}
        return {(account_id, kind): answers.get((account_id, kind), 0) for account_id, kind, _ in counts}


def totals(store: Store) -> dict[int, list[Tallied]]:
    """What the accounts have done over all days, by account, for who only wants to read it."""
    found: dict[int, list[Tallied]] = defaultdict(list)
    with store.reading():
        sums = TallyRow.select(*PAIR, *SUMS).group_by(*PAIR).order_by(*PAIR).tuples().execute(store.db)
        for account_id, kind, *sums_of_kind in sums:
            found[account_id].append(Tallied(QuotaKind(kind), *sums_of_kind))
    return dict(found)
