"""What open pages are told of: the name of what happened and an id, never what it is about."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from peewee import AutoField, FloatField, Model, TextField, fn

from gemini_pool.store.db import Store


class Happened(StrEnum):
    """What can happen; `ref` is an account's id, a piece of work's, a job's name, or nothing."""

    ACCOUNT = "account_update"
    WORK = "work_progress"
    JOB = "job_update"
    REFRESH = "cookie_refresh_progress"
    NOTICE = "notification"
    STATISTICS = "stats_update"


class EventRow(Model):
    id = AutoField()
    at = FloatField()
    name = TextField()
    ref = TextField()

    class Meta:
        table_name = "events"


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """`at` in epoch seconds."""

    id: int
    at: float
    name: str
    ref: str


class Live:
    """Told by any process, heard by all."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def tell(self, happened: Happened, ref: object = "") -> None:
        """In a transaction of its own, or in the one that is under way."""
        with self._store.writing(shared=False):
            EventRow.insert(at=self._clock(), name=happened.value, ref=str(ref)).execute(self._store.db)

    def since(self, event_id: int, *, limit: int = 500) -> list[LiveEvent]:
        """What happened after an event, the oldest first; the newest of it when it is more than the limit."""
        with self._store.reading():
            newer = EventRow.select().where(EventRow.id > event_id).order_by(EventRow.id.desc()).limit(limit)
            rows = list(newer.execute(self._store.db))
        return [LiveEvent(row.id, row.at, row.name, row.ref) for row in reversed(rows)]

    def latest(self) -> int:
        """The id of the newest event; 0 before the first."""
        with self._store.reading():
            return EventRow.select(fn.COALESCE(fn.MAX(EventRow.id), 0)).scalar(self._store.db)

    def prune(self, before: float) -> int:
        """Forget what happened before a moment (epoch seconds); how much that was."""
        return self._store.shed("events", "at < ?", before)
