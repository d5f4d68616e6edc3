"""Background jobs under gunicorn: one worker runs them, whatever happens to the workers."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

from running import RunningPool, until

Start = Callable[..., RunningPool]
LOOK = {"LOG_LEVEL": "debug"}  # workers that do not lead say so
TAKEOVER_SECONDS = 15


def lock_file(pool: RunningPool) -> Path:
    return pool.database.with_name("jobs.lock")


def leader(pool: RunningPool) -> int | None:
    """The live worker that the lock file names."""
    named = re.match(r"pid (\d+) since ", lock_file(pool).read_text()) if lock_file(pool).exists() else None
    return int(named[1]) if named and int(named[1]) in pool.workers() else None


def said(pool: RunningPool, words: str) -> list[int]:
    """The workers that said so in the log, in order."""
    return [int(pid) for pid in re.findall(rf"process (\d+) {words}", pool.log)]


def led(pool: RunningPool) -> list[int]:
    return said(pool, "runs the background jobs")


def stood_by(pool: RunningPool) -> list[int]:
    return said(pool, "leaves the background jobs to another")


def all_spoke(pool: RunningPool) -> bool:
    return len(pool.workers()) == 2 and {*led(pool), *stood_by(pool)} >= {*pool.workers()}


def test_one_worker_leads_and_another_takes_over_when_it_is_killed(start_pool: Start) -> None:
    pool = start_pool("amber", **LOOK)
    until(lambda: all_spoke(pool), what="both workers")
    first = leader(pool)
    assert first
    assert led(pool) == [first]
    os.kill(first, signal.SIGKILL)
    until(lambda: leader(pool) not in (None, first), seconds=TAKEOVER_SECONDS, what="another leader")
    until(lambda: all_spoke(pool), what="both workers")
    assert led(pool) == [first, leader(pool)]


def test_the_other_worker_takes_over_when_no_new_one_comes(start_pool: Start) -> None:
    pool = start_pool("amber", **LOOK)
    until(lambda: all_spoke(pool), what="both workers")
    first, second = [*led(pool), *stood_by(pool)]
    assert pool.process
    pool.process.send_signal(signal.SIGSTOP)
    try:
        os.kill(first, signal.SIGKILL)
        until(lambda: leader(pool) == second, seconds=TAKEOVER_SECONDS, what="the other worker")
    finally:
        pool.process.send_signal(signal.SIGCONT)


def test_after_a_reload_one_of_the_new_workers_leads(start_pool: Start) -> None:
    pool = start_pool("amber", **LOOK)
    until(lambda: all_spoke(pool), what="both workers")
    old = pool.workers()
    assert pool.process
    pool.process.send_signal(signal.SIGHUP)
    until(lambda: leader(pool) not in (None, *old), seconds=TAKEOVER_SECONDS, what="a new leader")
    until(lambda: all_spoke(pool), what="both new workers")
    assert [pid for pid in led(pool) if pid not in old] == [leader(pool)]


def test_a_stop_is_prompt_and_leaves_the_lead_to_the_next_start(start_pool: Start) -> None:
    pool = start_pool("amber", **LOOK)
    until(lambda: all_spoke(pool), what="both workers")
    assert pool.process
    pool.process.send_signal(signal.SIGTERM)
    assert pool.process.wait(10) == 0
    pool.start()
    until(lambda: leader(pool), what="the next leader")


def test_jobs_can_be_switched_off(start_pool: Start) -> None:
    pool = start_pool("amber", SCHEDULER="0", WEB_CONCURRENCY="1")
    assert not lock_file(pool).exists()
