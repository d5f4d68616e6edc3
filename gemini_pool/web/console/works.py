"""Work that takes long, as pages show it: a list of it, a page for each, and a panel on the page that it was
begun on (`?work=7`). Work that was ordered can be paused as well, and what failed of it tried again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from gemini_pool.errors import NotFound
from gemini_pool.store.orders import REFRESH
from gemini_pool.store.sign_ins import SignIn
from gemini_pool.web.api import works as api
from gemini_pool.web.same_site import local_path
from gemini_pool.wiring import services

bp = Blueprint("works", __name__)

HERE = "/activity/work"
LONGEST_ID = 15
# A page with more rows than these would be heavy; what is under way or went wrong comes first then.
MOST_SHOWN = 200
FIRST = ("running", "failed", "waiting", "ok", "skipped")


@dataclass(frozen=True, slots=True)
class Line:
    """A thing that is worked on. `account_id` is the account it is about, where there is one; `picture` the
    sign-in that shows what was to be seen when it failed."""

    number: int
    item: api.ItemShown
    account_id: int | None
    picture: int | None

    @property
    def took_ms(self) -> int:
        return sum(step.ms for step in self.item.steps)


@dataclass(frozen=True, slots=True)
class Followed:
    """Work with what a page shows of it; `left_out` counts the lines for which there is no room."""

    work: api.WorkShown
    lines: tuple[Line, ...]
    left_out: int


@bp.get("/activity/work/<id:work_id>")
def page(work_id: int) -> str:
    """GET /activity/work/7: how far it is, and what came of it."""
    return render_template("work.html", followed=_followed(api.work(work_id)))


@bp.post("/works/<id:work_id>/cancel")
def cancel(work_id: int) -> Response:
    """Stop work, and go back to the page that shows it."""
    if not api.cancel(work_id).success:
        flash(_("This had ended before it could be stopped."))
    return redirect(_where_from(), 303)


@bp.post("/works/<id:work_id>/pause")
def pause(work_id: int) -> Response:
    """Begin nothing further of it."""
    if not api.pause(work_id).success:
        flash(_("This had ended before it could be paused."))
    return redirect(_where_from(), 303)


@bp.post("/works/<id:work_id>/resume")
def resume(work_id: int) -> Response:
    """Go on with it."""
    if not api.resume(work_id).success:
        flash(_("This has ended meanwhile."))
    return redirect(_where_from(), 303)


@bp.post("/works/<id:work_id>/again")
def again(work_id: int) -> Response:
    """Order once more what failed of it."""
    begun = api.again(work_id).work_id
    if begun is None:
        flash(_("Nothing of it had failed, or all of that is under way already."))
        return redirect(_where_from(), 303)
    back = _where_from()
    return redirect(f"{HERE}/{begun}", 303) if back.startswith(f"{HERE}/") else with_work(back, begun)


def work_asked_for() -> Followed | None:
    """The work that this page's address names, if it is still known."""
    asked = request.args.get("work", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_ID):
        return None
    try:
        return _followed(api.work(int(asked)))
    except NotFound:
        return None


def with_work(back: str, work_id: int) -> Response:
    """Back to a page, which then shows this work."""
    parts = urlsplit(back)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "work"]
    return redirect(f"{parts.path}?{urlencode([*query, ('work', work_id)])}", 303)


def _where_from() -> str:
    return local_path(request.form.get("next", ""), HERE)


def _followed(told: api.WorkWithItems) -> Followed:
    sign_ins = services().sign_ins.of_work(told.work.id) if told.work.ordered else []
    newest = {one.address: one for one in reversed(sign_ins)}
    lines = [_line(number, item, told.work.kind, newest) for number, item in enumerate(told.items)]
    shown = _those_that_matter(lines)
    return Followed(told.work, tuple(shown), len(lines) - len(shown))


def _line(number: int, item: api.ItemShown, kind: str, sign_ins: Mapping[str, SignIn]) -> Line:
    sign_in = sign_ins.get(item.name)
    about = int(item.ref) if kind in (REFRESH, "test") else sign_in.account_id if sign_in else None
    seen = sign_in.id if sign_in and sign_in.evidence and item.state == "failed" else None
    return Line(number, item, about, seen)


def _those_that_matter(lines: Sequence[Line]) -> list[Line]:
    if len(lines) <= MOST_SHOWN:
        return list(lines)
    ranked = sorted(lines, key=lambda line: FIRST.index(line.item.state))[:MOST_SHOWN]
    return sorted(ranked, key=lambda line: line.number)
