"""Who looks after the pool: a request of the console or of a program, and what proves it.

flask-login asks here on each request that wants to know. What proves it is a token of a session kept on the
server; a change that a browser sends by its cookie needs a second proof, which no other site's page has.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from secrets import token_hex

from flask import Flask, Request, Response, g, redirect, request, url_for
from flask_login import LoginManager, current_user  # type: ignore[import-untyped]

from gemini_pool.errors import Forged, SignInRefused
from gemini_pool.store.sessions import is_token
from gemini_pool.store.throttle import Gate
from gemini_pool.web.callers_address import caller_address
from gemini_pool.web.same_site import is_foreign
from gemini_pool.wiring import Services, services

COOKIE = "admin_token"
TOKEN_HEADER = "x-admin-token"  # noqa: S105
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"
HARMLESS = ("GET", "HEAD", "OPTIONS")
# Keys are long and programs are stubborn: wrong ones are slowed down by themselves, apart from passwords.
KEY_TRIES = 5
KEY_LONGEST_WAIT = 15 * 60
OWN_BITS = 64  # of an IPv6 address; all others its owner may choose


@dataclass(frozen=True, slots=True)
class Admin:
    """Who is signed in. `session_id` is None for ADMIN_KEY; `kind` is `browser` or `program`.

    `csrf` is what a change has to present when the cookie is its proof.
    """

    session_id: int | None
    kind: str
    by_cookie: bool
    address: str
    csrf: str = field(repr=False)

    # What flask-login asks
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return str(self.session_id)


def install(app: Flask) -> None:
    """Have flask-login ask here, and nobody keep anything in Flask's own session."""
    manager = LoginManager()
    manager.session_protection = None
    app.config["REMEMBER_COOKIE_NAME"] = token_hex()  # flask-login's own cookie: nobody can send it
    manager.request_loader(_load)
    manager.init_app(app)
    app.jinja_env.globals["csrf_token"] = csrf_token  # macros see no context


def require_admin() -> Response | None:
    """Before each request of a blueprint for the administrator, who is `g.admin` then.

    SignInRefused on `/api/…`; pages lead to the sign-in. Forged for a change that is not ours.
    """
    admin = signed_in()
    if admin is None:
        return _turn_away()
    refuse_forged(admin)
    g.admin = admin
    return None


def signed_in() -> Admin | None:
    """Who sends the current request; None when that is not the administrator. Throttled."""
    user = current_user._get_current_object()
    return user if isinstance(user, Admin) else None


def refuse_forged(admin: Admin) -> None:
    """Forged unless a change that the cookie alone allows comes from one of our own pages."""
    if request.method in HARMLESS or not admin.by_cookie:
        return
    if is_foreign(request, services()):
        raise Forged("This change was sent by a page of another site, so nothing was changed.")
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if not _is_proof(given, admin):
        raise Forged("This change lacks the page's proof (X-CSRF-Token). Load the page anew and try again.")


def from_console(s: Services) -> bool:
    """Whether one of our own pages calls for the administrator, as the chat does.

    Its proof is the same as a change's, also for what changes nothing: other sites may call these routes too.
    """
    token = request.cookies.get(COOKIE, "")
    if not token or is_foreign(request, s):
        return False
    admin = _of_session(token, True, s)
    return admin is not None and _is_proof(request.headers.get(CSRF_HEADER, ""), admin)


def csrf_token() -> str:
    """For templates: what forms send as `csrf_token`; empty when nobody is signed in."""
    admin = signed_in()
    return admin.csrf if admin else ""


def csrf_of(token: str) -> str:
    """The proof that goes with a session's token. Who does not have the token cannot make it."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def network_of(address: str) -> str:
    """What one caller has: an address, or of IPv6 a whole /64, any address of which is his."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:  # a socket of the file system
        return address
    if isinstance(known, IPv6Address):
        mapped = known.ipv4_mapped
        return str(mapped or ip_network((known, OWN_BITS), strict=False))
    return address


def _is_proof(given: str, admin: Admin) -> bool:
    return hmac.compare_digest(given.encode(), admin.csrf.encode())


def _turn_away() -> Response:
    if request.path.startswith("/api/"):
        raise SignInRefused("Not signed in. POST /api/auth/login gives a token; send it as X-Admin-Token.")
    wanted = request.full_path.removesuffix("?") if request.method in HARMLESS else None
    return redirect(url_for("welcome.login", next=wanted))  # type: ignore[return-value]


def _load(request: Request) -> Admin | None:
    token, by_cookie = _token(request)
    if not token:
        return None
    s = services()
    return _of_session(token, by_cookie, s) or (None if by_cookie else _of_key(s))


def _token(request: Request) -> tuple[str, bool]:
    """The first token that a request has, and whether its browser sent it by itself."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    bearer = credentials.strip() if scheme.lower() == "bearer" else ""
    by_hand = request.headers.get(TOKEN_HEADER) or bearer
    return (by_hand, False) if by_hand else (request.cookies.get(COOKIE, ""), True)


def _of_session(token: str, by_cookie: bool, s: Services) -> Admin | None:
    session = s.office.door.sessions.find(token)
    if session is None:
        return None
    return Admin(session.id, session.kind, by_cookie, caller_address(request, s.settings), csrf_of(token))


def _of_key(s: Services) -> Admin | None:
    """Who sends ADMIN_KEY itself. Throttled."""
    given, key = request.headers.get(TOKEN_HEADER, ""), s.settings.admin_key
    if not given or not key or is_token(given):
        return None
    address = caller_address(request, s.settings)
    gate = Gate(f"key:{network_of(address)}", KEY_TRIES, KEY_LONGEST_WAIT)
    s.office.door.throttle.check([gate])
    if hmac.compare_digest(given.encode(), key.encode()):
        return Admin(None, "program", False, address, "")
    s.office.door.throttle.enter([gate])
    return None
