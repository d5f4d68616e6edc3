"""Work that takes long, as pages show it: their address names it (`?work=7`), and it can be stopped."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from gemini_pool.errors import NotFound
from gemini_pool.web.api import works as api
from gemini_pool.web.same_site import local_path

bp = Blueprint("works", __name__)

LONGEST_ID = 15


@bp.post("/works/<id:work_id>/cancel")
def cancel(work_id: int) -> Response:
    """Stop work, and go back to the page that shows it."""
    if not api.cancel(work_id).success:
        flash(_("This had ended before it could be stopped."))
    return redirect(local_path(request.form.get("next", ""), "/"), 303)


def work_asked_for() -> api.WorkWithItems | None:
    """The work that this page's address names, if it is still known."""
    asked = request.args.get("work", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_ID):
        return None
    try:
        return api.work(int(asked))
    except NotFound:
        return None


def with_work(back: str, work_id: int) -> Response:
    """Back to a page, which then shows this work."""
    parts = urlsplit(back)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "work"]
    return redirect(f"{parts.path}?{urlencode([*query, ('work', work_id)])}", 303)
