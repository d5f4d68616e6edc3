"""One reply, looked at: its status, its headers, what its body is."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

import orjson

from gemini_pool.errors import BadReply
from gemini_pool.upstream.doctor.findings import Notes
from gemini_pool.upstream.doctor.scrubbing import address, plain_name
from gemini_pool.upstream.doctor.shapes import Shapes
from gemini_pool.upstream.refusals import refusal_of_reply, told_by_reply
from gemini_pool.upstream.transport import Reply, StreamReply
from gemini_pool.upstream.xsrf import without_prefix

# Headers whose values say the same of everybody. Of all others the names are told.
SHOWN_HEADERS = frozenset(
    [
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "retry-after",
        "server",
        "transfer-encoding",
        "vary",
        "via",
    ]
)
MOST_LISTED = 8


def parsed(body: bytes) -> Any:
    """The JSON of a body, also behind the prefix of getoxsrf; None when it is none."""
    try:
        return orjson.loads(without_prefix(body))
    except orjson.JSONDecodeError:
        return None


def accepted(notes: Notes, call: str, reply: Reply) -> Any:
    """The JSON of a 200; the error that any other reply stands for. Notes what there is to be noted of it."""
    kept(notes, call, reply)
    note_status(notes, reply)
    if reply.status != 200:
        raise refusal_of_reply(reply.status, reply.headers, reply.body)
    note_type(notes, reply.headers)
    value = parsed(reply.body)
    if value is None:
        raise BadReply("The service sent something that is no JSON.")
    return value


def text_at(value: Any, *path: str) -> str:
    """The text at the end of this path; "" where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def kept(notes: Notes, call: str, reply: Reply) -> None:
    """Keep the reply to this call among the evidence."""
    value, shapes = parsed(reply.body), Shapes()
    if value is not None:
        shapes.add(value)
    body = {"kind": kind_of(reply.body), "bytes": len(reply.body), "members": shapes.paths}
    notes.replies.append({"call": call, **head_of(notes, reply), "body": body})


def head_of(notes: Notes, reply: Reply | StreamReply) -> dict[str, Any]:
    """Status, headers and names of cookies, as JSON that may be shown."""
    headers = reply.headers
    return {
        "status": reply.status,
        "headers": {key: notes.said(headers[key]) for key in sorted(SHOWN_HEADERS & headers.keys())},
        "other_headers": sorted(map(plain_name, headers.keys() - SHOWN_HEADERS)),
        "cookies": cookie_names(reply),
    }


def cookie_names(reply: Reply | StreamReply) -> list[str]:
    """Which cookies the reply sets."""
    return sorted({plain_name(line.partition("=")[0].strip()) for line in reply.cookies})


def kind_of(body: bytes) -> str:
    if not body:
        return "empty"
    if parsed(body) is not None:
        return "JSON"
    begins = body.lstrip()[:15].lower()
    return "HTML" if begins.startswith((b"<!doctype", b"<html")) else "neither JSON nor HTML"


def note_status(notes: Notes, reply: Reply, *, expected: int | None = 200) -> None:
    """Note the status, and what a reply that is not the 200 of all good ones says for itself."""
    status, headers, body = reply.status, reply.headers, reply.body
    to = f" to {address(headers['location'])}" if "location" in headers else ""
    notes.hold("status", str(expected or ""), f"{status}{to}", expected in (None, status))
    if status == 200:
        return
    told = told_by_reply(status, headers, body)
    if told.status or told.message:
        notes.quote(told)
    else:
        notes.note("says", f"nothing we know: {kind_of(body)}, {len(body)} bytes")
    if told.retry_after is not None:
        notes.note("ask again", f"in {told.retry_after:g} s")


def note_type(notes: Notes, headers: Mapping[str, str]) -> None:
    seen = headers.get("content-type", "none")
    good = seen.partition(";")[0].strip() == "application/json"
    notes.hold("content type", "application/json", notes.said(seen), good)


def note_members(notes: Notes, value: Any, documented: Set[str], wanted: Iterable[str] = ()) -> None:
    """Note which members a reply has that are not documented, and which it lacks that are wanted."""
    shapes = Shapes()
    shapes.add(value)
    note_shapes(notes, shapes, documented, wanted)


def note_shapes(notes: Notes, shapes: Shapes, documented: Set[str], wanted: Iterable[str]) -> None:
    for what, members in (
        ("unknown members", shapes.unknown(documented)),
        ("missing members", shapes.missing(wanted)),
    ):
        more = len(members) - MOST_LISTED
        listed = ", ".join(members[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
        notes.hold(what, "none", listed or "none", not members)
