"""Other instances: who is given our new cookies, and who may bring us theirs. A token's text is in one answer
and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from gemini_pool.errors import CallerError
from gemini_pool.roster import masked
from gemini_pool.store.peers import Peer, PeerKind
from gemini_pool.web.api import peers as api
from gemini_pool.web.api.described import filled
from gemini_pool.web.console.faults import faults
from gemini_pool.web.console.peer_words import KINDS, SAID
from gemini_pool.web.console.settings import GROUPS
from gemini_pool.web.console.told import retold
from gemini_pool.web.links import public_base
from gemini_pool.wiring import services

bp = Blueprint("peers", __name__, url_prefix="/settings/peers")

TEXTS = ("name", "url", "token", "kind")
SWITCHES = ("enabled", "create_missing")
NEW = {"kind": PeerKind.GEMINI_POOL.value, "enabled": True}


@dataclass(frozen=True, slots=True)
class PeerLine:
    """An instance as the page shows it; `waiting` accounts are still to be brought to it."""

    peer: Peer
    kind: LazyString | str
    failure: str
    waiting: int


@bp.get("")
def page() -> str:
    """GET /settings/peers."""
    return _list({})


@bp.get("/add")
def new() -> str:
    """GET /settings/peers/add: the form of a new instance."""
    return _form(None, NEW, {})


@bp.post("/add")
def add() -> Response:
    given = _given()
    try:
        api.add(filled(api.NewPeer, given))
    except CallerError as error:
        return make_response(_form(None, given, faults(error)), 400)
    flash(_("%(name)s is added. Test it, then send it what it is to have.", name=given["name"]), "good")
    return _back()


@bp.get("/<id:peer_id>")
def one(peer_id: int) -> str:
    """GET /settings/peers/3: the form of an instance that is there."""
    peer = api.known(peer_id)
    held = {name: getattr(peer.given, name) for name in (*TEXTS, *SWITCHES) if name != "token"}
    return _form(peer, held, {})


@bp.post("/<id:peer_id>")
def change(peer_id: int) -> Response:
    peer, given = api.known(peer_id), _given()
    try:
        api.change(peer_id, filled(api.PeerChanges, given))
    except CallerError as error:
        return make_response(_form(peer, given, faults(error)), 400)
    flash(_("%(name)s is changed; what waits for it is tried at once.", name=given["name"]), "good")
    return _back()


@bp.post("/<id:peer_id>/delete")
def delete(peer_id: int) -> Response:
    name = api.known(peer_id).given.name
    api.delete(peer_id)
    flash(_("%(name)s is forgotten, and is sent nothing any more.", name=name), "good")
    return _back()


@bp.post("/<id:peer_id>/test")
def test(peer_id: int) -> Response:
    """Try the line and the token; nothing is sent."""
    name = api.known(peer_id).given.name
    tried = api.test(peer_id)
    told = _("%(name)s: %(told)s", name=name, told=retold(tried.message, SAID))
    flash(told, "good" if tried.success else "bad")
    return _back()


@bp.post("/<id:peer_id>/push")
def push(peer_id: int) -> Response:
    """Send the cookies of all accounts that are switched on."""
    peer = api.known(peer_id)
    if not peer.given.enabled:
        flash(_("%(name)s is switched off: switch it on first.", name=peer.given.name), "warn")
        return _back()
    count = api.push(peer_id).count
    told = ngettext(
        "The cookies of %(num)s account are sent to %(name)s.",
        "The cookies of %(num)s accounts are sent to %(name)s.",
        count,
        name=peer.given.name,
    )
    late = _("Nobody runs the background jobs now: they are sent as soon as somebody does.")
    led = services().jobs.leader() is not None
    flash(told if led else f"{told} {late}", "good" if led else "warn")
    return _back()


@bp.get("/tokens")
def tokens() -> Response:
    """Where the answer that shows a token was: it is not shown again."""
    return _back()


@bp.post("/tokens")
def make_token() -> Response:
    """Make a token. Its text is in this very answer: an address that could be asked for again has none."""
    try:
        body = filled(api.NewToken, {"name": request.form.get("token_name", "").strip()})
    except CallerError as error:
        return make_response(_list({f"token_{name}": told for name, told in faults(error).items()}), 400)
    made = api.make_token(body)
    base = public_base(request, services()) or request.host_url.rstrip("/")
    return make_response(render_template("peer_token.html", name=body.name, text=made.token, base=base))


@bp.post("/tokens/<id:token_id>/revoke")
def revoke(token_id: int) -> Response:
    api.revoke(token_id)
    flash(_("The token is revoked: nothing is taken with it any more."), "good")
    return _back()


def _list(wrong: Mapping[str, str]) -> str:
    s = services()
    waiting = s.peers.queue.waiting()
    lines = [
        PeerLine(peer, KINDS[peer.given.kind], retold(peer.failure, SAID), waiting.get(peer.id, 0))
        for peer in s.peers.all()
    ]
    return render_template(
        "peers.html",
        lines=lines,
        tokens=s.sync_tokens.list(),
        sync_only=s.settings.sync_only,
        faults=wrong,
        typed=request.form.get("token_name", ""),
        groups=GROUPS,
    )


def _form(peer: Peer | None, given: Mapping[str, Any], wrong: Mapping[str, str]) -> str:
    return render_template(
        "peer.html",
        peer=peer,
        given=given,
        held=masked(peer.given.token) if peer else "",
        faults=wrong,
        kinds=[(kind.value, word) for kind, word in KINDS.items()],
    )


def _given() -> dict[str, Any]:
    """What the form says. A box that is not ticked is not sent."""
    texts = {name: request.form.get(name, "").strip() for name in TEXTS}
    return {**texts, **{name: name in request.form for name in SWITCHES}}


def _back() -> Response:
    return redirect(url_for(".page"), 303)
