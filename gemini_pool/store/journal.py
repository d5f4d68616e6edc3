"""The call journal: one row a call, written behind the requests.

A database that does not answer costs rows in the end, never an answer.
"""

import logging
import threading
from collections import deque
from dataclasses import astuple, dataclass, fields

from peewee import AutoField, FloatField, IntegerField, Model, TextField

from gemini_pool.errors import StoreError
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store

log = logging.getLogger(__name__)

MOST_WAITING = 50_000
MOST_IN_BATCH = 500


class CallRow(Model):
    id = AutoField()
    at = FloatField()
    request_id = TextField()
    key_id = IntegerField(null=True)
    key_name = TextField()
    account_id = IntegerField(null=True)
    model = TextField()
    endpoint = TextField()
    outcome = TextField()
    error = TextField()
    first_ms = IntegerField(null=True)
    total_ms = IntegerField()
    prompt_tokens = IntegerField()
    completion_tokens = IntegerField()

    class Meta:
        table_name = "calls"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call. `at` in epoch seconds; `first_ms` to the first event, `total_ms` to the end."""

    at: float
    request_id: str
    key_id: int | None
    key_name: str
    account_id: int | None
    model: str
    endpoint: str
    outcome: str
    error: str
    first_ms: int | None
    total_ms: int
    prompt_tokens: int
    completion_tokens: int


COLUMNS = [f.name for f in fields(CallRecord)]
INSERT = f"INSERT INTO calls ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608


class CallJournal:
    """Thread-safe."""

    def __init__(self, store: Store, behind: WriteBehind) -> None:
        self._store = store
        self._behind = behind
        self._waiting: deque[CallRecord] = deque()
        self._flushing = threading.Lock()
        self._full = False
        behind.add(self.flush)

    def record(self, call: CallRecord) -> None:
        """Keep a call; returns at once."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(call)
        elif not self._full:
            self._full = True
            log.error("the call journal is full: no more calls are kept until the database takes them")
        self._behind.wake()

    def flush(self) -> None:
        """Write what is waiting now. StoreError: what could not be written waits for the next time."""
        with self._flushing:
            while batch := self._batch():
                try:
                    self._write(batch)
                except StoreError:
                    self._put_back(batch)
                    raise
            self._full = False

    def recent(self, limit: int = 100) -> list[CallRecord]:
        """The newest calls on disk, newest first."""
        with self._store.reading():
            rows = CallRow.select().order_by(CallRow.id.desc()).limit(limit).dicts().execute(self._store.db)
            return [CallRecord(**{k: v for k, v in row.items() if k != "id"}) for row in rows]

    def prune(self, before: float) -> int:
        """Delete the calls before a moment (epoch seconds); how many those were."""
        return self._store.shed("calls", "at < ?", before)

    def _batch(self) -> list[CallRecord]:
        batch: list[CallRecord] = []
        while self._waiting and len(batch) < MOST_IN_BATCH:
            batch.append(self._waiting.popleft())
        return batch

    def _put_back(self, batch: list[CallRecord]) -> None:
        self._waiting.extendleft(reversed(batch))
        while len(self._waiting) > MOST_WAITING:
            self._waiting.pop()

    def _write(self, batch: list[CallRecord]) -> None:
        # One prepared statement: building an INSERT of the batch took a tenth of the whole process.
        with self._store.writing(shared=False):
            self._store.db.connection().executemany(INSERT, map(astuple, batch))
