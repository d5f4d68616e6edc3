"""What machines ask to see whether the service is there."""

from datetime import UTC, datetime

from flask import Blueprint, Response

from gemini_pool.web.edge import reply_json

bp = Blueprint("system", __name__)


@bp.get("/health")
def health() -> Response:
    """The process answers. Says nothing of accounts, since it asks for no key."""
    return reply_json({"status": "ok", "timestamp": datetime.now(UTC).isoformat(timespec="seconds")})
