"""Jobs run at their times once their process leads, and one that fails runs again."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from running import CHECKOUT, until

from gemini_pool.errors import PoolError
from gemini_pool.jobs.leader import Leader
from gemini_pool.jobs.running import UNSAID, Job
from gemini_pool.jobs.scheduler import Jobs
from gemini_pool.startup import DATABASE_FILE
from gemini_pool.store.db import Store
from gemini_pool.store.job_book import JobBook, JobNow, RunState

Start = Callable[..., Jobs]
OFTEN = 0.02


class Tries(Leader):
    """A leader that counts how often it tried."""

    tries = 0

    def try_lead(self) -> bool:
        self.tries += 1
        return super().try_lead()


class Counter:
    """A body that counts its runs."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self) -> None:
        self.runs += 1

    def reaches(self, runs: int) -> None:
        until(lambda: self.runs >= runs, seconds=5, what=f"run {runs}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.lock"


@pytest.fixture
def start(path: Path, book: JobBook) -> Iterator[Start]:
    """Start jobs as one more process would: `start(Job(…), Job(…))`."""
    with ExitStack() as stack:

        def start(*jobs: Job, leader: Leader | None = None) -> Jobs:
            running = Jobs(leader or Leader(path), jobs, book, look_every=OFTEN, obey_every=OFTEN)
            stack.callback(running.stop)
            running.start()
            return running

        yield start


def test_a_job_runs_at_once_and_again(start: Start) -> None:
    often, seldom = Counter(), Counter()
    start(Job("often", "Often", OFTEN, often), Job("seldom", "Seldom", 3600, seldom))
    often.reaches(3)
    assert seldom.runs == 1


def test_a_run_comes_late_by_chance(start: Start) -> None:
    times: list[float] = []
    start(Job("late", "Late", 0.01, lambda: times.append(time.monotonic()), jitter_seconds=0.1))
    until(lambda: len(times) >= 8, seconds=5, what="eight runs")
    gaps = [after - before for before, after in pairwise(times)]
    assert max(gaps) - min(gaps) > 0.01


def test_jobs_run_where_one_leads_and_nowhere_else(start: Start) -> None:
    here, there = Counter(), Counter()
    first = start(Job("one", "One", OFTEN, here))
    here.reaches(1)
    start(Job("one", "One", OFTEN, there))
    here.reaches(here.runs + 5)
    assert there.runs == 0
    first.stop()
    there.reaches(2)
    runs = here.runs
    there.reaches(there.runs + 5)
    assert here.runs == runs


def test_a_job_never_runs_twice_at_once(start: Start) -> None:
    other, entered, go = Counter(), Counter(), threading.Event()

    def slow() -> None:
        entered()
        go.wait(10)

    start(Job("slow", "Slow", OFTEN, slow), Job("other", "Other", OFTEN, other))
    other.reaches(5)
    assert entered.runs == 1
    go.set()
    entered.reaches(2)


def test_a_job_that_fails_is_told_with_its_trace_and_runs_again(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    failures, other = Counter(), Counter()

    def fail() -> None:
        failures()
        raise OSError("no such mailbox")

    jobs = start(Job("mail", "Mail", OFTEN, fail), Job("other", "Other", OFTEN, other))
    failures.reaches(3)
    other.reaches(3)
    jobs.stop()
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert failures.runs - 1 <= len(told) <= failures.runs, "each failure is told once"
    assert told[0].getMessage() == "the job mail failed; it runs again at its next time"
    assert "in fail" in caplog.text
    assert "OSError: no such mailbox" in caplog.text


def test_a_lock_file_that_cannot_be_used_is_told_once_and_tried_again(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    counter, lock = Counter(), tmp_path / "data" / "jobs.lock"
    leader = Tries(lock)
    start(Job("one", "One", OFTEN, counter), leader=leader)
    until(lambda: leader.tries >= 5, seconds=5, what="further tries")
    (told,) = [message for message in caplog.messages if "lock file" in message]
    assert str(lock) in told
    assert "make DATA_DIR and the file writable" in told
    lock.parent.mkdir()
    counter.reaches(1)


def test_a_stop_ends_the_threads_and_may_come_at_any_time(path: Path, book: JobBook) -> None:
    Jobs(Leader(path), [], book).stop()
    leading, waiting = Jobs(Leader(path), [], book), Jobs(Leader(path), [], book)
    leading.start()
    until(lambda: "APScheduler" in threads(), what="the scheduler")
    waiting.start()
    waiting.stop()
    leading.stop()
    leading.stop()
    assert not {"jobs", "APScheduler"} & threads()


def test_a_stop_waits_for_a_look_that_is_under_way(path: Path, book: JobBook) -> None:
    looking, go = threading.Event(), threading.Event()

    class Slow(Leader):
        def try_lead(self) -> bool:
            looking.set()
            go.wait(10)
            return super().try_lead()

    jobs = Jobs(Slow(path), [], book)
    jobs.start()
    looking.wait(10)
    stopping = threading.Thread(target=jobs.stop)
    stopping.start()
    stopping.join(0.1)
    go.set()
    stopping.join(10)
    assert not {"jobs", "APScheduler"} & threads()
    next_one = Leader(path)
    assert next_one.try_lead()
    next_one.resign()


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


ENDLESS = """
import sys, threading
from pathlib import Path
from gemini_pool.jobs.leader import Leader
from gemini_pool.jobs.running import Job
from gemini_pool.jobs.scheduler import Jobs
from gemini_pool.store.db import Store
from gemini_pool.store.job_book import JobBook
from gemini_pool.store.live import Live
begun = threading.Event()
def endless():
    begun.set()
    threading.Event().wait()
store = Store(Path(sys.argv[2]))
Jobs(Leader(Path(sys.argv[1])), [Job("endless", "Endless", 60, endless)], JobBook(store, Live(store))).start()
begun.wait()
"""


def test_a_job_under_way_does_not_hold_up_the_end_of_its_process(path: Path, book: JobBook) -> None:
    end_a_process_within_a_run(path)
    assert Leader(path).try_lead()


def end_a_process_within_a_run(path: Path) -> None:
    words = [sys.executable, "-c", ENDLESS, str(path), str(path.with_name(DATABASE_FILE))]
    assert subprocess.run(words, check=False, cwd=CHECKOUT, timeout=20).returncode == 0


# What the book tells, and what is asked through it by another process


def stands(book: JobBook, name: str = "one") -> JobNow:
    found = book.get(name)
    assert found
    return found


def test_another_process_sees_what_runs_when_and_how_it_ended(start: Start, read_book: JobBook) -> None:
    go = threading.Event()

    def body() -> str:
        go.wait(10)
        return "It went well."

    start(Job("one", "The one job", 3600, body))
    until(lambda: read_book.all() and stands(read_book).running, seconds=5, what="the run")
    job = stands(read_book)
    assert (job.entry.title, job.entry.every_seconds, job.paused) == ("The one job", 3600, False)
    assert job.running
    assert job.running.process == os.getpid()
    assert not job.running.ordered
    assert job.next_at
    assert 3500 < job.next_at - time.time() < 3700
    go.set()
    until(lambda: stands(read_book).last, seconds=5, what="its end")
    job = stands(read_book)
    assert job.running is None
    assert job.last
    assert (job.last.state, job.last.message) == (RunState.OK, "It went well.")
    assert job.last.ms is not None
    assert read_book.runs("one") == [job.last]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PoolError("The mailbox is locked. Unlock it."), "The mailbox is locked. Unlock it."),
        (OSError("x"), UNSAID),
    ],
)
def test_a_failure_is_told_with_its_reason(
    error: Exception, told: str, start: Start, read_book: JobBook
) -> None:
    def fail() -> None:
        raise error

    start(Job("one", "One", 3600, fail))
    until(lambda: read_book.all() and stands(read_book).last, seconds=5, what="its end")
    last = stands(read_book).last
    assert last
    assert (last.state, last.message) == (RunState.FAILED, told)


def test_a_job_runs_when_it_is_asked_for(start: Start, read_book: JobBook) -> None:
    counter = Counter()
    start(Job("one", "One", 3600, counter))
    counter.reaches(1)
    until(lambda: stands(read_book).last, seconds=5, what="its end")
    assert read_book.want("one")
    counter.reaches(2)
    until(lambda: len(read_book.runs("one")) == 2, seconds=5, what="the second run")
    assert [run.ordered for run in read_book.runs("one")] == [True, False]
    time.sleep(10 * OFTEN)
    assert counter.runs == 2, "an order is obeyed once"
    assert not stands(read_book).wanted


def test_a_job_that_is_asked_for_while_it_runs_runs_once_more(start: Start, read_book: JobBook) -> None:
    entered, go = Counter(), threading.Event()

    def slow() -> None:
        entered()
        go.wait(10)

    start(Job("one", "One", 3600, slow))
    entered.reaches(1)
    assert read_book.want("one")
    time.sleep(10 * OFTEN)
    assert entered.runs == 1
    go.set()
    entered.reaches(2)


def test_a_job_without_times_runs_only_when_it_is_asked_for(start: Start, read_book: JobBook) -> None:
    counter, other = Counter(), Counter()
    start(Job("one", "One", None, counter), Job("other", "Other", OFTEN, other))
    other.reaches(3)
    assert counter.runs == 0
    assert read_book.want("one")
    counter.reaches(1)


def test_a_paused_job_runs_only_when_it_is_asked_for(start: Start, read_book: JobBook) -> None:
    counter, other = Counter(), Counter()
    start(Job("one", "One", OFTEN, counter), Job("other", "Other", OFTEN, other))
    counter.reaches(2)
    assert read_book.pause("one")
    assert stands(read_book).paused
    until(lambda: _still(counter, other), seconds=5, what="it to be left out")
    assert stands(read_book).next_at is None
    runs = counter.runs
    assert read_book.want("one")
    counter.reaches(runs + 1)
    assert read_book.resume("one")
    counter.reaches(runs + 3)
    assert stands(read_book).next_at


def _still(counter: Counter, other: Counter) -> bool:
    """Whether one does not run while the other does."""
    runs = counter.runs
    other.reaches(other.runs + 3)
    return counter.runs == runs


def test_a_paused_job_stays_so_under_the_next_leader(start: Start, read_book: JobBook) -> None:
    counter, other = Counter(), Counter()
    jobs = start(Job("one", "One", 3600, counter))
    counter.reaches(1)
    assert read_book.pause("one")
    jobs.stop(wait=5)
    start(Job("one", "One", OFTEN, counter), Job("other", "Other", OFTEN, other))
    other.reaches(3)
    assert counter.runs == 1


def test_a_run_that_its_process_did_not_survive_was_cut_off_and_runs_again(
    path: Path, start: Start, read_book: JobBook
) -> None:
    end_a_process_within_a_run(path)
    assert stands(read_book, "endless").running
    assert read_book.pause("endless")
    counter = Counter()
    start(Job("endless", "Endless", 3600, counter))
    counter.reaches(1)
    until(lambda: len(read_book.runs("endless")) == 2, seconds=5, what="the second run")
    again, cut_off = read_book.runs("endless")
    assert cut_off.state is RunState.CUT_OFF
    assert cut_off.process != os.getpid() == again.process


def test_nobody_else_leads_while_a_job_is_still_under_way(path: Path, start: Start) -> None:
    entered, go, there = Counter(), threading.Event(), Counter()

    def slow() -> None:
        entered()
        go.wait(10)

    first = start(Job("one", "One", 3600, slow))
    entered.reaches(1)
    first.stop()
    start(Job("one", "One", OFTEN, there))
    time.sleep(5 * OFTEN)
    assert there.runs == 0
    assert Leader(path).leading() == os.getpid()
    go.set()
    there.reaches(1)


def test_jobs_run_though_the_book_cannot_be_written(
    path: Path, store: Store, book: JobBook, caplog: pytest.LogCaptureFixture
) -> None:
    store.db.execute_sql("DROP TABLE job_runs")
    store.db.execute_sql("DROP TABLE jobs")
    store.db.close()
    counter = Counter()
    jobs = Jobs(Leader(path), [Job("one", "One", OFTEN, counter)], book, look_every=OFTEN)
    jobs.start()
    counter.reaches(3)
    jobs.stop(wait=5)
    assert "cannot be written down" in caplog.text


def test_an_order_that_cannot_be_crossed_out_is_obeyed_once(
    start: Start, store: Store, read_book: JobBook
) -> None:
    counter, other = Counter(), Counter()
    start(Job("one", "One", None, counter), Job("other", "Other", OFTEN, other))
    other.reaches(1)
    store.db.execute_sql("DROP TABLE job_runs")
    store.db.close()
    assert read_book.want("one")
    counter.reaches(1)
    other.reaches(other.runs + 30)
    assert counter.runs == 1
