"""Running a job: once at a time, and written down from its beginning to its end."""

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

from gemini_pool.errors import PoolError, StoreError
from gemini_pool.store.job_book import JobBook, JobEntry

log = logging.getLogger(__name__)

UNSAID = "Something went wrong here; the log tells what."


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do again and again.

    It runs as soon as this process leads, then every `every_seconds` (None: only when it is asked for) and up
    to `jitter_seconds` more by chance, and never twice at once. `name` is its id, `title` what people know it
    by. The body may return what came of it, in a sentence; a PoolError tells why nothing did. The end of the
    process cuts it off wherever it is: the next run must put right what is half done. Of a `quiet` one the
    book tells only those runs in which something happened.
    """

    name: str
    title: str
    every_seconds: float | None
    body: Callable[[], str | None]
    jitter_seconds: float = 0.0
    quiet: bool = False

    @property
    def entry(self) -> JobEntry:
        """What the book says of it."""
        return JobEntry(self.name, self.title, self.every_seconds)


class Running:
    """The jobs that this process is at. A book that cannot be written to keeps none from running: on a full
    disk the sweep is needed most."""

    def __init__(self, book: JobBook, next_at: Callable[[str], float | None]) -> None:
        self._book = book
        self._next_at = next_at
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._then: Callable[[], None] | None = None

    def run(self, job: Job) -> None:
        """Run a job, on this thread, unless it is under way."""
        if self._enter(job):
            self._run(job, ordered=False)

    def start(self, job: Job) -> bool:
        """Run a job that was asked for, on a thread of its own. False when it is under way."""
        if not self._enter(job):
            return False
        name = f"job-{job.name}"
        threading.Thread(
            target=self._run, args=(job,), kwargs={"ordered": True}, name=name, daemon=True
        ).start()
        return True

    def close(self, then: Callable[[], None]) -> None:
        """Begin nothing more. `then` is called when nothing is under way: now, or at the end of the last."""
        with self._lock:
            self._then = then
            idle = not self._under_way
        if idle:
            then()

    def _enter(self, job: Job) -> bool:
        with self._lock:
            if self._then is not None or job.name in self._under_way:
                return False
            self._under_way.add(job.name)
            return True

    def _leave(self, job: Job) -> None:
        with self._lock:
            self._under_way.discard(job.name)
            then = self._then if not self._under_way else None
        if then is not None:
            then()

    def _run(self, job: Job, *, ordered: bool) -> None:
        try:
            if job.quiet and not ordered:
                self._tell_afterwards(job)
            else:
                run_id = self._begun(job, ordered=ordered)
                self._ended(job, run_id, *_outcome(job))
        finally:
            self._leave(job)

    def _tell_afterwards(self, job: Job) -> None:
        ok, message = _outcome(job)
        if message or not ok:
            self._ended(job, self._begun(job, ordered=False), ok, message)

    def _begun(self, job: Job, *, ordered: bool) -> int | None:
        try:
            return self._book.begin(job.name, os.getpid(), ordered=ordered, next_at=self._next_at(job.name))
        except StoreError:
            log.warning("that the job %s runs cannot be written down", job.name, exc_info=True)
            return None

    def _ended(self, job: Job, run_id: int | None, ok: bool, message: str) -> None:
        if run_id is None:
            return
        try:
            self._book.end(job.name, run_id, ok=ok, message=message, next_at=self._next_at(job.name))
        except StoreError:
            log.warning("how the job %s ended cannot be written down", job.name, exc_info=True)


def _outcome(job: Job) -> tuple[bool, str]:
    """Whether it did what it is for, and what it says of that."""
    try:
        return True, job.body() or ""
    except Exception as error:  # the border: whatever it is, the book must tell of it
        log.error("the job %s failed; it runs again at its next time", job.name, exc_info=error)
        return False, str(error) if isinstance(error, PoolError) else UNSAID
