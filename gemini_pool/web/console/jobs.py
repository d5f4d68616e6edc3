"""Background jobs: what each does, when it ran and how that went, and buttons for those who cannot wait."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from gemini_pool.store.job_book import JobNow, JobRun, RunState
from gemini_pool.web.api import jobs as api
from gemini_pool.web.console.job_words import ENDS, STANDINGS, Standing, about, outcome, rank, title
from gemini_pool.web.same_site import local_path
from gemini_pool.wiring import services

bp = Blueprint("jobs", __name__, url_prefix="/activity/jobs")

HERE = "/activity/jobs"


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run of a job as a page shows it."""

    run: JobRun
    ended: Standing
    outcome: str


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job as a page shows it; times in epoch seconds. `since`: the run under way began then; `next_at` is
    None where nobody can tell the time of the next run, though there is one where it is `regular`."""

    job: JobNow
    title: str
    about: str
    standing: Standing
    since: float | None
    next_at: float | None
    regular: bool
    last: RunLine | None


@bp.get("")
def page() -> str:
    """GET /activity/jobs."""
    s, now = services(), time.time()
    process = s.jobs.leader()
    jobs = sorted(s.job_book.all(), key=lambda job: rank(job.entry.name))
    lines = [_line(job, process, now) for job in jobs]
    return render_template("jobs.html", tab="jobs", lines=lines, process=process)


@bp.get("/<name>")
def one(name: str) -> str:
    """GET /activity/jobs/health: a job with its latest runs."""
    s = services()
    job = s.job_book.get(name) or abort(404)
    process = s.jobs.leader()
    runs = [_run_line(run, process) for run in s.job_book.runs(name)]
    line = _line(job, process, time.time())
    return render_template("job.html", tab="jobs", line=line, runs=runs, process=process)


@bp.post("/<name>/run")
def run(name: str) -> Response:
    """Have it run now."""
    return _ordered(name, api.run, _("%(title)s: it begins within two seconds."))


@bp.post("/<name>/pause")
def pause(name: str) -> Response:
    """Have it run only when somebody asks for it."""
    return _ordered(name, api.pause, _("%(title)s: it runs only when it is asked for, until you resume it."))


@bp.post("/<name>/resume")
def resume(name: str) -> Response:
    """Have it run at its times again."""
    return _ordered(name, api.resume, _("%(title)s: it runs at its times again."))


def _ordered(name: str, order: Callable[[str], object], told: str) -> Response:
    order(name)
    s = services()
    job = s.job_book.get(name) or abort(404)
    if s.jobs.leader() is None:
        flash(
            _("It is noted. Nobody runs the background jobs now; it counts as soon as somebody does."), "warn"
        )
    else:
        flash(told % {"title": title(job.entry)}, "good")
    return redirect(local_path(request.form.get("next", ""), HERE), 303)


def _line(job: JobNow, process: int | None, now: float) -> JobLine:
    led = process is not None
    running = job.running if led else None  # nobody runs what a dead process has begun
    state = "running" if running else "paused" if job.paused else "waiting" if led else "idle"
    regular = state == "waiting" and job.entry.every_seconds is not None
    return JobLine(
        job=job,
        title=title(job.entry),
        about=about(job.entry.name),
        standing=STANDINGS[state],
        since=running.started_at if running else None,
        next_at=job.next_at if led and job.next_at and job.next_at > now else None,
        regular=regular,
        last=_run_line(job.last, process) if job.last else None,
    )


def _run_line(run: JobRun, process: int | None) -> RunLine:
    """A run that nobody is at any more has been cut off, though nobody wrote that down yet."""
    state = run.state
    if state is RunState.RUNNING and process is None:
        state = RunState.CUT_OFF
    return RunLine(run, ENDS[state], outcome(run.message))
