"""Letters as they travel (RFC 822, MIME, HTML), turned into words that can be read."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from html import unescape

# A letter with a code is a few thousand characters long; what exceeds this is not one.
MOST_BYTES = 256 * 1024
MOST_WORDS = 100_000

_TAG = re.compile(r"<([/!?]?[a-zA-Z][^<>]*|[!?/][^<>]*)>")
_NAME = re.compile(r"/?[a-zA-Z0-9]+")
# What stands between these is never shown.
_HIDDEN = frozenset({"style", "script", "title", "template"})
# These begin a line of their own.
_BLOCKS = frozenset(
    {
        *("address", "article", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "footer"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "ol", "p", "pre"),
        *("section", "table", "tbody", "td", "th", "tr", "ul"),
    }
)
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u034f\u200b\u200c\u200d\u2060\ufeff"))


@dataclass(frozen=True, slots=True)
class Opened:
    """What a letter says. `at` is its Date in epoch seconds, None without a zone."""

    sender: str
    subject: str
    text: str = field(repr=False)
    at: float | None


def open_mime(raw: str | bytes) -> Opened:
    """The letter in this RFC 822 text; parts of it that cannot be read are left out."""
    if isinstance(raw, str):
        raw = raw[:MOST_BYTES].encode("utf-8", "replace")
    try:
        message = message_from_bytes(raw[:MOST_BYTES])
        return Opened(_header(message, "From"), _header(message, "Subject"), _text(message), _date(message))
    except RecursionError:  # parts within parts without end, which only malice sends
        return Opened("", "", "", None)


def readable(html: str) -> str:
    """The words of an HTML page, its blocks on lines of their own, without styles, scripts and comments."""
    pieces = _TAG.split(_without_comments(html[:MOST_BYTES]))
    words, hidden = [pieces[0]], ""
    for tag, following in zip(pieces[1::2], pieces[2::2], strict=True):
        match = _NAME.match(tag)
        name = match[0].lower() if match else ""
        if hidden:
            hidden = "" if name == f"/{hidden}" else hidden
        elif name in _HIDDEN and not tag.endswith("/"):
            hidden = name
        if not hidden:
            words.append("\n" if name.lstrip("/") in _BLOCKS else "")
            words.append(following)
    return tidy(unescape("".join(words)))


def tidy(text: str) -> str:
    """Text without invisible characters, its lines stripped and none of them empty."""
    lines = text[:MOST_WORDS].translate(_INVISIBLE).splitlines()
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))


def both(text: str, html: str) -> str:
    """The words of a letter that comes as text, as HTML, or as both."""
    return "\n".join(filter(None, (tidy(text), readable(html) if html else "")))


def looks_like_html(text: str) -> bool:
    return _TAG.search(text) is not None


def _without_comments(html: str) -> str:
    kept, rest = [], html
    while rest:
        before, opened, after = rest.partition("<!--")
        kept.append(before)
        rest = after.partition("-->")[2] if opened else ""
    return "".join(kept)


def _text(message: Message) -> str:
    plain: list[str] = []
    html: list[str] = []
    for kind, words in _parts(message):
        (html if kind == "text/html" else plain).append(words)
    return both("\n".join(plain), "\n".join(html))


def _parts(message: Message) -> Iterator[tuple[str, str]]:
    """The kind and the words of each part that is text and no attachment."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield kind, _decoded(payload, part.get_content_charset() or "utf-8")


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except (LookupError, UnicodeError):
        return data.decode("utf-8", "replace")


def _header(message: Message, name: str) -> str:
    value = str(message.get(name, ""))
    with suppress(HeaderParseError, LookupError, UnicodeError, ValueError):  # then as it stands
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def _date(message: Message) -> float | None:
    try:
        at = parsedate_to_datetime(str(message.get("Date", "")))
    except (TypeError, ValueError, IndexError):
        return None
    return at.astimezone(UTC).timestamp() if at.tzinfo else None
