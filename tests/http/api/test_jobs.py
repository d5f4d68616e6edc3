"""Background jobs, seen and ordered from a worker that does not run them."""

from pathlib import Path

import pytest
from programs import Program

from gemini_pool.jobs.leader import LOCK_FILE, Leader
from gemini_pool.store.job_book import JobEntry
from gemini_pool.wiring import Services

ENTRY = JobEntry("sweep", "Delete what is old", 3600)


@pytest.fixture(autouse=True)
def entered(services: Services) -> None:
    """What another process, which leads no more, wrote down."""
    services.job_book.open([ENTRY], since=0)


@pytest.fixture
def led(tmp_path: Path) -> None:
    """Another process leads."""
    assert Leader(tmp_path / LOCK_FILE).try_lead()


def test_a_job_is_told_with_its_last_run_and_its_next(
    program: Program, services: Services, led: None
) -> None:
    run_id = services.job_book.begin("sweep", 77, ordered=True, next_at=4000.0)
    (job,) = program.get("/api/jobs")["jobs"]
    assert job["state"] == "running"
    assert (job["running"]["process"], job["running"]["ordered"], job["running"]["ms"]) == (77, True, None)
    services.job_book.end("sweep", run_id, ok=True, message="Nothing was old.", next_at=4000.0)
    (job,) = program.get("/api/jobs")["jobs"]
    assert (job["name"], job["title"], job["state"]) == ("sweep", "Delete what is old", "waiting")
    assert (job["every_seconds"], job["next_at"], job["running"]) == (3600, "1970-01-01T01:06:40Z", None)
    assert (job["last"]["state"], job["last"]["message"]) == ("ok", "Nothing was old.")
    assert program.get("/api/jobs/sweep/runs") == {"job": job, "runs": [job["last"]]}


def test_it_is_told_when_nobody_runs_the_jobs(program: Program, services: Services) -> None:
    services.job_book.begin("sweep", 77, ordered=True, next_at=4000.0)
    told = program.get("/api/jobs")
    assert told["process"] is None
    assert told["jobs"][0]["state"] == "waiting", "the process that ran it is gone"


def test_orders_are_written_down_for_whoever_leads_and_so_is_who_gave_them(
    program: Program, services: Services
) -> None:
    program.post("/api/jobs/sweep/pause")
    program.post("/api/jobs/sweep/run")
    (job,) = program.get("/api/jobs")["jobs"]
    assert (job["state"], job["paused"], job["wanted"]) == ("paused", True, True)
    assert services.job_book.orders().paused == {"sweep"}
    program.post("/api/jobs/sweep/resume")
    assert not services.job_book.orders().paused
    deeds = [(one.action, one.target) for one in services.audit.page(limit=3)]
    assert deeds == [("job.resumed", "sweep"), ("job.ordered", "sweep"), ("job.paused", "sweep")]


@pytest.mark.parametrize("order", ["run", "pause", "resume"])
def test_a_job_that_is_not_there_takes_no_orders(program: Program, order: str) -> None:
    told = program.refused("POST", f"/api/jobs/tidy/{order}", 404)
    assert told["error"] == "There is no job tidy; GET /api/jobs lists those there are."
    program.refused("GET", "/api/jobs/tidy/runs", 404)
