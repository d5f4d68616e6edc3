"""The door to APScheduler: jobs at their times, once this process leads.

No thread of this module is waited for when the process ends, not even that of a job under way.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from gemini_pool.jobs.leader import Leader

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do again and again.

    It runs as soon as this process leads, then every `every_seconds` and up to `jitter_seconds` more by
    chance, and never twice at once. The end of the process cuts its body off wherever it is: the next run
    must put right what is half done.
    """

    name: str
    every_seconds: float
    body: Callable[[], str | None]
    jitter_seconds: float = 0.0


class Jobs:
    """The background jobs of this process, which run once it leads. Starts nothing by itself."""

    def __init__(
        self, leader: Leader, jobs: Sequence[Job], *, look_every: float = LOOK_EVERY_SECONDS
    ) -> None:
        self._leader = leader
        self._jobs = jobs
        self._look_every = look_every
        self._looking = threading.Thread(target=self._run_once_leader, name="jobs", daemon=True)
        self._stopped = threading.Event()
        self._scheduler: BackgroundScheduler | None = None
        self._reported = ""

    def start(self) -> None:
        """Try to lead, now and every `look_every` seconds; once at most. Returns at once."""
        self._looking.start()

    def stop(self) -> None:
        """Begin no further job and let another process lead; a body under way is not waited for."""
        self._stopped.set()
        if self._looking.is_alive():
            self._looking.join()
        if self._scheduler:
            self._scheduler.shutdown()
            self._scheduler = None
        self._leader.resign()

    def _run_once_leader(self) -> None:
        while not self._leads():
            if self._stopped.wait(self._look_every):
                return
        self._scheduler = _scheduler(self._jobs)
        self._scheduler.start()

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


def _scheduler(jobs: Sequence[Job]) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(
        timezone=UTC,
        daemon=True,
        executors={"default": _DaemonThreads()},
        # Late is better than not at all, and once is enough.
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    scheduler.add_listener(_log_failure, EVENT_JOB_ERROR)
    logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)  # failures are told in our words
    for job in jobs:
        scheduler.add_job(
            job.body,
            IntervalTrigger(seconds=job.every_seconds, jitter=job.jitter_seconds, timezone=UTC),
            id=job.name,
            name=job.name,
            next_run_time=datetime.now(UTC),
        )
    return scheduler


def _log_failure(event: JobExecutionEvent) -> None:
    log.error("the job %s failed; it runs again at its next time", event.job_id, exc_info=event.exception)
