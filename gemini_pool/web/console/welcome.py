"""The pages before the console: signing in, and the first visit. They work without a script."""

import math

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from gemini_pool.errors import CallerError, Forged, Invalid
from gemini_pool.web.admin import refuse_forged, signed_in
from gemini_pool.web.console.faults import faults, sentence
from gemini_pool.web.edge import status_of
from gemini_pool.web.same_site import local_path
from gemini_pool.web.signing import hand_over, set_up, sign_in, sign_out, take_back
from gemini_pool.wiring import services

bp = Blueprint("welcome", __name__)

OVERVIEW = "/"
NEXT_STEP = "/welcome"


@bp.get("/login")
def login() -> Response:
    """The form; whoever is signed in goes on, and the first visit sets the password."""
    if signed_in():
        return _see_other(_next())
    if not services().office.door.admins.has_password():
        return _see_other(url_for("welcome.setup"))
    return _form("login.html")


@bp.post("/login")
def log_in() -> Response:
    """Sign in and go on to where one wanted to go."""
    try:
        token = sign_in(request.form.get("password", ""), request.form.get("code", ""))
    except CallerError as error:
        return _form("login.html", error)
    return hand_over(_see_other(_next()), token)


@bp.get("/setup")
def setup() -> Response:
    """The form of the first visit."""
    if services().office.door.admins.has_password():
        return _see_other(url_for("welcome.login"))
    return _form("setup.html")


@bp.post("/setup")
def set_first_password() -> Response:
    """Set the password and sign in."""
    password = request.form.get("password", "")
    try:
        if password != request.form.get("again", ""):
            why = "The two are not the same. Type the password twice."
            raise Invalid(why, fields={"again": why})
        token = set_up(request.form.get("code", ""), password)
    except CallerError as error:
        return _form("setup.html", error)
    return hand_over(_see_other(NEXT_STEP), token)


@bp.post("/logout")
def log_out() -> Response:
    """Sign out, by a form that carries the page's `csrf_token`."""
    if admin := signed_in():
        refuse_forged(admin)
        sign_out(admin)
    return take_back(_see_other(url_for("welcome.login")))


def _form(template: str, error: CallerError | None = None) -> Response:
    """A form, with what was wrong beside its fields. What was typed is typed again: it is secret."""
    if isinstance(error, Forged):
        raise error
    page = render_template(
        template,
        error=sentence(error) if error and not isinstance(error, Invalid) else "",
        fields=faults(error) if isinstance(error, Invalid) else {},
        wait=math.ceil(error.retry_after) if error and error.retry_after else 0,
        next=_next(),
        totp=services().office.door.admins.has_totp(),
    )
    response = make_response(page, status_of(error) if error else 200)
    if error and error.retry_after is not None:
        response.headers["retry-after"] = str(math.ceil(error.retry_after))
    return response


def _next() -> str:
    return local_path(request.values.get("next", ""), OVERVIEW)


def _see_other(path: str) -> Response:
    return make_response(redirect(path, 303))
