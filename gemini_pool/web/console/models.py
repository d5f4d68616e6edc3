"""Models: what callers may ask for, in which order, and what that is upstream."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from gemini_pool.errors import CallerError, NotFound
from gemini_pool.roster import QuotaKind
from gemini_pool.web.api import models as api
from gemini_pool.web.api.described import filled
from gemini_pool.web.console.faults import faults

bp = Blueprint("models", __name__, url_prefix="/models")

KINDS = {QuotaKind.TEXT: _l("Text"), QuotaKind.IMAGES: _l("Pictures"), QuotaKind.VIDEOS: _l("Films")}
SAID = {"id": _l("Give a name of 1 to 200 characters that no other model has, without spaces around it.")}
NEW: Mapping[str, Any] = {"kind": "text", "enabled": True, "context_length": 32768, "max_tokens": 8192}


@bp.get("")
def page() -> str:
    """GET /models."""
    return render_template("models.html", models=api.models().models, kinds=KINDS)


@bp.get("/edit")
def edit() -> str:
    """GET /models/edit?id=…; without an id a new model."""
    model_id = request.args.get("id", "")
    return _form(_known(model_id).model_dump(mode="json") if model_id else NEW, {}, known=bool(model_id))


@bp.post("/edit")
def save() -> Response:
    """Add a model, or change the one that `was` names; its id stays."""
    form, was = request.form, request.form.get("was", "")
    try:
        if was:
            api.edit(was, filled(api.ModelChanges, _given()))
        else:
            api.add(filled(api.NewModel, {**_given(), "id": form.get("id", "").strip()}))
    except NotFound:
        raise
    except CallerError as error:
        shown = {**form.to_dict(), "id": was or form.get("id", ""), "enabled": bool(form.get("enabled"))}
        return make_response(_form(shown, faults(error, {} if was else SAID), known=bool(was)), 400)
    flash(_("The model is saved; callers have it from now on."), "good")
    return _back()


@bp.post("/switch")
def switch() -> Response:
    """Have a model listed, or not."""
    model_id, enabled = request.form.get("id", ""), request.form.get("enabled") == "1"
    api.edit(model_id, filled(api.ModelChanges, {"enabled": enabled}))
    said = (
        _("%(name)s can be asked for.")
        if enabled
        else _("%(name)s is switched off: asking for it is refused.")
    )
    flash(said % {"name": model_id}, "good")
    return _back()


@bp.post("/move")
def move() -> Response:
    """Change places with the neighbour above (-1) or below (1)."""
    ids = [model.id for model in api.models().models]
    model_id = _known(request.form.get("id", "")).id
    at = ids.index(model_id)
    to = min(max(at + (-1 if request.form.get("to") == "up" else 1), 0), len(ids) - 1)
    ids[at], ids[to] = ids[to], ids[at]
    api.order(api.Order(ids=ids))
    return redirect(f"{url_for('.page')}#m{to}", 303)


@bp.post("/delete")
def delete() -> Response:
    model_id = request.form.get("id", "")
    api.delete(model_id)
    flash(_("The model %(name)s is deleted.", name=model_id), "good")
    return _back()


def _form(given: Mapping[str, Any], wrong: Mapping[str, str], *, known: bool) -> str:
    others = [model.id for model in api.models().models if model.id != given.get("id")]
    aliases = given.get("aliases", "")
    shown = {**given, "aliases": aliases if isinstance(aliases, str) else ", ".join(aliases)}
    return render_template(
        "model.html", given=shown, faults=wrong, known=known, others=[("", _("none")), *others], kinds=KINDS
    )


def _given() -> dict[str, Any]:
    form = request.form
    texts = ("name", "description", "api_model_id", "kind", "better", "price_per_1k_tokens")
    given: dict[str, Any] = {name: form.get(name, "").strip() for name in texts}
    given |= {name: form.get(name, "").strip() or "0" for name in ("context_length", "max_tokens")}
    given["aliases"] = [one.strip() for one in form.get("aliases", "").split(",") if one.strip()]
    given["enabled"] = bool(form.get("enabled"))
    return given


def _known(model_id: str) -> api.ModelShown:
    found = next((model for model in api.models().models if model.id == model_id), None)
    if found is None:
        raise NotFound(_("There is no model %(name)s.", name=model_id))
    return found


def _back() -> Response:
    return redirect(url_for(".page"), 303)
