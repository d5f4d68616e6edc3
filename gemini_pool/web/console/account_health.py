"""Health checks on the pages of accounts: what the last one found, and one at once."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect
from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from gemini_pool.errors import Stopping
from gemini_pool.store.health import Checkup, Found
from gemini_pool.web.api import health as api
from gemini_pool.web.api import jobs
from gemini_pool.web.api.accounts import known
from gemini_pool.web.console.accounts import where_from
from gemini_pool.web.console.job_words import outcome
from gemini_pool.web.console.told import retold
from gemini_pool.web.console.words import milliseconds
from gemini_pool.wiring import services

bp = Blueprint("account_health", __name__)

JOB = "health"


@dataclass(frozen=True, slots=True)
class Look:
    """What was found of an account: a word, its icon and its tone."""

    word: LazyString
    icon: str
    tone: str


LOOKS = {
    Found.HEALTHY: Look(_l("healthy"), "check-circle-fill", "good"),
    Found.NEEDS_SIGN_IN: Look(_l("needs a sign-in"), "box-arrow-in-right", "bad"),
    Found.FORBIDDEN: Look(_l("forbidden"), "shield-fill-x", "bad"),
    Found.LIMITED: Look(_l("has met a limit"), "pause-circle-fill", "warn"),
    Found.UNREACHABLE: Look(_l("could not be reached"), "exclamation-triangle-fill", "warn"),
}
# What checks say of themselves (gemini_pool/jobs/health_rules.py); what the service says stays as it is.
KNOWN = (
    _l("It answered a caller."),
    _l("The service gave it a token."),
    _l(
        "The service gave it a token. It stays out until somebody enables it, or gives it new cookies.",
    ),
)


@dataclass(frozen=True, slots=True)
class HealthLine:
    """`checkup` and `look` are None before the first check; `message` explains what was found; `next_at` is
    the next look in epoch seconds, None where nobody can tell; `automatic`: checks run by themselves."""

    checkup: Checkup | None
    look: Look | None
    message: str
    next_at: float | None
    automatic: bool


def health_of(account_id: int) -> HealthLine:
    """What the account's page says of its checks."""
    s = services()
    found = s.health.checkups().get(account_id)
    job = s.job_book.get(JOB) if s.jobs.leader() is not None else None
    later = found.next_at if found else None
    planned = job.next_at if job else None
    return HealthLine(
        checkup=found,
        look=LOOKS[found.found] if found else None,
        message=retold(found.message) if found else "",
        next_at=max(later, planned) if later and planned else planned,
        automatic=job is not None and job.entry.every_seconds is not None and not job.paused,
    )


@bp.post("/accounts/<id:account_id>/check")
def check(account_id: int) -> Response:
    """Check an account now, and say what was found."""
    name = known(account_id).account.name
    try:
        api.check_one(account_id)
    except Stopping:
        flash(_("%(name)s gave no answer in time. Nothing is concluded from that.", name=name), "warn")
        return redirect(where_from(), 303)
    found = services().health.checkups()[account_id]
    told = _(
        "%(name)s: %(found)s (%(time)s).",
        name=name,
        found=LOOKS[found.found].word,
        time=milliseconds(found.ms),
    )
    flash(told, LOOKS[found.found].tone)
    return redirect(where_from(), 303)


@bp.post("/accounts/check-all")
def check_all() -> Response:
    """Order a round of checks, which its own page shows; where nobody runs the jobs, check all here."""
    if services().jobs.leader() is not None:
        jobs.run(JOB)
        flash(_("A round of checks begins within two seconds; what comes of it appears here."), "good")
        return redirect(f"/activity/jobs/{JOB}", 303)
    checked = api.check_all()
    failed = sum(one.status == "failed" for one in checked.results)
    count = ngettext("%(num)s account was checked", "%(num)s accounts were checked", len(checked.results))
    flash(
        _("%(count)s: %(counts)s", count=count, counts=outcome(checked.message)), "warn" if failed else "good"
    )
    return redirect(where_from(), 303)
