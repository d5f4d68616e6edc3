"""Who changed what in the console, from where: a row each, written at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from gemini_pool.store.call_filter import pattern
from gemini_pool.store.db import Store

COLUMNS = "at, admin, address, action, target, detail"
INSERT = f"INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
PAGE = rf"""
SELECT id, {COLUMNS} FROM audit
WHERE (?1 IS NULL OR id < ?1)
AND (admin LIKE ?2 ESCAPE '\' OR address LIKE ?2 ESCAPE '\' OR action LIKE ?2 ESCAPE '\'
    OR target LIKE ?2 ESCAPE '\' OR detail LIKE ?2 ESCAPE '\')
ORDER BY id DESC LIMIT ?3
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Change:
    """What an admin did. `at` in epoch seconds; `action` a word such as `account.delete`, `target` what it
    was done to, `detail` a short sentence. None of it holds a secret."""

    id: int
    at: float
    admin: str
    address: str
    action: str
    target: str
    detail: str


class Audit:
    """Thread-safe."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def record(self, admin: str, address: str, action: str, target: str = "", detail: str = "") -> None:
        """Keep a change; it is on disk when this returns. StoreError."""
        with self._store.writing(shared=False):
            self._store.db.execute_sql(INSERT, (self._clock(), admin, address, action, target, detail))

    def page(self, *, before_id: int | None = None, limit: int = 50, text: str = "") -> list[Change]:
        """Changes, newest first: those before one of them, and with a text only those that hold it."""
        with self._store.reading():
            rows = list(self._store.db.execute_sql(PAGE, (before_id, pattern(text), limit)))
        return [Change(*row) for row in rows]

    def prune(self, before: float) -> int:
        """Delete the changes before a moment (epoch seconds); how many those were."""
        return self._store.shed("audit", "at < ?", before)
