"""Background jobs: when each runs, how it went, and orders to whichever process runs them."""

from pydantic import Field

from gemini_pool.errors import NotFound
from gemini_pool.store.job_book import JobNow, JobRun
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Done, Shape
from gemini_pool.web.api.moments import told
from gemini_pool.wiring import services

bp = Desk("jobs", "/api/jobs")

MOST_RUNS = 200


class RunShown(Shape):
    """`state` is running, ok, failed or cut_off (its process ended first); `ordered` when somebody asked for
    the run; `ms` how long it took, null while it runs."""

    id: int
    state: str
    ordered: bool
    process: int
    started_at: str | None
    ended_at: str | None
    message: str
    ms: int | None


class JobShown(Shape):
    """`state` is running, waiting or paused; `next_at` null where no run is planned; `every_seconds` null for
    a job that runs only when it is asked for; `wanted` until a run begins that was asked for."""

    name: str
    title: str
    state: str
    paused: bool
    wanted: bool
    every_seconds: float | None
    next_at: str | None
    running: RunShown | None
    last: RunShown | None


class JobsShown(Shape):
    """`process` is the id of the process that runs the jobs; null when there is none: then none runs."""

    process: int | None
    jobs: list[JobShown]


class Most(Shape):
    limit: int = Field(50, ge=1, le=MOST_RUNS)


class RunsShown(Shape):
    job: JobShown
    runs: list[RunShown]


@bp.operation("GET")
def jobs() -> JobsShown:
    """All jobs, and which process runs them."""
    s = services()
    process = s.jobs.leader()
    return JobsShown(process=process, jobs=[_shown(job, process) for job in s.job_book.all()])


@bp.operation("GET", "/<name>/runs", errors=(404,))
def runs(name: str, query: Most) -> RunsShown:
    """The latest runs of a job, the newest first."""
    s = services()
    job = s.job_book.get(name)
    if job is None:
        raise _no_job(name)
    theirs = s.job_book.runs(name, query.limit)
    return RunsShown(job=_shown(job, s.jobs.leader()), runs=[_run_shown(run) for run in theirs])


@bp.operation("POST", "/<name>/run", errors=(404,))
def run(name: str) -> Done:
    """Run a job now, also one that is paused; once more, if it is under way. It begins within two seconds."""
    return _done("job.ordered", name, services().job_book.want(name))


@bp.operation("POST", "/<name>/pause", errors=(404,))
def pause(name: str) -> Done:
    """Run a job only when it is asked for. A run that is under way is not cut off."""
    return _done("job.paused", name, services().job_book.pause(name))


@bp.operation("POST", "/<name>/resume", errors=(404,))
def resume(name: str) -> Done:
    """Run a job at its times again."""
    return _done("job.resumed", name, services().job_book.resume(name))


def _done(deed: str, name: str, known: bool) -> Done:
    if not known:
        raise _no_job(name)
    wrote(deed, name)
    return Done()


def _no_job(name: str) -> NotFound:
    return NotFound(f"There is no job {name}; GET /api/jobs lists those there are.")


def _shown(job: JobNow, process: int | None) -> JobShown:
    running = job.running if process is not None else None  # nobody runs what a dead process has begun
    return JobShown(
        name=job.entry.name,
        title=job.entry.title,
        state="running" if running else "paused" if job.paused else "waiting",
        paused=job.paused,
        wanted=job.wanted,
        every_seconds=job.entry.every_seconds,
        next_at=told(job.next_at),
        running=_run_shown(running) if running else None,
        last=_run_shown(job.last) if job.last else None,
    )


def _run_shown(run: JobRun) -> RunShown:
    return RunShown(
        id=run.id,
        state=run.state.value,
        ordered=run.ordered,
        process=run.process,
        started_at=told(run.started_at),
        ended_at=told(run.ended_at),
        message=run.message,
        ms=run.ms,
    )
