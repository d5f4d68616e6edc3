"""The call journal: one row a call, written in batches by one thread a process.

A request leaves its row in memory and goes on; the row is on disk at most a quarter of a second later,
and at exit. A database that does not answer costs rows in the end, never an answer.
"""

import atexit
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields

from peewee import AutoField, FloatField, IntegerField, Model, TextField

from gemini_pool.errors import StoreError
from gemini_pool.store.db import Store

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.25
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
    """Thread-safe; its thread starts with the first row, so that a forked process has its own."""

    def __init__(self, store: Store, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._store = store
        self._sleep = sleep
        self._waiting: queue.SimpleQueue[CallRecord] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._flushing = threading.Lock()
        self._started = False

    def record(self, call: CallRecord) -> None:
        """Keep a call; returns at once."""
        if self._waiting.qsize() < MOST_WAITING:
            self._waiting.put(call)
        if not self._started:
            self._start()

    def flush(self) -> None:
        """Write what is waiting now."""
        with self._flushing:
            while batch := self._batch():
                self._write(batch)

    def recent(self, limit: int = 100) -> list[CallRecord]:
        """The newest calls on disk, newest first."""
        with self._store.reading():
            rows = CallRow.select().order_by(CallRow.id.desc()).limit(limit).dicts().execute(self._store.db)
            return [CallRecord(**{k: v for k, v in row.items() if k != "id"}) for row in rows]

    def _start(self) -> None:
        with self._starting:
            if self._started:
                return
            threading.Thread(target=self._run, name="call-journal", daemon=True).start()
            atexit.register(self.flush)
            self._started = True

    def _run(self) -> None:
        while True:
            self._sleep(FLUSH_SECONDS)
            self.flush()

    def _batch(self) -> list[CallRecord]:
        batch: list[CallRecord] = []
        while len(batch) < MOST_IN_BATCH:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _write(self, batch: list[CallRecord]) -> None:
        # One prepared statement: building an INSERT of the batch took a tenth of the whole process.
        try:
            with self._store.writing(shared=False):
                self._store.db.connection().executemany(INSERT, map(astuple, batch))
        except StoreError:
            log.exception("%d rows of the call journal could not be written", len(batch))
