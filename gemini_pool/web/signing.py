"""Signing in and out, the first password, another one, and the second factor: what pages and API share."""

import logging

from flask import Response, request

from gemini_pool.errors import Forged, Invalid, SignInRefused
from gemini_pool.store.throttle import Gate
from gemini_pool.web.admin import COOKIE, Admin, network_of, signed_in
from gemini_pool.web.callers_address import caller_address
from gemini_pool.web.links import scheme_of
from gemini_pool.web.same_site import is_foreign
from gemini_pool.wiring import Services, services

log = logging.getLogger(__name__)

# One address: five tries, then a wait that doubles.
FREE_TRIES = 5
LONGEST_WAIT = 15 * 60
# All addresses together, but those from which he signed in before: who guesses from a thousand of them must
# not keep the operator out.
FREE_TRIES_OF_ALL = 20
LONGEST_WAIT_OF_ALL = 30
# Only who has the password comes so far, and a million codes are few.
CODES = Gate("code", FREE_TRIES, LONGEST_WAIT)
COOKIE_SECONDS = 30 * 24 * 3600


def sign_in(password: str, code: str) -> str:
    """Begin a session; its token. Forged, Invalid, Throttled, SignInRefused."""
    s = _from_here()
    if not password:
        raise _invalid("password", "Give the password.")
    if not s.office.door.admins.has_password():
        raise _invalid("password", "No password is set yet: open /setup, with the code from the log.")
    gates = _gates(s)
    s.office.door.throttle.enter(gates)
    if not s.office.door.admins.verify(password):
        tell("sign-in refused", "wrong password")
        raise SignInRefused("This is not the password.")
    if s.office.door.admins.has_totp():
        _check_code(code, s)
        gates.append(CODES)
    s.office.door.throttle.forgive(gates)
    if (before := signed_in()) and before.by_cookie:  # his browser forgets the old token
        sign_out(before)
    tell("signed in")
    return _begin(s)


def set_up(code: str, password: str) -> str:
    """Set the first password and begin a session; its token. Forged, Invalid, Throttled, SignInRefused."""
    s = _from_here()
    if not s.office.door.admins.has_password() and (fault := s.office.door.admins.fault(password)):
        raise _invalid("password", fault)  # before it counts as a try
    gates = _gates(s)
    s.office.door.throttle.enter(gates)
    if not s.office.door.admins.establish(code, password):
        tell("set-up refused", "wrong code")
        raise SignInRefused("This is not the set-up code. `python -m gemini_pool password code` shows it.")
    s.office.door.throttle.forgive(gates)
    tell("first password set")
    return _begin(s)


def change_password(old: str, new: str) -> str:
    """Change the password, end all sessions and begin another; its token. Invalid, Throttled."""
    s = services()
    if fault := s.office.door.admins.fault(new):
        raise _invalid("new", fault)
    prove_again("old", old)
    s.office.door.admins.set_password(new)
    tell("password changed")
    return _begin(s)


def prove_again(field: str, password: str) -> None:
    """What is grave asks for the password again. Invalid, Throttled."""
    s = services()
    gates = _gates(s)
    s.office.door.throttle.enter(gates)
    if not s.office.door.admins.verify(password):
        tell("password refused", request.path)
        raise _invalid(field, "This is not the password.")
    s.office.door.throttle.forgive(gates)


def sign_out(admin: Admin) -> None:
    if admin.session_id is not None:
        services().office.door.sessions.end(admin.session_id)
        tell("signed out")


def tell(action: str, detail: str = "") -> None:
    """Write down a sign-in, one that was refused, or a change of what one signs in with."""
    s, admin = services(), signed_in()
    s.audit.record(admin.kind if admin else "", caller_address(request, s.settings), action, "", detail)


def hand_over(response: Response, token: str) -> Response:
    """Give a browser the session's cookie, which no script can read and no other site's form takes along."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        secure=scheme_of(request, services()) == "https",
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def take_back(response: Response) -> Response:
    secure = scheme_of(request, services()) == "https"
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="Lax")
    return response


def _from_here() -> Services:
    """Nobody may be signed in by another site's page: he would work in somebody else's console."""
    s = services()
    if is_foreign(request, s):
        raise Forged("This was sent by a page of another site. Open the console itself and sign in there.")
    return s


def _gates(s: Services) -> list[Gate]:
    network = network_of(caller_address(request, s.settings))
    own = Gate(f"address:{network}", FREE_TRIES, LONGEST_WAIT)
    if s.office.door.throttle.knows(own.name):
        return [own]
    return [own, Gate("account", FREE_TRIES_OF_ALL, LONGEST_WAIT_OF_ALL)]


def _check_code(code: str, s: Services) -> None:
    if not code.strip():
        raise SignInRefused("Give the code that your authenticator shows as well.", code_required=True)
    s.office.door.throttle.enter([CODES])
    if not s.office.door.admins.verify_code(code):
        tell("sign-in refused", "wrong code")
        raise SignInRefused("This code is not good, or not any more. Wait for the next.", code_required=True)


def _begin(s: Services) -> str:
    browser = "sec-fetch-site" in request.headers or "origin" in request.headers
    return s.office.door.sessions.open(
        "browser" if browser else "program",
        caller_address(request, s.settings),
        request.headers.get("user-agent", ""),
    )


def _invalid(field: str, why: str) -> Invalid:
    return Invalid(why, fields={field: why})
