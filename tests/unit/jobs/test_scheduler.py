"""Jobs run at their times once their process leads, and one that fails runs again."""

import logging
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

from gemini_pool.jobs.leader import Leader
from gemini_pool.jobs.scheduler import Job, Jobs

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
def start(path: Path) -> Iterator[Start]:
    """Start jobs as one more process would: `start(Job(…), Job(…))`."""
    with ExitStack() as stack:

        def start(*jobs: Job, leader: Leader | None = None) -> Jobs:
            running = Jobs(leader or Leader(path), jobs, look_every=OFTEN)
            stack.callback(running.stop)
            running.start()
            return running

        yield start


def test_a_job_runs_at_once_and_again(start: Start) -> None:
    often, seldom = Counter(), Counter()
    start(Job("often", OFTEN, often), Job("seldom", 3600, seldom))
    often.reaches(3)
    assert seldom.runs == 1


def test_a_run_comes_late_by_chance(start: Start) -> None:
    times: list[float] = []
    start(Job("late", 0.01, lambda: times.append(time.monotonic()), jitter_seconds=0.1))
    until(lambda: len(times) >= 8, seconds=5, what="eight runs")
    gaps = [after - before for before, after in pairwise(times)]
    assert max(gaps) - min(gaps) > 0.01


def test_jobs_run_where_one_leads_and_nowhere_else(start: Start) -> None:
    here, there = Counter(), Counter()
    first = start(Job("one", OFTEN, here))
    here.reaches(1)
    start(Job("one", OFTEN, there))
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

    start(Job("slow", OFTEN, slow), Job("other", OFTEN, other))
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

    jobs = start(Job("mail", OFTEN, fail), Job("other", OFTEN, other))
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
    start(Job("one", OFTEN, counter), leader=leader)
    until(lambda: leader.tries >= 5, seconds=5, what="further tries")
    (told,) = [message for message in caplog.messages if "lock file" in message]
    assert str(lock) in told
    assert "make DATA_DIR and the file writable" in told
    lock.parent.mkdir()
    counter.reaches(1)


def test_a_stop_ends_the_threads_and_may_come_at_any_time(path: Path) -> None:
    Jobs(Leader(path), []).stop()
    leading, waiting = Jobs(Leader(path), []), Jobs(Leader(path), [])
    leading.start()
    until(lambda: "APScheduler" in threads(), what="the scheduler")
    waiting.start()
    waiting.stop()
    leading.stop()
    leading.stop()
    assert not {"jobs", "APScheduler"} & threads()


def test_a_stop_waits_for_a_look_that_is_under_way(path: Path) -> None:
    looking, go = threading.Event(), threading.Event()

    class Slow(Leader):
        def try_lead(self) -> bool:
            looking.set()
            go.wait(10)
            return super().try_lead()

    jobs = Jobs(Slow(path), [])
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
from gemini_pool.jobs.scheduler import Job, Jobs
begun = threading.Event()
def endless():
    begun.set()
    threading.Event().wait()
Jobs(Leader(Path(sys.argv[1])), [Job("endless", 60, endless)]).start()
begun.wait()
"""


def test_a_job_under_way_does_not_hold_up_the_end_of_its_process(path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", ENDLESS, str(path)], check=False, cwd=CHECKOUT, timeout=20)
    assert ended.returncode == 0
    assert Leader(path).try_lead()
