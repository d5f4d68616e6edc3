"""The newest lines of the log, of all processes, written behind the requests."""

import logging
import threading
from collections import deque
from dataclasses import astuple, dataclass
from typing import Any

from gemini_pool.errors import StoreError
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.call_filter import pattern
from gemini_pool.store.db import Store

MOST_KEPT = 5_000
# So many more may lie there before the oldest are deleted.
SLACK = 500
MOST_WAITING = 2_000

COLUMNS = "at, level, logger, message, process, request_id, trace"
INSERT = f"INSERT INTO log_lines ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
COUNT = "SELECT COUNT(*) FROM log_lines"
TRIM = "DELETE FROM log_lines WHERE id <= (SELECT id FROM log_lines ORDER BY id DESC LIMIT 1 OFFSET ?)"
PAGE = rf"""
SELECT id, {COLUMNS} FROM log_lines
WHERE (?1 IS NULL OR id < ?1) AND level >= ?2 AND at >= ?3
AND (message LIKE ?4 ESCAPE '\' OR logger LIKE ?4 ESCAPE '\' OR trace LIKE ?4 ESCAPE '\')
ORDER BY id DESC LIMIT ?5
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. `at` in epoch seconds, `level` as logging names it, `process` the process's id;
    `request_id` and `trace` are empty where there is none."""

    id: int
    at: float
    level: str
    logger: str
    message: str
    process: int
    request_id: str
    trace: str


@dataclass(frozen=True, slots=True)
class _Waiting:
    at: float
    level: int
    logger: str
    message: str
    process: int
    request_id: str
    trace: str


class LogLines:
    """Thread-safe."""

    def __init__(self, store: Store, behind: WriteBehind) -> None:
        self._store = store
        self._behind = behind
        self._waiting: deque[_Waiting] = deque(maxlen=MOST_WAITING)  # the oldest give way
        self._flushing = threading.Lock()
        behind.add(self.flush)

    def keep(
        self, *, at: float, level: int, logger: str, message: str, process: int, request_id: str, trace: str
    ) -> None:
        """Keep a line; returns at once, and says nothing to any log."""
        self._waiting.append(_Waiting(at, level, logger, message, process, request_id, trace))
        self._behind.wake()

    def flush(self) -> None:
        """Write what is waiting now. StoreError: what could not be written waits for the next time."""
        with self._flushing:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not batch:
                return
            try:
                self._write(batch)
            except StoreError:
                room = MOST_WAITING - len(self._waiting)
                self._waiting.extendleft(reversed(batch[-room:] if room else []))
                raise

    def page(
        self,
        *,
        level: str = "DEBUG",
        text: str = "",
        since: float = 0.0,
        before_id: int | None = None,
        limit: int = 100,
    ) -> list[LogLine]:
        """Lines of a level or a graver one, newest first; ValueError for a level that logging has not."""
        number = logging.getLevelNamesMapping().get(level.upper())
        if number is None:
            raise ValueError(f"`{level}` is no level of a log: say DEBUG, INFO, WARNING, ERROR or CRITICAL.")
        with self._store.reading():
            values = (before_id, number, since, pattern(text), limit)
            return [_line(row) for row in self._store.db.execute_sql(PAGE, values)]

    def clear(self) -> int:
        """Delete all lines on disk; how many those were."""
        with self._store.writing(shared=False):
            return int(self._store.db.execute_sql("DELETE FROM log_lines").rowcount)

    def _write(self, batch: list[_Waiting]) -> None:
        db = self._store.db
        with self._store.writing(shared=False):
            db.connection().executemany(INSERT, map(astuple, batch))
            if db.execute_sql(COUNT).fetchone()[0] > MOST_KEPT + SLACK:
                db.execute_sql(TRIM, (MOST_KEPT,))


def _line(row: tuple[Any, ...]) -> LogLine:
    line_id, at, level, *rest = row
    return LogLine(line_id, at, logging.getLevelName(level), *rest)
