"""The admin API's door: signing in and out, and the first password."""

from flask import Blueprint, Response

from gemini_pool.web.admin import refuse_forged, signed_in
from gemini_pool.web.api.bodies import text_of
from gemini_pool.web.edge import read_json, reply_json
from gemini_pool.web.signing import hand_over, set_up, sign_in, sign_out, take_back

bp = Blueprint("auth", __name__, url_prefix="/api/auth")

LEVEL = "admin"  # there is no other


@bp.post("/login")
def login() -> Response:
    """Sign in: `{password, code?}`; the token is the cookie's as well."""
    body = read_json()
    return signed_in_by(sign_in(text_of(body, "password"), text_of(body, "code", "")))


@bp.post("/setup")
def setup() -> Response:
    """Set the first password and sign in: `{code, password}`."""
    body = read_json()
    return signed_in_by(set_up(text_of(body, "code"), text_of(body, "password")))


@bp.post("/logout")
def logout() -> Response:
    """End the session that this is sent with, if it is one."""
    if admin := signed_in():
        refuse_forged(admin)
        sign_out(admin)
    return take_back(reply_json({"success": True}))


def signed_in_by(token: str) -> Response:
    return hand_over(reply_json({"success": True, "token": token, "level": LEVEL}), token)
