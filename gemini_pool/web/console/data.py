"""Everything in and out: one file with all that is kept, taken over after a look into it; and backups."""

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from gemini_pool.errors import BadRequest, CallerError
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.transfer import MOST_CHARACTERS, carried_out, preview_of
from gemini_pool.web.console.faults import sentence
from gemini_pool.web.console.settings import GROUPS
from gemini_pool.wiring import services

bp = Blueprint("data", __name__, url_prefix="/settings/data")

ACTIONS = {
    "add": _l("is added"),
    "update": _l("is updated"),
    "unchanged": _l("stays as it is"),
    "ask": _l("may be an account that is there: take it over on the page of accounts"),
    "incomplete": _l("lacks something and is left out"),
}
MOST_SHOWN = 200


@bp.get("")
def page() -> str:
    """GET /settings/data."""
    return _show()


@bp.post("/preview")
def preview() -> Response:
    """Look into a file: what taking it over would do. Nothing of it is kept."""
    try:
        text = _text()
        intent = services().office.transfer.preview(text, replacing=_replacing())
    except CallerError as error:
        return make_response(_show(fault=sentence(error)), 400)
    return make_response(
        _show(
            found=preview_of(intent),
            digest=_digest(text),
            models=len(intent.models),
            models_deleted=len(intent.models_deleted),
            settings=sorted(intent.settings),
            keys=len(intent.keys),
        )
    )


@bp.post("/import")
def take_over() -> Response:
    """Take over the file that was looked into, and no other."""
    try:
        text = _text()
        if request.form.get("digest", "") != _digest(text):
            raise BadRequest(_("This is not the file that you looked into. Look into it first."))
        done = carried_out(services().office.transfer.preview(text, replacing=_replacing()))
    except CallerError as error:
        return make_response(_show(fault=sentence(error)), 400)
    said = _(
        "Taken over: %(added)s accounts added, %(updated)s updated, %(deleted)s deleted. "
        "What was there before is in the backup %(backup)s.",
        added=done.added,
        updated=done.updated,
        deleted=done.deleted,
        backup=done.backup,
    )
    flash(said, "good")
    return redirect(url_for(".page"), 303)


@bp.post("/backup")
def back_up() -> Response:
    """Make a backup now."""
    name = services().office.backups.make().name
    wrote("backup.made", name)
    flash(_("The backup %(name)s is made.", name=name), "good")
    return redirect(url_for(".page"), 303)


def _show(fault: str = "", found: Any = None, **more: Any) -> str:
    s = services()
    given: Mapping[str, Any] = {"mode": request.form.get("mode", "merge")}
    return render_template(
        "data.html",
        fault=fault,
        found=found,
        shown=found.entries[:MOST_SHOWN] if found else (),
        actions=ACTIONS,
        given=given,
        backups=s.office.backups.listed(),
        folder=s.settings.data_path / "backups",
        groups=GROUPS,
        **more,
    )


def _text() -> str:
    """The file of the form; BadRequest."""
    file = request.files.get("file")
    held = file.read(MOST_CHARACTERS * 4 + 1) if file else b""
    if not held.strip():
        raise BadRequest(_("Choose a file first; this one is empty or was not sent."))
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequest(_("This file is no text. Choose a JSON file, as Export makes it.")) from None


def _replacing() -> bool:
    return request.form.get("mode") == "replace"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
