"""How much of its limits each key has used: requests of this minute and of this day, tokens of this day.

All processes count in the same rows. A request counts in a transaction of its own over a connection that
leaves the disk alone: what a power cut takes is a part of the current windows.
"""

import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from peewee import CompositeKey, FloatField, IntegerField, Model, TextField

from gemini_pool.errors import StoreError
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.limits import KeyLimits

MINUTE_SECONDS = 60
DAY_SECONDS = 86_400  # days of epoch time begin at midnight UTC
BUSY_SECONDS = 5.0
READ = "SELECT kind, begins, used FROM key_windows WHERE key_id = ?"
WRITE = "INSERT OR REPLACE INTO key_windows (key_id, kind, begins, used) VALUES (?, ?, ?, ?)"
USE = """
UPDATE keys SET usage_count = usage_count + ?, last_used_at = MAX(COALESCE(last_used_at, 0), ?) WHERE id = ?
"""


class KeyWindowRow(Model):
    key_id = IntegerField()
    kind = TextField()
    begins = FloatField()
    used = IntegerField()

    class Meta:
        table_name = "key_windows"
        primary_key = CompositeKey("key_id", "kind")


class Span(Enum):
    """What is counted, and for how many seconds."""

    MINUTE = ("minute", MINUTE_SECONDS)
    DAY = ("day", DAY_SECONDS)
    TOKENS = ("tokens", DAY_SECONDS)

    def __init__(self, kind: str, seconds: int) -> None:
        self.kind = kind
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Window:
    """How much of one limit is used, in requests or tokens, and in how many seconds it begins anew."""

    span: Span
    limit: int
    used: int
    begins: float
    left: float

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class KeyWindows:
    """Thread-safe."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = store.open(self._lock, isolation_level=None, timeout=BUSY_SECONDS)
        self._connection.execute("PRAGMA synchronous = normal")
        self._connection.execute("PRAGMA wal_autocheckpoint = 0")  # no request waits for one

    def enter(self, key_id: int, limits: KeyLimits) -> list[Window]:
        """Count a request, unless one of the windows has nothing remaining: then none is changed.

        The windows of the key's limits as they were before this request. StoreError.
        """
        with self._writing():
            windows = self._windows(key_id, limits)
            if all(window.remaining for window in windows):
                counted = (window for window in windows if window.span is not Span.TOKENS)
                self._connection.executemany(
                    WRITE, [(key_id, w.span.kind, w.begins, w.used + 1) for w in counted]
                )
        return windows

    def look(self, key_id: int, limits: KeyLimits) -> list[Window]:
        """The windows of the key's limits, counting nothing. StoreError."""
        with self._reading():
            return self._windows(key_id, limits)

    def add(self, uses: "Mapping[int, Use]") -> None:
        """Count what keys have used, by their ids. StoreError."""
        with self._writing():
            self._connection.executemany(USE, [(use.calls, use.at, key_id) for key_id, use in uses.items()])
            for key_id, use in uses.items():
                (tokens,) = self._windows(key_id, KeyLimits(tokens_per_day=1))
                row = (key_id, Span.TOKENS.kind, tokens.begins, tokens.used + use.tokens)
                self._connection.execute(WRITE, row)

    def _windows(self, key_id: int, limits: KeyLimits) -> list[Window]:
        rows = {kind: (begins, used) for kind, begins, used in self._connection.execute(READ, (key_id,))}
        now = self._clock()
        bounds = (
            (Span.MINUTE, limits.per_minute),
            (Span.DAY, limits.per_day),
            (Span.TOKENS, limits.tokens_per_day),
        )
        return [_window(span, limit, rows.get(span.kind), now) for span, limit in bounds if limit]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._reading(), self._connection:  # which commits, or rolls back
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise StoreError(f"The limits of API keys cannot be counted: {error}") from error


def _window(span: Span, limit: int, row: tuple[float, int] | None, now: float) -> Window:
    """The window that is open now. A clock that went back a little opens none that was over already; a
    window of a far future is not waited for."""
    begins, used = now // span.seconds * span.seconds, 0
    if row and begins <= row[0] <= begins + span.seconds:
        begins, used = row
    return Window(span, limit, used, begins, begins + span.seconds - now)


@dataclass(slots=True)
class Use:
    """What a key has used: calls, tokens, and when at last (epoch seconds)."""

    calls: int = 0
    tokens: int = 0
    at: float = 0.0

    def add(self, other: "Use") -> None:
        self.calls += other.calls
        self.tokens += other.tokens
        self.at = max(self.at, other.at)


class KeyUsage:
    """Counts behind the requests what keys use. Thread-safe."""

    def __init__(self, windows: KeyWindows, behind: WriteBehind) -> None:
        self._windows = windows
        self._behind = behind
        self._lock = threading.Lock()
        self._waiting: dict[int, Use] = defaultdict(Use)
        behind.add(self.flush)

    def count(self, key_id: int | None, *, tokens: int, at: float) -> None:
        """Count a call that has reached the service; returns at once."""
        if key_id is not None:
            self._add({key_id: Use(1, tokens, at)})
            self._behind.wake()

    def flush(self) -> None:
        """Write what was counted. StoreError: what could not be written is counted the next time."""
        with self._lock:
            uses, self._waiting = self._waiting, defaultdict(Use)
        if not uses:
            return
        try:
            self._windows.add(uses)
        except StoreError:
            self._add(uses)
            raise

    def _add(self, uses: Mapping[int, Use]) -> None:
        with self._lock:
            for key_id, use in uses.items():
                self._waiting[key_id].add(use)
