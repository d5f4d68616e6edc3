"""Pictures and films that the service made, for whoever has a link: no key, but names that nobody guesses.

What lies there came from outside. So a browser is told its type, and to run nothing that may be in it.
"""

import re
import time

from flask import Blueprint, Response, request, send_file

from gemini_pool.wiring import services

bp = Blueprint("media", __name__)

HOUR = 3600
YEAR = 365 * 24 * HOUR
# Any page and program may show them: who has the name may have the file, and no cookie is looked at.
# The policy lets a browser show a file that is opened by itself, which it does in a page of its own making.
HEADERS = {
    "access-control-allow-headers": "*",  # some browsers ask before they send a range
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "accept-ranges, content-length, content-range, etag, x-request-id",
    "content-security-policy": (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
    ),
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}
_ONE_RANGE = re.compile(r" *bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18})) *", re.IGNORECASE)


@bp.after_request
def guard(response: Response) -> Response:
    response.headers.extend(HEADERS)
    return response


@bp.get("/image/<path:name>", merge_slashes=False)
def image(name: str) -> Response:
    """A picture, or a part of it."""
    return _file("image", name, services().settings.image_hours)


@bp.get("/video/<path:name>", merge_slashes=False)
def video(name: str) -> Response:
    """A film, or a part of it: players seek by ranges."""
    return _file("video", name, services().settings.video_hours)


def _file(folder: str, name: str, hours: int) -> Response:
    return made_file(folder, name, hours) or _gone(hours)


def made_file(folder: str, name: str, hours: int) -> Response | None:
    """A file of the shelf, or the part of it that is asked for; nothing when it is not there."""
    file = services().shelf.find(folder, name)
    if file is None:
        return None
    asked = request.environ.pop("HTTP_RANGE", "")
    if part := _one_range(asked, file.size):
        request.environ["HTTP_RANGE"] = part
    try:
        # The name is the tag, since what it names never changes.
        response = send_file(file.path, mimetype=file.mime_type, etag=name, last_modified=file.made_at)
    except FileNotFoundError:  # swept away since
        return None
    left = YEAR if hours < 0 else max(0, int(file.made_at + hours * HOUR - time.time()))
    # No cache that others share may keep what a name alone guards, and nobody longer than we do.
    response.headers["cache-control"] = f"private, max-age={left}, immutable"
    return response


def _one_range(text: str, size: int) -> str:
    """The range that is asked for, as Werkzeug reads it; nothing where the whole file is the answer.

    That is for HEAD, for what is no range, and for several at once, as RFC 9110 has or allows it (14.2).
    """
    asked = _ONE_RANGE.fullmatch(text)
    if not asked or request.method != "GET":
        return ""
    first, last, final = (int(number) if number else None for number in asked.groups())
    if final:
        return f"bytes={max(0, size - final)}-"
    return "" if first is not None and last is not None and last < first else asked[0]


def _gone(hours: int) -> Response:
    """People open links too, so this is told in their words."""
    kept = (
        f" Files are kept for {_hours(hours)} after they were made; ask for yours again." if hours > 0 else ""
    )
    text = f"There is no such file here, or not any more.{kept}\n"
    return Response(text, 404, {"cache-control": "no-store"}, content_type="text/plain; charset=utf-8")


def _hours(hours: int) -> str:
    return "an hour" if hours == 1 else f"{hours} hours"
