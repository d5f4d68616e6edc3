"""What the administrator does with his own sign-in: password, second factor, sessions elsewhere."""

from flask import g
from pydantic import Field

from gemini_pool.errors import Invalid, NotFound
from gemini_pool.store.sessions import Session
from gemini_pool.web.api.auth import MOST_CHARACTERS, SignedIn, signed_in_by
from gemini_pool.web.api.described import Desk, Done, Shape
from gemini_pool.web.api.moments import told
from gemini_pool.web.signing import change_password, prove_again, tell
from gemini_pool.wiring import services

bp = Desk("administrator", "/api/auth")


class Me(Shape):
    """Who is signed in; `csrf_token` is what changes have to present that the cookie alone allows."""

    level: str = "admin"
    session_id: int | None
    kind: str
    address: str
    csrf_token: str
    totp: bool
    password_fixed: bool


class NewPassword(Shape):
    old: str = Field(max_length=MOST_CHARACTERS)
    new: str = Field(max_length=MOST_CHARACTERS)


class PasswordAgain(Shape):
    password: str = Field(max_length=MOST_CHARACTERS)


class Code(Shape):
    code: str = Field(max_length=100)


class SessionShown(Shape):
    """`current` is the one that asks."""

    id: int
    kind: str
    address: str
    user_agent: str
    created_at: str | None
    last_seen_at: str | None
    expires_at: str | None
    current: bool


class SessionsShown(Shape):
    success: bool = True
    sessions: list[SessionShown]


class Ended(Shape):
    success: bool = True
    ended: int


class TotpBegun(Shape):
    """`uri` is what an authenticator reads as a QR code."""

    success: bool = True
    secret: str
    uri: str


class TotpConfirmed(Shape):
    success: bool = True
    recovery_codes: list[str]


@bp.operation("GET", "/me")
def me() -> Me:
    """Who is signed in."""
    admins = services().office.door.admins
    return Me(
        session_id=g.admin.session_id,
        kind=g.admin.kind,
        address=g.admin.address,
        csrf_token=g.admin.csrf,
        totp=admins.has_totp(),
        password_fixed=admins.is_fixed,
    )


@bp.operation("POST", "/password", errors=(429,))
def password(body: NewPassword) -> SignedIn:
    """Change the password. All sessions end, and a new one begins here."""
    return signed_in_by(change_password(body.old, body.new))


@bp.operation("GET", "/sessions")
def sessions() -> SessionsShown:
    """Who is signed in, and where, the last seen first."""
    return SessionsShown(sessions=[_shown(one) for one in services().office.door.sessions.list()])


@bp.operation("DELETE", "/sessions/<id:session_id>", errors=(404,))
def end_session(session_id: int) -> Done:
    """End one session, which may be this one."""
    if not services().office.door.sessions.end(session_id):
        raise NotFound(f"There is no session {session_id}; it may have ended by itself.")
    tell("session ended", f"session {session_id}")
    return Done()


@bp.operation("POST", "/sessions/end-others")
def end_other_sessions() -> Ended:
    """End all sessions but this one."""
    ended = services().office.door.sessions.end_others(g.admin.session_id)
    tell("other sessions ended", str(ended))
    return Ended(ended=ended)


@bp.operation("POST", "/totp")
def begin_totp() -> TotpBegun:
    """Make a secret for an authenticator; it counts when a code of it has been confirmed."""
    secret, uri = services().office.door.admins.begin_totp()
    return TotpBegun(secret=secret, uri=uri)


@bp.operation("POST", "/totp/confirm")
def confirm_totp(body: Code) -> TotpConfirmed:
    """Switch the second factor on. The recovery codes are shown this once."""
    codes = services().office.door.admins.confirm_totp(body.code)
    if not codes:
        why = "This is not the code that the authenticator shows now."
        raise Invalid(why, fields={"code": why})
    tell("second factor on")
    return TotpConfirmed(recovery_codes=list(codes))


@bp.operation("DELETE", "/totp", errors=(429,))
def drop_totp(body: PasswordAgain) -> Done:
    """Switch the second factor off."""
    prove_again("password", body.password)
    services().office.door.admins.drop_totp()
    tell("second factor off")
    return Done()


def _shown(session: Session) -> SessionShown:
    return SessionShown(
        id=session.id,
        kind=session.kind,
        address=session.address,
        user_agent=session.agent,
        created_at=told(session.created_at),
        last_seen_at=told(session.last_seen),
        expires_at=told(session.expires_at),
        current=session.id == g.admin.session_id,
    )
