"""The door to APScheduler: jobs at their times and when they are asked for, once this process leads.

No thread of this module is waited for when the process ends, not even that of a job under way.
"""

import logging
import os
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from gemini_pool.errors import StoreError
from gemini_pool.jobs.leader import Leader
from gemini_pool.jobs.running import Job, Running
from gemini_pool.store.job_book import JobBook

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 5.0
OBEY_EVERY_SECONDS = 1.0


class Jobs:
    """The background jobs of this process, which run once it leads. Starts nothing by itself.

    `stopping` is set when they are to end: a body that takes long does well to look at it.
    """

    def __init__(
        self,
        leader: Leader,
        jobs: Sequence[Job],
        book: JobBook,
        *,
        stopping: threading.Event | None = None,
        look_every: float = LOOK_EVERY_SECONDS,
        obey_every: float = OBEY_EVERY_SECONDS,
    ) -> None:
        self._leader = leader
        self._jobs = {job.name: job for job in jobs}
        self._book = book
        self._look_every = look_every
        self._obey_every = obey_every
        self._living = threading.Thread(target=self._live, name="jobs", daemon=True)
        self._stopped = stopping or threading.Event()
        self._idle = threading.Event()
        self._scheduler: BackgroundScheduler | None = None
        self._running = Running(book, self._next_at)
        self._since = 0.0
        self._entered = False
        self._held: set[str] = set()
        self._obeyed: dict[str, float] = {}
        self._reported = ""

    def start(self) -> None:
        """Try to lead, now and every `look_every` seconds; once at most. Returns at once."""
        self._living.start()

    def stop(self, wait: float = 0.0) -> None:
        """Begin no further job, wait at most so many seconds for those under way, and let another process
        lead: when they have ended, lest one runs twice at once, or when this process has."""
        self._stopped.set()
        if self._living.is_alive():
            self._living.join()
        if self._scheduler:
            self._scheduler.shutdown()
            self._scheduler = None
        self._running.close(self._resign)
        self._idle.wait(wait)

    def leader(self) -> int | None:
        """The id of the process that runs the jobs, be it this or another; None when there is none."""
        return self._leader.leading()

    def _resign(self) -> None:
        self._leader.resign()
        self._idle.set()

    def _live(self) -> None:
        while not self._leads():
            if self._stopped.wait(self._look_every):
                return
        self._since = time.time()
        self._begin()
        while not self._stopped.wait(self._obey_every):
            self._look_after()

    def _leads(self) -> bool:
        try:
            leads = self._leader.try_lead()
        except OSError as error:
            self._report(
                logging.WARNING,
                f"no background job runs, for the lock file cannot be used: {error}. It is tried again; "
                "make DATA_DIR and the file writable for the service's user",
            )
            return False
        if leads:
            self._report(logging.INFO, f"process {os.getpid()} runs the background jobs")
        else:
            self._report(logging.DEBUG, f"process {os.getpid()} leaves the background jobs to another")
        return leads

    def _begin(self) -> None:
        """Run what is not paused, and what was cut off when its process ended."""
        cut_off = self._enter()
        paused = self._book.orders().paused
        self._scheduler = _scheduler()
        for job in self._jobs.values():
            if job.every_seconds is not None:
                self._scheduler.add_job(
                    partial(self._running.run, job),
                    IntervalTrigger(seconds=job.every_seconds, jitter=job.jitter_seconds, timezone=UTC),
                    id=job.name,
                    name=job.name,
                    next_run_time=None if job.name in paused else datetime.now(UTC),
                )
        self._held = {*paused}
        self._scheduler.start()
        for name in cut_off:
            if name in self._jobs and self._next_at(name) is None:
                self._running.start(self._jobs[name])

    def _enter(self) -> frozenset[str]:
        """Write down what jobs there are; those that were cut off."""
        try:
            cut_off = self._book.open([job.entry for job in self._jobs.values()], self._since)
        except StoreError:
            self._report(logging.WARNING, "the background jobs run, but cannot be written down")
            return frozenset()
        self._entered = True
        return cut_off

    def _look_after(self) -> None:
        if not self._entered:
            self._enter()
        try:
            self._obey()
        except StoreError:
            log.warning("what is asked of the background jobs cannot be written down", exc_info=True)

    def _obey(self) -> None:
        """Do what is asked. An order is obeyed once, though it may stand in the book for longer."""
        orders = self._book.orders()
        for name in self._held.symmetric_difference(orders.paused):
            self._hold(name, paused=name in orders.paused)
            self._held ^= {name}
        for name, at in orders.wanted.items():
            job = self._jobs.get(name)
            if job and self._obeyed.get(name) != at and self._running.start(job):
                self._obeyed[name] = at

    def _hold(self, name: str, *, paused: bool) -> None:
        if self._scheduler and self._scheduler.get_job(name):
            if paused:
                self._scheduler.pause_job(name)
            else:
                self._scheduler.resume_job(name)
            self._book.plan(name, self._next_at(name))

    def _next_at(self, name: str) -> float | None:
        """When a job runs next, in epoch seconds."""
        scheduler = self._scheduler  # a stop may come at any time
        planned = scheduler.get_job(name) if scheduler else None
        at: datetime | None = planned.next_run_time if planned else None
        return at.timestamp() if at else None

    def _report(self, level: int, words: str) -> None:
        """Log how it stands when that is news; a look every few seconds must not fill the log."""
        if words != self._reported:
            self._reported = words
            log.log(level, "%s", words)


class _DaemonThreads(BaseExecutor):
    """A thread for each run. APScheduler's own threads would hold up the end of the process."""

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        def run() -> None:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
            self._run_job_success(job.id, events)

        threading.Thread(target=run, name=f"job-{job.id}", daemon=True).start()


def _scheduler() -> BackgroundScheduler:
    logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)  # failures are told in our words
    return BackgroundScheduler(
        timezone=UTC,
        daemon=True,
        executors={"default": _DaemonThreads()},
        # Late is better than not at all, and once is enough.
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
