"""Work that any process may order and one does, item by item.

What is ordered outlives whoever works on it: an item that was under way when its process ended waits again.
No two pieces of open work hold the same thing to be done.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from peewee import Expression

from gemini_pool.store.db import Store
from gemini_pool.store.live import Live
from gemini_pool.store.profiles import Profile
from gemini_pool.store.secrets import Vault
from gemini_pool.store.works import (
    OPEN,
    ItemState,
    WorkItem,
    WorkItemRow,
    WorkRow,
    WorkState,
    columns_of,
    happened,
    item_of,
)

SIGN_INS = "sign-ins"  # the job that does them
REFRESH = "refresh"
ENROLMENT = "enrolment"
# What tells the browser's window is to be shown, for a person at it.
VISIBLE = "visible"


@dataclass(frozen=True, slots=True)
class Errand:
    """An item with what is known of it besides, which may be secret."""

    item: WorkItem
    data: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """An item that is ours to do. `urgent`: a person asked for it."""

    work_id: int
    number: int
    kind: str
    urgent: bool
    item: WorkItem
    data: Mapping[str, str] = field(repr=False)


class Orders:
    """Orders of all processes. `wake` calls whoever does them."""

    def __init__(
        self,
        store: Store,
        live: Live,
        vault: Vault,
        wake: Callable[[], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._db = store.db
        self._live = live
        self._vault = vault
        self._wake = wake
        self._clock = clock

    def place(self, kind: str, title: str, errands: Sequence[Errand], *, urgent: bool = False) -> int | None:
        """Order work; its id. What open work of this kind holds is left out; None when that is all of it."""
        with self._store.writing(shared=False):
            open_ = self._open_refs(kind)
            wanted = [one for one in errands if one.item.ref not in open_]
            if not wanted:
                return None
            now = self._clock()
            work_id: int = WorkRow.insert(
                kind=kind,
                title=title,
                state=WorkState.RUNNING.value,
                total=len(wanted),
                started_at=now,
                heard_at=now,
                message="",
                cancelled=False,
                ordered=True,
                urgent=urgent,
                paused=False,
            ).execute(self._db)
            for number, one in enumerate(wanted):
                WorkItemRow.insert(
                    work_id=work_id, number=number, **columns_of(one.item), data=self._sealed(one.data)
                ).execute(self._db)
            self._live.tell(happened(kind), work_id)
        self._wake()
        return work_id

    def holding(self, kind: str, ref: str) -> int | None:
        """The open work of a kind that has something to do for `ref`."""
        with self._store.reading():
            return self._open_refs(kind).get(ref)

    def take(self, kinds: Sequence[str], *, urgent: bool = False) -> Task | None:
        """The next item to do, which is the caller's now; what people asked for comes first, and with
        `urgent` nothing else."""
        with self._store.reading():
            if not self._waiting(kinds, urgent):
                return None
        with self._store.writing(shared=False):
            rows = self._waiting(kinds, urgent)
            if not rows:
                return None
            row, work = rows[0]
            task = Task(
                work.id, row.number, work.kind, work.urgent, item_of(row), json.loads(self._opened(row.data))
            )
            task = replace(task, item=replace(task.item, state=ItemState.RUNNING, message="", steps=()))
            self._write(task)
        return task

    def waiting(self, kinds: Sequence[str]) -> bool:
        """Whether there is something to take."""
        with self._store.reading():
            return bool(self._waiting(kinds, urgent=False))

    def hand_over(self, kinds: Sequence[str]) -> None:
        """Call the next one who does orders, if any are left."""
        if self.waiting(kinds):
            self._wake()

    def note(self, task: Task) -> None:
        """A task is as far as this."""
        with self._store.writing(shared=False):
            self._write(task)

    def goes_on(self, task: Task) -> bool:
        """Whether nobody has asked to stop its work."""
        with self._store.reading():
            mine = WorkRow.select(WorkRow.cancelled).where(WorkRow.id == task.work_id)
            rows = mine.tuples().execute(self._db)
            return len(rows) > 0 and not rows[0][0]

    def close(self, task: Task) -> None:
        """A task is done, or waits again; its work ends with the last of them. Secrets are kept of those
        that failed alone, for another try."""
        with self._store.writing(shared=False):
            self._write(task)
            if task.item.state is ItemState.OK:
                WorkItemRow.update(data="").where(self._at(task)).execute(self._db)
        self.tidy()

    def pause(self, work_id: int, *, paused: bool) -> bool:
        """Begin no further item, or go on. False when there is no such work, or it has ended."""
        there = (WorkRow.id == work_id) & (WorkRow.state == WorkState.RUNNING.value) & WorkRow.ordered
        with self._store.writing(shared=False):
            changed = bool(WorkRow.update(paused=paused).where(there).execute(self._db))
            if changed:
                self._live.tell(happened(self._kind(work_id)), work_id)
        self._wake()
        return changed

    def failed(self, work_id: int) -> list[Errand]:
        """What failed in a piece of work, to be ordered again."""
        theirs = (WorkItemRow.work_id == work_id) & (WorkItemRow.state == ItemState.FAILED.value)
        with self._store.reading():
            rows = list(WorkItemRow.select().where(theirs).order_by(WorkItemRow.number).execute(self._db))
        return [Errand(WorkItem(row.ref, row.name), json.loads(self._opened(row.data))) for row in rows]

    def recover(self) -> None:
        """Let wait again what was cut off with its process. For the one who does orders, as he begins."""
        ours = WorkRow.select(WorkRow.id).where(WorkRow.ordered)
        cut_off = (WorkItemRow.state == ItemState.RUNNING.value) & WorkItemRow.work_id.in_(ours)
        with self._store.writing(shared=False):
            WorkItemRow.update(state=ItemState.WAITING.value).where(cut_off).execute(self._db)

    def tidy(self) -> None:
        """End work that is done or was stopped."""
        running = (WorkRow.state == WorkState.RUNNING.value) & WorkRow.ordered
        with self._store.reading():
            works = list(WorkRow.select().where(running).execute(self._db))
        for work in works:
            self._tidy(work)

    # Below, rows

    def _tidy(self, work: WorkRow) -> None:
        with self._store.writing(shared=False):
            states = {state for (state,) in self._states(work.id)}
            if ItemState.RUNNING.value in states:
                return
            if work.cancelled:
                left = (WorkItemRow.work_id == work.id) & (WorkItemRow.state == ItemState.WAITING.value)
                WorkItemRow.update(state=ItemState.SKIPPED.value, data="").where(left).execute(self._db)
                self._end(work, WorkState.CANCELLED)
            elif ItemState.WAITING.value not in states:
                self._end(work, WorkState.DONE)

    def _end(self, work: WorkRow, state: WorkState) -> None:
        WorkRow.update(state=state.value, ended_at=self._clock()).where(WorkRow.id == work.id).execute(
            self._db
        )
        self._live.tell(happened(work.kind), work.id)

    def _states(self, work_id: int) -> "list[tuple[str]]":
        theirs = WorkItemRow.select(WorkItemRow.state).where(WorkItemRow.work_id == work_id).distinct()
        return list(theirs.tuples().execute(self._db))

    def _waiting(self, kinds: Sequence[str], urgent: bool) -> list[tuple[WorkItemRow, WorkRow]]:
        able = (
            (WorkRow.state == WorkState.RUNNING.value)
            & WorkRow.ordered
            & ~WorkRow.paused
            & ~WorkRow.cancelled
            & WorkRow.kind.in_(list(kinds))
        )
        able &= WorkRow.urgent if urgent else True
        query = (
            WorkItemRow.select(WorkItemRow, WorkRow)
            .join(WorkRow, on=(WorkRow.id == WorkItemRow.work_id), attr="work")
            .where(able, WorkItemRow.state == ItemState.WAITING.value)
            .order_by(WorkRow.urgent.desc(), WorkRow.id, WorkItemRow.number)
            .limit(1)
        )
        return [(row, row.work) for row in query.execute(self._db)]

    def _open_refs(self, kind: str) -> dict[str, int]:
        """What open work of a kind has to do, and which work that is."""
        query = (
            WorkItemRow.select(WorkItemRow.ref, WorkItemRow.work_id)
            .join(WorkRow, on=(WorkRow.id == WorkItemRow.work_id))
            .where(
                WorkRow.kind == kind,
                WorkRow.state == WorkState.RUNNING.value,
                WorkRow.ordered,
                WorkItemRow.state.in_([state.value for state in OPEN]),
            )
        )
        return dict(query.tuples().execute(self._db))

    def _write(self, task: Task) -> None:
        WorkItemRow.update(columns_of(task.item)).where(self._at(task)).execute(self._db)
        self._live.tell(happened(task.kind), task.work_id)

    def _at(self, task: Task) -> Expression:
        return (WorkItemRow.work_id == task.work_id) & (WorkItemRow.number == task.number)

    def _kind(self, work_id: int) -> str:
        return str(WorkRow.select(WorkRow.kind).where(WorkRow.id == work_id).scalar(self._db))

    def _sealed(self, data: Mapping[str, str]) -> str:
        return self._vault.seal(json.dumps(dict(data))) if data else ""

    def _opened(self, data: str) -> str:
        return self._vault.open(data) if data else "{}"


def refreshes(profiles: Iterable[Profile], *, visible: bool = False) -> list[Errand]:
    """What to order to have accounts signed in."""
    data = {VISIBLE: "1"} if visible else {}
    return [Errand(WorkItem(str(one.account.id), one.account.name), data) for one in profiles]
