"""Work that takes long, as all processes see it: how far it is, what came of each part, whether to stop.

The process that does the work is heard of every few seconds; work of which nothing is heard was cut off.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from peewee import AutoField, BooleanField, CompositeKey, FloatField, IntegerField, Model, TextField, fn

from gemini_pool.store.db import Store
from gemini_pool.store.live import Happened, Live

SILENT_SECONDS = 30.0
MOST_LISTED = 50


class WorkState(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    CUT_OFF = "cut_off"


class ItemState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


# What is still to be done.
OPEN = (ItemState.WAITING, ItemState.RUNNING)


class WorkRow(Model):
    id = AutoField()
    kind = TextField()
    title = TextField()
    state = TextField()
    total = IntegerField()
    started_at = FloatField()
    heard_at = FloatField()
    ended_at = FloatField(null=True)
    message = TextField()
    cancelled = BooleanField()
    ordered = BooleanField(default=False)
    urgent = BooleanField(default=False)
    paused = BooleanField(default=False)

    class Meta:
        table_name = "works"


class WorkItemRow(Model):
    work_id = IntegerField()
    number = IntegerField()
    ref = TextField()
    name = TextField()
    state = TextField()
    message = TextField()
    steps = TextField()
    data = TextField(default="")

    class Meta:
        table_name = "work_items"
        primary_key = CompositeKey("work_id", "number")


@dataclass(frozen=True, slots=True)
class Step:
    """A part of what is done for one item, and how long it took."""

    name: str
    ms: int


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One of the things that are worked on; `ref` is its id, `name` what people know it by."""

    ref: str
    name: str
    state: ItemState = ItemState.WAITING
    message: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """Times in epoch seconds. `counts` is how many items are in which state."""

    id: int
    kind: str
    title: str
    state: WorkState
    total: int
    started_at: float
    ended_at: float | None
    message: str
    cancelled: bool
    ordered: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many items need nothing more."""
        return sum(count for state, count in self.counts.items() if state not in OPEN)


class Works:
    """What is being worked on, and what was."""

    def __init__(self, store: Store, live: Live, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._db = store.db
        self._live = live
        self._clock = clock

    def begin(self, kind: str, title: str, items: Sequence[WorkItem]) -> int:
        """Enter work and its items; its id."""
        now = self._clock()
        with self._store.writing(shared=False):
            work_id: int = WorkRow.insert(
                kind=kind,
                title=title,
                state=WorkState.RUNNING.value,
                total=len(items),
                started_at=now,
                heard_at=now,
                message="",
                cancelled=False,
            ).execute(self._db)
            for number, item in enumerate(items):
                WorkItemRow.insert(work_id=work_id, number=number, **columns_of(item)).execute(self._db)
            self._tell(kind, work_id)
        return work_id

    def note(self, work_id: int, kind: str, number: int, item: WorkItem) -> None:
        """An item is as far as this."""
        here = (WorkItemRow.work_id == work_id) & (WorkItemRow.number == number)
        with self._store.writing(shared=False):
            WorkItemRow.update(columns_of(item)).where(here).execute(self._db)
            WorkRow.update(heard_at=self._clock()).where(WorkRow.id == work_id).execute(self._db)
            self._tell(kind, work_id)

    def heartbeat(self, work_id: int) -> None:
        """It is still being worked on."""
        with self._store.writing(shared=False):
            WorkRow.update(heard_at=self._clock()).where(WorkRow.id == work_id).execute(self._db)

    def goes_on(self, work_id: int) -> bool:
        """Whether nobody has asked to stop it."""
        with self._store.reading():
            rows = WorkRow.select(WorkRow.cancelled).where(WorkRow.id == work_id).tuples().execute(self._db)
            return len(rows) > 0 and not rows[0][0]

    def end(self, work_id: int, kind: str, state: WorkState, message: str = "") -> None:
        """Nothing more will be done."""
        unfinished = WorkItemRow.state.in_([state.value for state in OPEN])
        with self._store.writing(shared=False):
            WorkItemRow.update(state=ItemState.SKIPPED.value).where(
                (WorkItemRow.work_id == work_id) & unfinished
            ).execute(self._db)
            WorkRow.update(state=state.value, message=message, ended_at=self._clock()).where(
                WorkRow.id == work_id
            ).execute(self._db)
            self._tell(kind, work_id)

    def cancel(self, work_id: int) -> bool:
        """Ask whoever works on it to stop. False when there is no such work, or it has ended."""
        running = (WorkRow.id == work_id) & (WorkRow.state == WorkState.RUNNING.value)
        with self._store.writing(shared=False):
            return bool(WorkRow.update(cancelled=True).where(running).execute(self._db))

    def get(self, work_id: int) -> Work | None:
        with self._store.reading():
            rows = list(WorkRow.select().where(WorkRow.id == work_id).execute(self._db))
            return self._works(rows)[0] if rows else None

    def items(self, work_id: int) -> list[WorkItem]:
        """The items in their order."""
        mine = WorkItemRow.select().where(WorkItemRow.work_id == work_id).order_by(WorkItemRow.number)
        with self._store.reading():
            return [item_of(row) for row in mine.execute(self._db)]

    def recent(self) -> list[Work]:
        """The newest first."""
        with self._store.reading():
            newest = WorkRow.select().order_by(WorkRow.id.desc()).limit(MOST_LISTED)
            return self._works(list(newest.execute(self._db)))

    def prune(self, before: float) -> int:
        """Forget work that began before a moment (epoch seconds); how many pieces that were."""
        orphans = "work_id NOT IN (SELECT id FROM works)"
        pruned = self._store.shed("works", "started_at < ?", before)
        self._store.shed("work_items", orphans)
        return pruned

    def _works(self, rows: Sequence[WorkRow]) -> list[Work]:
        counts: dict[int, dict[str, int]] = {row.id: {} for row in rows}
        counted = (
            WorkItemRow.select(WorkItemRow.work_id, WorkItemRow.state, fn.COUNT(WorkItemRow.number))
            .where(WorkItemRow.work_id.in_(list(counts)))
            .group_by(WorkItemRow.work_id, WorkItemRow.state)
        )
        for work_id, state, count in counted.tuples().execute(self._db):
            counts[work_id][state] = count
        return [self._work(row, counts[row.id]) for row in rows]

    def _work(self, row: WorkRow, counts: dict[str, int]) -> Work:
        return Work(
            id=row.id,
            kind=row.kind,
            title=row.title,
            state=self._state(row, counts),
            total=row.total,
            started_at=row.started_at,
            ended_at=row.ended_at,
            message=row.message,
            cancelled=row.cancelled,
            ordered=row.ordered,
            counts=counts,
        )

    def _state(self, row: WorkRow, counts: dict[str, int]) -> WorkState:
        if row.state != WorkState.RUNNING.value:
            return WorkState(row.state)
        if row.ordered and not counts.get(ItemState.RUNNING):
            return WorkState.PAUSED if row.paused else WorkState.WAITING
        silent = row.heard_at < self._clock() - SILENT_SECONDS
        return WorkState.CUT_OFF if silent and not row.ordered else WorkState.RUNNING

    def _tell(self, kind: str, work_id: int) -> None:
        self._live.tell(happened(kind), work_id)


def happened(kind: str) -> Happened:
    """What pages are told of work of a kind."""
    return Happened.REFRESH if kind == "refresh" else Happened.WORK


def columns_of(item: WorkItem) -> dict[str, str]:
    return {
        "ref": item.ref,
        "name": item.name,
        "state": item.state.value,
        "message": item.message,
        "steps": json.dumps([[step.name, step.ms] for step in item.steps]),
    }


def item_of(row: WorkItemRow) -> WorkItem:
    steps = tuple(Step(name, ms) for name, ms in json.loads(row.steps))
    return WorkItem(row.ref, row.name, ItemState(row.state), row.message, steps)
