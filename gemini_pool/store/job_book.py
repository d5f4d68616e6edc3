"""The background jobs as all processes see them: when each runs, how it ended, and what is asked of it.

The one process that runs them writes what it does; any process may ask it to run a job now, to leave one out,
or to take it up again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from peewee import AutoField, BooleanField, FloatField, IntegerField, Model, TextField

from gemini_pool.store.db import Cached, Store
from gemini_pool.store.live import Happened, Live

MOST_LISTED = 50


class RunState(StrEnum):
    """How a run is, or ended; one that its process did not survive was cut off."""

    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    CUT_OFF = "cut_off"


class JobRow(Model):
    name = TextField(primary_key=True)
    title = TextField()
    every_seconds = FloatField(null=True)
    listed = BooleanField()
    paused = BooleanField()
    wanted_at = FloatField(null=True)
    next_at = FloatField(null=True)
    running = IntegerField(null=True)
    last = IntegerField(null=True)

    class Meta:
        table_name = "jobs"


class JobRunRow(Model):
    id = AutoField()
    job = TextField()
    state = TextField()
    ordered = BooleanField()
    process = IntegerField()
    started_at = FloatField()
    ended_at = FloatField(null=True)
    message = TextField()

    class Meta:
        table_name = "job_runs"


@dataclass(frozen=True, slots=True)
class JobEntry:
    """A job that there is. `every_seconds` None: it runs only when it is asked for."""

    name: str
    title: str
    every_seconds: float | None


@dataclass(frozen=True, slots=True)
class JobRun:
    """Times in epoch seconds. `ordered`: somebody asked for it; `process` is the id of who ran it."""

    id: int
    job: str
    state: RunState
    ordered: bool
    process: int
    started_at: float
    ended_at: float | None
    message: str

    @property
    def ms(self) -> int | None:
        """How long it took; None while it runs."""
        return None if self.ended_at is None else round((self.ended_at - self.started_at) * 1000)


@dataclass(frozen=True, slots=True)
class JobNow:
    """A job as it stands. `next_at` is None where no run is planned; `wanted` until the run begins that was
    asked for; `last` is the run that ended last."""

    entry: JobEntry
    paused: bool
    wanted: bool
    next_at: float | None
    running: JobRun | None
    last: JobRun | None


@dataclass(frozen=True, slots=True)
class Orders:
    """What is asked: jobs to leave out, and jobs to run now, each with when that was said."""

    paused: frozenset[str]
    wanted: Mapping[str, float]


class JobBook:
    """Thread-safe."""

    def __init__(self, store: Store, live: Live, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._db = store.db
        self._live = live
        self._clock = clock
        self._orders = Cached(store, self._read_orders)

    # Whoever runs the jobs

    def open(self, jobs: Sequence[JobEntry], since: float) -> frozenset[str]:
        """These are the jobs from now on. Runs from before a moment have been cut off: of which jobs.

        Only the process that has led since that moment may say so.
        """
        with self._store.writing(shared=False):
            cut_off = self._cut_off(since)
            JobRow.update(listed=False, next_at=None).execute(self._db)
            for job in jobs:
                columns = {"title": job.title, "every_seconds": job.every_seconds, "listed": True}
                JobRow.insert(name=job.name, paused=False, **columns).on_conflict(
                    conflict_target=[JobRow.name], update=columns
                ).execute(self._db)
        self._orders.outdate()  # what was asked of who led before is asked of us
        return cut_off

    def orders(self) -> Orders:
        """What is asked at this moment; costs nothing while nothing changes."""
        return self._orders.get()

    def plan(self, name: str, next_at: float | None) -> None:
        """When a job runs next."""
        with self._store.writing(shared=False):
            JobRow.update(next_at=next_at).where(JobRow.name == name).execute(self._db)
            self._live.tell(Happened.JOB, name)

    def begin(self, name: str, process: int, *, ordered: bool, next_at: float | None) -> int:
        """A run begins, and with it what was asked is done: the run's id."""
        with self._store.writing(shared=False):
            run_id: int = JobRunRow.insert(
                job=name,
                state=RunState.RUNNING.value,
                ordered=ordered,
                process=process,
                started_at=self._clock(),
                message="",
            ).execute(self._db)
            JobRow.update(running=run_id, next_at=next_at, wanted_at=None).where(JobRow.name == name).execute(
                self._db
            )
            self._live.tell(Happened.JOB, name)
        self._orders.outdate()
        return run_id

    def end(self, name: str, run_id: int, *, ok: bool, message: str, next_at: float | None) -> None:
        """A run has ended."""
        state = RunState.OK if ok else RunState.FAILED
        with self._store.writing(shared=False):
            self._end(run_id, state, message)
            JobRow.update(running=None, last=run_id, next_at=next_at).where(JobRow.name == name).execute(
                self._db
            )
            self._live.tell(Happened.JOB, name)

    # Everybody

    def want(self, name: str) -> bool:
        """Have a job run now, also one that is paused; again, if it is under way. False: there is none."""
        return self._ask(name, wanted_at=self._clock())

    def pause(self, name: str) -> bool:
        """Have a job run only when it is asked for. False when there is no such job."""
        return self._ask(name, paused=True)

    def resume(self, name: str) -> bool:
        """Have a job run at its times again. False when there is no such job."""
        return self._ask(name, paused=False, next_at=None)

    def all(self) -> list[JobNow]:
        """The jobs, by name."""
        with self._store.reading():
            rows = list(JobRow.select().where(JobRow.listed).order_by(JobRow.name).execute(self._db))
            named = [run for row in rows for run in (row.running, row.last) if run is not None]
            runs = {
                row.id: _run(row)
                for row in JobRunRow.select().where(JobRunRow.id.in_(named)).execute(self._db)
            }
        return [_now(row, runs) for row in rows]

    def get(self, name: str) -> JobNow | None:
        return next((job for job in self.all() if job.entry.name == name), None)

    def runs(self, name: str, limit: int = MOST_LISTED) -> list[JobRun]:
        """The latest runs of a job, the newest first."""
        theirs = JobRunRow.select().where(JobRunRow.job == name).order_by(JobRunRow.id.desc()).limit(limit)
        with self._store.reading():
            return [_run(row) for row in theirs.execute(self._db)]

    def prune(self, before: float) -> int:
        """Forget runs that began before a moment (epoch seconds), but for the last of each job: how many."""
        told = "id NOT IN (SELECT last FROM jobs WHERE last IS NOT NULL)"
        return self._store.shed("job_runs", f"started_at < ? AND ended_at IS NOT NULL AND {told}", before)

    def _ask(self, name: str, **columns: object) -> bool:
        known = (JobRow.name == name) & JobRow.listed
        with self._store.writing():
            found = bool(JobRow.update(**columns).where(known).execute(self._db))
            if found:
                self._live.tell(Happened.JOB, name)
        self._orders.outdate()  # who gave an order here sees it at once
        return found

    def _read_orders(self) -> Orders:
        asked = JobRow.select(JobRow.name, JobRow.paused, JobRow.wanted_at).where(
            JobRow.paused | JobRow.wanted_at.is_null(False)
        )
        with self._store.reading():
            rows = list(asked.tuples().execute(self._db))
        return Orders(
            frozenset(name for name, paused, _ in rows if paused),
            {name: at for name, _, at in rows if at is not None},
        )

    def _cut_off(self, since: float) -> frozenset[str]:
        left = (JobRunRow.state == RunState.RUNNING.value) & (JobRunRow.started_at < since)
        runs = list(JobRunRow.select(JobRunRow.id, JobRunRow.job).where(left).tuples().execute(self._db))
        for run_id, name in runs:
            self._end(run_id, RunState.CUT_OFF, "Its process ended before it did.")
            JobRow.update(running=None, last=run_id).where(JobRow.name == name).execute(self._db)
        return frozenset(name for _, name in runs)

    def _end(self, run_id: int, state: RunState, message: str) -> None:
        JobRunRow.update(state=state.value, message=message, ended_at=self._clock()).where(
            JobRunRow.id == run_id
        ).execute(self._db)


def _run(row: JobRunRow) -> JobRun:
    return JobRun(
        id=row.id,
        job=row.job,
        state=RunState(row.state),
        ordered=row.ordered,
        process=row.process,
        started_at=row.started_at,
        ended_at=row.ended_at,
        message=row.message,
    )


def _now(row: JobRow, runs: Mapping[int, JobRun]) -> JobNow:
    return JobNow(
        entry=JobEntry(row.name, row.title, row.every_seconds),
        paused=row.paused,
        wanted=row.wanted_at is not None,
        next_at=None if row.paused else row.next_at,  # a run that ends meanwhile still tells of a next one
        running=runs.get(row.running or 0),
        last=runs.get(row.last or 0),
    )
