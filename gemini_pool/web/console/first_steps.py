"""The first visit after its password: an account, a key, and a question that the pool answers."""

from flask import Blueprint, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from gemini_pool.errors import CallerError
from gemini_pool.web.api import keys as api
from gemini_pool.web.api.described import filled
from gemini_pool.web.console.faults import faults
from gemini_pool.web.console.snippets import snippets
from gemini_pool.wiring import services

bp = Blueprint("first_steps", __name__, url_prefix="/welcome")

MODEL = "gemini-auto"


@bp.get("")
def page() -> str:
    """GET /welcome: what is done already, and what is next."""
    return _show()


@bp.post("/key")
def make_key() -> Response:
    """Make a key; its text is in this very answer, with what to do with it."""
    name = request.form.get("name", "").strip() or _("My first key")
    try:
        made = api.make(filled(api.NewKey, {"name": name}))
    except CallerError as error:
        return make_response(_show(fault=faults(error).get("name", str(error))), 400)
    return make_response(_show(text=made.key, made=made.key_info))


def _show(text: str = "", made: api.KeyShown | None = None, fault: str = "") -> str:
    s = services()
    profiles = s.office.profiles.get()
    return render_template(
        "welcome.html",
        accounts=len(profiles),
        keys=sum(key.active for key in s.keys.list()),
        text=text,
        made=made,
        fault=fault,
        snippets=snippets(text, MODEL) if text else (),
        model=MODEL,
    )
