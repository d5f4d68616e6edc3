"""Activity: calls, lines of the log, and what administrators changed; each searched and read page by page."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from gemini_pool.store.call_filter import CallFilter
from gemini_pool.web.api import activity as api
from gemini_pool.web.console.deed_words import deed
from gemini_pool.wiring import services

bp = Blueprint("activity", __name__, url_prefix="/activity")

ON_PAGE = 50
LARGEST_ID = 2**53
# More names than these would make the page heavy; then one types.
MOST_OFFERED = 200


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended, as people read it."""

    word: LazyString
    icon: str
    tone: str


ENDS = {
    "ok": Ended(_l("Answered"), "check-circle-fill", "good"),
    "error": Ended(_l("Failed"), "x-octagon-fill", "bad"),
    "client_closed": Ended(_l("Broken off"), "slash-circle", "off"),
    "interrupted": Ended(_l("Interrupted"), "pause-circle-fill", "warn"),
}
LEVELS = {
    "DEBUG": _l("All"),
    "INFO": _l("From INFO"),
    "WARNING": _l("From WARNING"),
    "ERROR": _l("From ERROR"),
}
TIMES = {"": _l("Any time"), "1h": _l("Last hour"), "24h": _l("Last 24 hours"), "7d": _l("Last 7 days")}
FILTERS = ("key", "model", "account", "status", "q", "time", "from", "to")
SECONDS = {"1h": 3600, "24h": 86_400, "7d": 7 * 86_400}


@bp.get("")
def page() -> str:
    """GET /activity?tab=calls|events|audit|work&before=…; `open` is the call shown with its attempts."""
    tab = request.args.get("tab", "calls")
    show = {"events": _events, "audit": _audit, "work": _work}.get(tab, _calls)
    return show()


@bp.post("/clear")
def clear() -> Response:
    """Forget the lines of the log that are kept here."""
    api.clear()
    flash(_("The events are cleared. The system's own log still has them."), "good")
    return redirect(url_for(".page", tab="events"), 303)


def _calls() -> str:
    s, wrong = services(), dict[str, str]()
    accounts = {one.account.id: one.account.name for one in s.office.profiles.get()}
    wanted = _wanted(wrong)
    found = s.journal.page(wanted, before_id=_id("before"), limit=ON_PAGE) if not wrong else None
    return render_template(
        "activity_calls.html",
        tab="calls",
        faults=wrong,
        calls=found.calls if found else (),
        next_before=found.next_before if found else None,
        searched_since=found.searched_since if found else None,
        opened=_id("open"),
        keys=[(str(key.id), key.name) for key in s.keys.list()],
        models=[model.id for model in s.catalog.list()],
        accounts=accounts,
        offered=accounts.values() if len(accounts) <= MOST_OFFERED else (),
        ends=ENDS,
        ending=[(name, end.word) for name, end in ENDS.items()],
        times=TIMES,
        filtered=any(request.args.get(name) for name in FILTERS),
    )


def _events() -> str:
    level = request.args.get("level", "")
    level = level if level in LEVELS else "DEBUG"
    text = request.args.get("q", "")[:200]
    lines = services().log_lines.page(level=level, text=text, before_id=_id("before"), limit=ON_PAGE + 1)
    older = lines[ON_PAGE - 1].id if len(lines) > ON_PAGE else None
    return render_template(
        "activity_events.html",
        tab="events",
        lines=lines[:ON_PAGE],
        next_before=older,
        level=level,
        levels=LEVELS,
    )


def _audit() -> str:
    text = request.args.get("q", "")[:200]
    changes = services().audit.page(before_id=_id("before"), limit=ON_PAGE + 1, text=text)
    older = changes[ON_PAGE - 1].id if len(changes) > ON_PAGE else None
    rows = [(change, deed(change.action)) for change in changes[:ON_PAGE]]
    return render_template("activity_audit.html", tab="audit", rows=rows, next_before=older)


def _work() -> str:
    return render_template("activity_work.html", tab="work", works=services().works.recent())


def _wanted(wrong: dict[str, str]) -> CallFilter:
    """What the query asks for; what it says wrongly goes into `wrong`, by field."""
    asked = request.args
    outcome = asked.get("status", "")
    since = _moment("from", wrong)
    if since is None and asked.get("time") in SECONDS:
        since = time.time() - SECONDS[asked["time"]]
    return CallFilter(
        key_id=_id("key"),
        account_id=_account(wrong),
        model=asked.get("model", "")[:200],
        outcome=outcome if outcome in ENDS else "",
        text=asked.get("q", "")[:200],
        since=since,
        until=_moment("to", wrong),
    )


def _account(wrong: dict[str, str]) -> int | None:
    """The account that is meant: by its number, or by its name."""
    text = request.args.get("account", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < len(str(LARGEST_ID)):
        return int(text)
    named = [one.account.id for one in services().office.profiles.get() if one.account.name == text]
    if not named:
        wrong["account"] = _("No account has this name. Give its whole name, or its number.")
        return None
    return named[0]


def _moment(name: str, wrong: dict[str, str]) -> float | None:
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        wrong[name] = _("Write it as 2026-11-21 16:00; the time is UTC.")
        return None


def _id(name: str) -> int | None:
    found = request.args.get(name, type=int)
    return found if found is not None and 0 <= found < LARGEST_ID else None
