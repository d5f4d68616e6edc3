"""Background jobs under gunicorn: one worker runs them, whatever happens to the workers."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from consoles import Console
from running import CHECKOUT, RunningPool, clean_environment, until
from signing_in import PASSWORD

from gemini_pool.simulator.world import World

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


# The jobs in a process of their own


@pytest.fixture
def start_jobs(tmp_path: Path) -> Iterator[Callable[[RunningPool], "subprocess.Popen[bytes]"]]:
    """Run `python -m gemini_pool jobs` beside a pool."""
    started: list[subprocess.Popen[bytes]] = []

    def start(pool: RunningPool) -> "subprocess.Popen[bytes]":
        with (tmp_path / "gunicorn.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gemini_pool", "jobs"],
                cwd=CHECKOUT,
                env={**clean_environment(), **pool.environ},
                stderr=log,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(10)


def names_leader(pool: RunningPool, process: "subprocess.Popen[bytes]") -> bool:
    return lock_file(pool).exists() and lock_file(pool).read_text().startswith(f"pid {process.pid} ")


def runs(pool: RunningPool, job: str) -> list[dict[str, Any]]:
    return pool.rows("SELECT * FROM job_runs WHERE job = ? AND ended_at IS NOT NULL ORDER BY id", job)


@pytest.mark.long
def test_a_worker_gives_orders_to_the_process_that_runs_the_jobs(
    start_pool: Start, start_jobs: Callable[[RunningPool], "subprocess.Popen[bytes]"]
) -> None:
    pool = start_pool("amber", SCHEDULER="0", WEB_CONCURRENCY="1", ADMIN_PASSWORD=PASSWORD)
    console = Console(pool)
    assert console.send("GET", "/api/jobs")["process"] is None
    process = start_jobs(pool)
    until(lambda: len(runs(pool, "sweep")) == 1, what="the first run")
    assert console.send("GET", "/api/jobs")["process"] == process.pid
    console.send("POST", "/api/jobs/sweep/pause")
    console.send("POST", "/api/jobs/sweep/run")
    until(lambda: len(runs(pool, "sweep")) == 2, seconds=3, what="the run that was ordered")
    told = console.send("GET", "/api/jobs/sweep/runs")
    assert (told["job"]["state"], told["job"]["next_at"]) == ("paused", None)
    assert [(run["ordered"], run["process"]) for run in told["runs"]] == [
        (True, process.pid),
        (False, process.pid),
    ]
    console.send("POST", "/api/jobs/sweep/resume")
    until(lambda: console.send("GET", "/api/jobs/sweep/runs")["job"]["next_at"], seconds=3, what="a plan")
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert console.send("GET", "/api/jobs")["process"] is None


def test_accounts_are_checked_at_the_start_and_when_it_is_ordered(
    start_pool: Start, start_jobs: Callable[[RunningPool], "subprocess.Popen[bytes]"], world: World
) -> None:
    world.behave("clara", xsrf="401")
    pool = start_pool(
        *("amber", "clara"),
        SCHEDULER="0",
        WEB_CONCURRENCY="1",
        HEALTH_CHECK_ENABLED="1",
        ADMIN_PASSWORD=PASSWORD,
    )
    console = Console(pool)
    start_jobs(pool)
    until(lambda: runs(pool, "health"), what="the first round")
    assert runs(pool, "health")[0]["message"] == "1 passed, 1 failed, 1 taken out."
    assert console.send("GET", "/api/accounts/2")["account"]["state"] == "needs_sign_in"
    world.behave("clara", xsrf=None)
    pool.write("UPDATE health SET next_at = 0")
    console.send("POST", "/api/jobs/health/run")
    until(lambda: len(runs(pool, "health")) == 2, seconds=5, what="the round that was ordered")
    assert runs(pool, "health")[1]["message"] == "2 passed, 0 failed, 1 recovered."


def test_checks_that_are_switched_off_run_only_when_they_are_ordered(
    start_pool: Start, start_jobs: Callable[[RunningPool], "subprocess.Popen[bytes]"]
) -> None:
    pool = start_pool("amber", SCHEDULER="0", WEB_CONCURRENCY="1", ADMIN_PASSWORD=PASSWORD)
    console = Console(pool)
    start_jobs(pool)
    until(lambda: runs(pool, "sweep"), what="the other jobs")
    told = console.send("GET", "/api/jobs/health/runs")
    assert (told["job"]["every_seconds"], told["job"]["next_at"], told["runs"]) == (None, None, [])
    console.send("POST", "/api/jobs/health/run")
    until(lambda: runs(pool, "health"), seconds=5, what="the round that was ordered")


def test_another_process_takes_the_jobs_over_when_theirs_is_killed(
    start_pool: Start, start_jobs: Callable[[RunningPool], "subprocess.Popen[bytes]"]
) -> None:
    pool = start_pool("amber", SCHEDULER="0", WEB_CONCURRENCY="1")
    first = start_jobs(pool)
    until(lambda: names_leader(pool, first), what="the first")
    second = start_jobs(pool)
    until(lambda: runs(pool, "sweep"), what="a run")
    pool.write("UPDATE jobs SET running = 1 WHERE name = 'sweep'")
    pool.write("UPDATE job_runs SET state = 'running', ended_at = NULL WHERE job = 'sweep'")
    first.kill()
    until(lambda: names_leader(pool, second), seconds=TAKEOVER_SECONDS, what="the second")
    until(lambda: len(runs(pool, "sweep")) == 2, what="its run")
    cut_off, again = runs(pool, "sweep")
    assert (cut_off["state"], cut_off["process"]) == ("cut_off", first.pid)
    assert (again["state"], again["process"]) == ("ok", second.pid)
    assert cut_off["ended_at"] <= again["started_at"], "never twice at once"


@pytest.mark.long
def test_the_process_of_the_jobs_reads_settings_that_are_saved(
    start_pool: Start, start_jobs: Callable[[RunningPool], "subprocess.Popen[bytes]"]
) -> None:
    pool = start_pool("amber", SCHEDULER="0", WEB_CONCURRENCY="1", ADMIN_PASSWORD=PASSWORD)
    process = start_jobs(pool)
    until(lambda: runs(pool, "sweep"), what="a run")
    Console(pool).send("PUT", "/api/settings", values={"JOURNAL_DAYS": "7"})
    until(lambda: len(runs(pool, "sweep")) == 2, seconds=40, what="it to begin anew")
    assert {run["process"] for run in runs(pool, "sweep")} == {process.pid}
    assert names_leader(pool, process)
