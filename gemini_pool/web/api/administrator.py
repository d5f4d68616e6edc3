"""What the administrator does with his own sign-in: password, second factor, sessions elsewhere."""

from datetime import UTC, datetime

from flask import Blueprint, Response, g

from gemini_pool.errors import Invalid, NotFound
from gemini_pool.store.sessions import Session
from gemini_pool.web.admin import require_admin
from gemini_pool.web.api.auth import LEVEL, signed_in_by
from gemini_pool.web.api.bodies import text_of
from gemini_pool.web.edge import read_json, reply_json
from gemini_pool.web.signing import change_password, prove_again, tell
from gemini_pool.wiring import services

bp = Blueprint("administrator", __name__, url_prefix="/api/auth")
bp.before_request(require_admin)


@bp.get("/me")
def me() -> Response:
    """Who is signed in, and what changes have to present."""
    s = services()
    return reply_json(
        {
            "level": LEVEL,
            "session_id": g.admin.session_id,
            "kind": g.admin.kind,
            "address": g.admin.address,
            "csrf_token": g.admin.csrf,
            "totp": s.door.admins.has_totp(),
            "password_fixed": s.door.admins.is_fixed,
        }
    )


@bp.post("/password")
def password() -> Response:
    """Change the password: `{old, new}`. All sessions end, and a new one begins here."""
    body = read_json()
    return signed_in_by(change_password(text_of(body, "old"), text_of(body, "new")))


@bp.get("/sessions")
def sessions() -> Response:
    """Who is signed in, and where, the last seen first."""
    return reply_json({"success": True, "sessions": [_shown(one) for one in services().door.sessions.list()]})


@bp.delete("/sessions/<int:session_id>")
def end_session(session_id: int) -> Response:
    """End one session, which may be this one."""
    if not services().door.sessions.end(session_id):
        raise NotFound(f"There is no session {session_id}; it may have ended by itself.")
    tell("session ended", f"session {session_id}")
    return reply_json({"success": True})


@bp.post("/sessions/end-others")
def end_other_sessions() -> Response:
    """End all sessions but this one."""
    ended = services().door.sessions.end_others(g.admin.session_id)
    tell("other sessions ended", str(ended))
    return reply_json({"success": True, "ended": ended})


@bp.post("/totp")
def begin_totp() -> Response:
    """A secret for an authenticator; it counts when a code of it has been confirmed."""
    secret, uri = services().door.admins.begin_totp()
    return reply_json({"success": True, "secret": secret, "uri": uri})


@bp.post("/totp/confirm")
def confirm_totp() -> Response:
    """Switch the second factor on: `{code}`. The recovery codes are shown this once."""
    codes = services().door.admins.confirm_totp(text_of(read_json(), "code"))
    if not codes:
        why = "This is not the code that the authenticator shows now."
        raise Invalid(why, fields={"code": why})
    tell("second factor on")
    return reply_json({"success": True, "recovery_codes": codes})


@bp.delete("/totp")
def drop_totp() -> Response:
    """Switch the second factor off: `{password}`."""
    prove_again("password", text_of(read_json(), "password"))
    services().door.admins.drop_totp()
    tell("second factor off")
    return reply_json({"success": True})


def _shown(session: Session) -> dict[str, object]:
    return {
        "id": session.id,
        "kind": session.kind,
        "address": session.address,
        "user_agent": session.agent,
        "created_at": _moment(session.created_at),
        "last_seen_at": _moment(session.last_seen),
        "expires_at": _moment(session.expires_at),
        "current": session.id == g.admin.session_id,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
