"""What machines ask to see whether the service is there."""

from datetime import UTC, datetime

from flask import Blueprint, Response

from gemini_pool.web.edge import reply_json
from gemini_pool.wiring import services

bp = Blueprint("system", __name__)


@bp.get("/health")
def health() -> Response:
    """The process answers. Says nothing of accounts, since it asks for no key."""
    upstream = "unreachable" if services().manager.outage else "ok"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return reply_json({"status": "ok", "upstream": upstream, "timestamp": now})
