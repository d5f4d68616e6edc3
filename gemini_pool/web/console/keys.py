"""Keys: let somebody in, and see what he does with it. A key's text is in one answer and nowhere else."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from gemini_pool.errors import CallerError
from gemini_pool.store.keys import KeyListing
from gemini_pool.web.api import keys as api
from gemini_pool.web.api.described import filled
from gemini_pool.web.console.faults import faults
from gemini_pool.web.console.key_words import limits_in_short, standing
from gemini_pool.web.console.snippets import snippets
from gemini_pool.web.console.usage import period_of, usage
from gemini_pool.wiring import services

bp = Blueprint("keys", __name__, url_prefix="/keys")

ON_PAGE = 50
NUMBERS = ("per_minute", "per_day", "concurrent", "tokens_per_day")
DEFAULT_MODEL = "gemini-auto"
SORTS = {
    "name": lambda key: key.name.casefold(),
    "calls": lambda key: key.usage_count,
    "used": lambda key: key.last_used_at or 0.0,
}
SAID = {
    "name": _l("Say whom the key is for."),
    "networks": _l("Write addresses and networks as 192.0.2.7 or 2001:db8::/32, with commas between them."),
}


@bp.get("")
def page() -> str:
    """GET /keys?q=…&sort=-calls&page=2."""
    return _list({}, {})


@bp.post("")
def make() -> Response:
    """Make a key. Its text is in this very answer: an address that could be asked for again has none."""
    try:
        made = api.make(filled(api.NewKey, _given()))
    except CallerError as error:
        return make_response(_list(request.form.to_dict(), faults(error, SAID)), 400)
    key = api.known(made.key_info.id)
    shown = render_template(
        "key_made.html", key=key, text=made.key, snippets=snippets(made.key, _a_model(key))
    )
    return make_response(shown)


@bp.get("/<int:key_id>")
def one(key_id: int) -> str:
    """GET /keys/7?period=7d."""
    return _one(api.known(key_id), {}, {})


@bp.post("/<int:key_id>")
def change(key_id: int) -> Response:
    key = api.known(key_id)
    try:
        api.change(key_id, filled(api.KeyChanges, _given()))
    except CallerError as error:
        return make_response(_one(key, request.form.to_dict(), faults(error, SAID)), 400)
    flash(_("The key is changed; its limits hold from now on."), "good")
    return redirect(url_for(".one", key_id=key_id), 303)


@bp.post("/<int:key_id>/revoke")
def revoke(key_id: int) -> Response:
    api.revoke(key_id)
    flash(_("The key is revoked: nobody can use it any more."), "good")
    return redirect(url_for(".one", key_id=key_id), 303)


@bp.post("/<int:key_id>/delete")
def delete(key_id: int) -> Response:
    name = api.known(key_id).name
    api.delete(key_id)
    flash(_("The key %(name)s is deleted. Its calls stay in the activity.", name=name), "good")
    return redirect(url_for(".page"), 303)


def _list(given: Mapping[str, Any], wrong: Mapping[str, str]) -> str:
    found = list(_sorted(_sought(services().keys.list())))
    number = request.args.get("page", 1, type=int)
    pages = max(1, -(-len(found) // ON_PAGE))
    at = min(max(number, 1), pages)
    now = time.time()
    rows = [
        (key, standing(key, now), limits_in_short(key)) for key in found[(at - 1) * ON_PAGE : at * ON_PAGE]
    ]
    return render_template(
        "keys.html",
        rows=rows,
        total=len(found),
        page=at,
        pages=pages,
        given=given,
        faults=wrong,
        chosen=request.form.getlist("models"),
        models=_models(),
        of_environment=len(services().settings.api_keys),
    )


def _one(key: KeyListing, given: Mapping[str, Any], wrong: Mapping[str, str]) -> str:
    held = {
        "name": key.name,
        "description": key.description,
        "image_format": key.image_format,
        "upgrade": key.upgrade,
        "networks": ", ".join(map(str, key.limits.networks)),
        **{name: getattr(key.limits, name) or "" for name in NUMBERS},
    }
    chosen = request.form.getlist("models") if given else sorted(key.limits.models)
    return render_template(
        "key.html",
        key=key,
        standing=standing(key, time.time()),
        given=given or held,
        faults=wrong,
        chosen=chosen,
        models=_models(chosen),
        **usage(key.id, period_of(request.args.get("period", ""))),
    )


def _given() -> dict[str, Any]:
    """The form as the API's shapes have it; days that are left empty change nothing."""
    form = request.form
    networks = form.get("networks", "").replace("\n", ",").split(",")
    given: dict[str, Any] = {
        name: form.get(name, "").strip() for name in ("name", "description", "image_format")
    }
    given |= {name: form.get(name, "").strip() or "0" for name in NUMBERS}
    given |= {"models": form.getlist("models"), "networks": [one.strip() for one in networks if one.strip()]}
    given["upgrade"] = bool(form.get("upgrade"))
    if days := form.get("expires_days", "").strip():
        given["expires_days"] = days
    return given


def _models(also: Iterable[str] = ()) -> list[str]:
    """Names that a key can be bound to; `also` are those that it is bound to already."""
    return list(dict.fromkeys([*(model.id for model in services().catalog.list()), *also]))


def _a_model(key: KeyListing) -> str:
    allowed = key.limits.models
    known = [name for name in _models() if not allowed or name in allowed]
    return DEFAULT_MODEL if DEFAULT_MODEL in known else next(iter(known), DEFAULT_MODEL)


def _sought(keys: Iterable[KeyListing]) -> list[KeyListing]:
    text = request.args.get("q", "").casefold()
    return [key for key in keys if text in f"{key.name}\n{key.prefix}\n{key.description}".casefold()]


def _sorted(keys: list[KeyListing]) -> list[KeyListing]:
    """The newest first, unless another order is asked for."""
    asked = request.args.get("sort", "")
    by = SORTS.get(asked.removeprefix("-"), lambda key: key.id)
    return sorted(keys, key=by, reverse=asked.startswith("-") or asked not in SORTS)
