"""Guessing is made slow: tries that failed are counted for all processes, and who fails often waits.

A try counts before it is looked at, so that a thousand at one time are not a thousand free ones; one that
succeeds is forgiven.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from peewee import BooleanField, FloatField, IntegerField, Model, TextField

from gemini_pool.errors import Throttled
from gemini_pool.store.db import Store

FORGOTTEN_SECONDS = 3600
KNOWN_SECONDS = 30 * 24 * 3600


class TriesRow(Model):
    name = TextField(primary_key=True)
    failures = IntegerField()
    until = FloatField()
    last_at = FloatField()
    known = BooleanField()

    class Meta:
        table_name = "tries"


@dataclass(frozen=True, slots=True)
class Gate:
    """Whose tries are counted together: `free` of them, then each wait is twice the one before."""

    name: str
    free: int
    longest_wait: int

    def wait_after(self, failures: int) -> int:
        """Seconds."""
        beyond = failures - self.free
        return 0 if beyond < 0 else min(2 ** min(beyond, 30), self.longest_wait)


class Throttle:
    """Thread-safe; common to all processes."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._db = store.db
        self._clock = clock

    def check(self, gates: Iterable[Gate]) -> None:
        """Throttled while one of these gates is shut; counts nothing."""
        with self._store.reading():
            self._check(list(gates))

    def enter(self, gates: Iterable[Gate]) -> None:
        """Count a try at all of these gates. Throttled while one is shut; then the try does not count."""
        wanted = list(gates)
        self.check(wanted)  # most of those who must wait are told so without a write
        with self._store.writing(shared=False):
            self._check(wanted)
            now = self._clock()
            old = (TriesRow.last_at < now - FORGOTTEN_SECONDS) & ~TriesRow.known
            gone = TriesRow.last_at < now - KNOWN_SECONDS
            TriesRow.delete().where(old | gone).execute(self._db)
            for gate in wanted:
                self._count(gate, now)

    def forgive(self, gates: Iterable[Gate]) -> None:
        """The try succeeded. The first of the gates is known from now on, for a month."""
        first, *others = (gate.name for gate in gates)
        with self._store.writing(shared=False):
            TriesRow.delete().where(TriesRow.name.in_(others)).execute(self._db)
            TriesRow.replace(name=first, failures=0, until=0, last_at=self._clock(), known=True).execute(
                self._db
            )

    def knows(self, name: str) -> bool:
        """Whether somebody succeeded at this gate within a month."""
        with self._store.reading():
            row = self._row(name)
        return row is not None and row.known and row.last_at > self._clock() - KNOWN_SECONDS

    def open_all(self) -> None:
        """Forget every failure."""
        with self._store.writing(shared=False):
            TriesRow.delete().execute(self._db)

    def _check(self, gates: Iterable[Gate]) -> None:
        now = self._clock()
        left = max((row.until - now for gate in gates if (row := self._row(gate.name))), default=0.0)
        if left > 0:
            raise Throttled(
                f"Too many tries have failed. Try again in {_span(left)}.", retry_after=math.ceil(left)
            )

    def _count(self, gate: Gate, now: float) -> None:
        row = self._row(gate.name)
        recent = row is not None and row.last_at > now - FORGOTTEN_SECONDS
        failures = (row.failures if row and recent else 0) + 1
        TriesRow.replace(
            name=gate.name,
            failures=failures,
            until=now + gate.wait_after(failures),
            last_at=now,
            known=row is not None and row.known,
        ).execute(self._db)

    def _row(self, name: str) -> TriesRow | None:
        rows = list(TriesRow.select().where(TriesRow.name == name).execute(self._db))
        return rows[0] if rows else None


def _span(seconds: float) -> str:
    whole = math.ceil(seconds)
    if whole < 120:
        return "1 second" if whole == 1 else f"{whole} seconds"
    return f"{math.ceil(whole / 60)} minutes"
