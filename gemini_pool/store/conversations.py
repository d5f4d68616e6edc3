"""Where conversations stand upstream, so that the next turn of one goes on there.

Every request asks here, so that nothing of it may wait for a disk: one connection a process of its own,
which leaves it to others to sync. A conversation lost to a power cut is replayed, and so is one that a
database in trouble cannot tell of; that fails no request.
"""

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from gemini_pool.dialogue import Place
from gemini_pool.store.db import Store

log = logging.getLogger(__name__)

MOST_KEPT = 100_000
# Longer than others write at a time, and no longer than a caller would wait for an answer.
PATIENCE_SECONDS = 0.5
# A checkpoint syncs: it is left to the writers of the journal, whom nobody waits for.
PRAGMAS = ("PRAGMA synchronous = NORMAL", "PRAGMA wal_autocheckpoint = 0")

FIND = (
    "SELECT account_id, session, digest, files FROM conversations "
    "WHERE {} = ? AND at > ? ORDER BY at DESC LIMIT 1"
)
BY_DIGEST, BY_HINT = FIND.format("digest"), FIND.format("hint")
CLAIM = "DELETE FROM conversations WHERE account_id = ? AND session = ? AND digest = ? RETURNING 1"
REMEMBER = (
    "REPLACE INTO conversations (account_id, session, digest, hint, at, files) VALUES (?, ?, ?, ?, ?, ?)"
)
FORGET_FILE = "UPDATE conversations SET files = '' WHERE files LIKE ?"
LAST_KEPT = "SELECT at FROM conversations ORDER BY at DESC LIMIT 1 OFFSET ?"


class Conversations:
    """Thread-safe. `ttl` is how long a conversation can be gone on with, in seconds."""

    def __init__(self, store: Store, *, ttl: float, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._ttl = ttl
        self._clock = clock
        self._lock = threading.Lock()
        self._connections: dict[int, sqlite3.Connection] = {}  # by process: none survives a fork
        self._failing = False

    def find(self, digest: str, hint: str | None) -> Place | None:
        """The newest place with this digest; else, if there is a hint, the newest with that."""
        since = self._clock() - self._ttl
        found = self._run(BY_DIGEST, digest, since)
        if not found and hint is not None:
            found = self._run(BY_HINT, hint, since)
        return _place(*found[0]) if found else None

    def claim(self, place: Place) -> bool:
        """Whether the caller may go on at this place: true for one of all who ask, in all processes."""
        return bool(self._run(CLAIM, place.account_id, place.session, place.digest))

    def remember(self, place: Place, hint: str | None) -> None:
        """Keep where a conversation stands now, in the place of what was known of its session."""
        files = json.dumps(dict(place.files)) if place.files else ""
        self._run(REMEMBER, place.account_id, place.session, place.digest, hint, self._clock(), files)

    def prune(self) -> int:
        """Forget what is too old, and the oldest of what is too much; how many those were."""
        with self._store.reading():
            beyond = self._store.db.execute_sql(LAST_KEPT, (MOST_KEPT,)).fetchone()
        end = max([self._clock() - self._ttl, *(beyond or ())])
        return self._store.shed("conversations", "at <= ?", end)

    def forget_account(self, account_id: int) -> None:
        """Forget all places of an account."""
        self._store.shed("conversations", "account_id = ?", account_id)

    def forget_file(self, digest: str) -> None:
        """Forget that sessions hold a file; whoever sends it again uploads it again."""
        if digest.isalnum():  # as digests are; anything else could be a pattern
            self._run(FORGET_FILE, f'%"{digest}"%')

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a statement; none when the database does not answer in time."""
        if not self._lock.acquire(timeout=PATIENCE_SECONDS):
            return []  # whoever has the connection waits for the database, and tells of it
        try:
            rows = self._connection().execute(statement, values).fetchall()
        except sqlite3.Error:
            if not self._failing:
                log.warning("conversations cannot be looked up; each begins anew meanwhile", exc_info=True)
            self._failing = True
            return []
        else:
            self._failing = False
            return rows
        finally:
            self._lock.release()

    def _connection(self) -> sqlite3.Connection:
        found = self._connections.get(os.getpid())
        return found or self._connections.setdefault(os.getpid(), self._open())

    def _open(self) -> sqlite3.Connection:
        connection = self._store.open(self._lock, timeout=PATIENCE_SECONDS, isolation_level=None)
        for pragma in PRAGMAS:
            connection.execute(pragma)
        return connection


def _place(account_id: int, session: str, digest: str, files: str) -> Place:
    return Place(account_id, session, digest, json.loads(files) if files else {})
