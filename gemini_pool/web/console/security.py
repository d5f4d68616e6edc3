"""One's own sign-in: the password, the second factor, and who else is signed in."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from gemini_pool.errors import CallerError, Invalid
from gemini_pool.web.api import administrator as api
from gemini_pool.web.api.described import filled
from gemini_pool.web.console import qr
from gemini_pool.web.console.faults import faults
from gemini_pool.web.console.settings import GROUPS
from gemini_pool.wiring import services

bp = Blueprint("security", __name__, url_prefix="/settings/security")

# What a form gives back of a second factor that is being set up, so that a wrong code does not begin it anew.
BEGUN = re.compile(r"otpauth://totp/[\w.%:-]{1,60}\?[\w.%&=:-]{1,120}")


@bp.get("")
def page() -> Response:
    """GET /settings/security."""
    return _show()


@bp.post("/password")
def password() -> Response:
    """Change it; all other sessions end."""
    form = request.form
    try:
        if form.get("new", "") != form.get("again", ""):
            why = "The two are not the same. Type the password twice."
            raise Invalid(why, fields={"again": why})
        api.password(filled(api.NewPassword, {"old": form.get("old", ""), "new": form.get("new", "")}))
    except CallerError as error:
        return _show(_wrong(error, whole="old"), 400)
    flash(_("The password is changed. Whoever was signed in elsewhere must sign in again."), "good")
    return _back()


@bp.post("/second-factor")
def begin() -> Response:
    """Show what an authenticator has to be given: in this very answer, for it is a secret."""
    begun = api.begin_totp()
    return _show(begun={"secret": begun.secret, "uri": begun.uri})


@bp.post("/second-factor/confirm")
def confirm() -> Response:
    """Switch it on; the recovery codes are in this answer and nowhere else."""
    try:
        codes = api.confirm_totp(filled(api.Code, {"code": request.form.get("code", "")})).recovery_codes
    except CallerError as error:
        return _show(_wrong(error, whole="code"), 400, begun=_begun_before())
    return make_response(render_template("recovery_codes.html", codes=codes, groups=GROUPS))


@bp.post("/second-factor/off")
def drop() -> Response:
    try:
        api.drop_totp(filled(api.PasswordAgain, {"password": request.form.get("password", "")}))
    except CallerError as error:
        return _show(_wrong(error, whole="password"), 400)
    flash(_("The second factor is off: the password alone signs in."), "good")
    return _back()


@bp.post("/sessions/<int:session_id>/end")
def end(session_id: int) -> Response:
    api.end_session(session_id)
    flash(_("The session has ended."), "good")
    return _back()


@bp.post("/sessions/end-others")
def end_others() -> Response:
    ended = api.end_other_sessions().ended
    said = ngettext("%(num)s other session has ended.", "%(num)s other sessions have ended.", ended)
    flash(said, "good")
    return _back()


def _show(
    wrong: Mapping[str, str] | None = None, status: int = 200, *, begun: Mapping[str, str] | None = None
) -> Response:
    door = services().office.door
    shown = render_template(
        "security.html",
        faults=wrong or {},
        fixed=door.admins.is_fixed,
        totp=door.admins.has_totp(),
        begun=begun,
        qr=qr.path_of(begun["uri"]) if begun else "",
        side=qr.SIZE + 2 * qr.QUIET,
        sessions=door.sessions.list(),
        current=g.admin.session_id,
        groups=GROUPS,
    )
    return make_response(shown, status)


def _wrong(error: CallerError, *, whole: str) -> dict[str, str]:
    """By field; what fits no field stands beside `whole`."""
    return {name or whole: told for name, told in faults(error).items()}


def _begun_before() -> dict[str, Any] | None:
    """What the form says was begun; nothing is done with it but to show it again."""
    secret, uri = request.form.get("secret", ""), request.form.get("uri", "")
    fits = BEGUN.fullmatch(uri) and len(uri) <= qr.MOST_BYTES and re.fullmatch(r"[A-Z2-7]{16,64}", secret)
    return {"secret": secret, "uri": uri} if fits else None


def _back() -> Response:
    return make_response(redirect(url_for(".page"), 303))
