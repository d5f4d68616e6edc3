"""The files that callers upload, to be named in later questions; each key has its own."""

from datetime import timedelta
from urllib.parse import quote

from flask import Blueprint, Response, g, request
from werkzeug.wsgi import FileWrapper

from gemini_pool.store.files import StoredFile
from gemini_pool.web.cors import let_browsers_call
from gemini_pool.web.edge import reply_json
from gemini_pool.web.keys import require_key
from gemini_pool.web.paging import after, limit_of, newest_first, reply_page
from gemini_pool.web.uploads import keep, received
from gemini_pool.wiring import Services, services

bp = Blueprint("files", __name__, url_prefix="/v1/files")
bp.before_request(require_key)
bp.after_request(let_browsers_call)

PIECE = 64 * 1024
MOST_LISTED = 10_000


@bp.post("")
def upload() -> Response:
    """Take in a file."""
    s = services()
    s.admission.enter()
    try:
        with received(s, g.key.scope) as upload:
            return reply_json(_shown(keep(upload, s, g.key.scope), s))
    finally:
        s.admission.leave()


@bp.get("")
def files() -> Response:
    """This key's files, the newest first unless it asks otherwise."""
    s = services()
    limit = limit_of(most=MOST_LISTED, default=MOST_LISTED)
    found = s.files.list(
        g.key.scope,
        purpose=request.args.get("purpose") or None,
        limit=limit + 1,
        newest_first=newest_first(),
        after=after(),
    )
    return reply_page([_shown(file, s) for file in found], limit)


@bp.get("/<file_id>")
def file(file_id: str) -> Response:
    """What is known of a file."""
    s = services()
    return reply_json(_shown(s.files.get(file_id, g.key.scope), s))


@bp.delete("/<file_id>")
def delete(file_id: str) -> Response:
    """Forget a file, its bytes, and where it was sent."""
    s = services()
    file = s.files.get(file_id, g.key.scope)
    s.files.delete(file_id, g.key.scope)
    s.depot.delete(file_id)
    s.conversations.forget_file(file.digest)
    return reply_json({"id": file_id, "object": "file", "deleted": True})


@bp.get("/<file_id>/content")
def content(file_id: str) -> Response:
    """The bytes of a file, as they came."""
    s = services()
    file = s.files.get(file_id, g.key.scope)
    # In pieces of our own: the server's way of sending files would wait forever for one who reads nothing.
    pieces = FileWrapper(s.depot.open(file.id), PIECE)
    headers = {
        "content-length": str(file.bytes),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "x-content-type-options": "nosniff",
    }
    return Response(pieces, headers=headers, content_type=file.mime_type, direct_passthrough=True)


def _shown(file: StoredFile, s: Services) -> dict[str, object]:
    kept = timedelta(days=s.settings.file_days).total_seconds()
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.bytes,
        "created_at": int(file.created_at),
        "expires_at": int(file.created_at + kept),
        "filename": file.name,
        "purpose": file.purpose,
        "status": "processed",
    }
