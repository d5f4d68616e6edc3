"""What the first bytes of a file tell of its kind, whatever its name and its sender say.

A row is a MIME type and the pattern that a file of it begins with; the first that fits counts. Patterns see a
few kilobytes from strangers: none may try the same bytes in more than one way.
"""

import codecs
import re
from collections.abc import Iterable

OLE = "application/x-ole-storage"  # the old Office formats, and much else

_HEIC = rb"(?:hei[cxms]|hev[cxms])"
_OOXML = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."


def _member(names: bytes) -> bytes:
    """A zip archive that has a member so named among its first."""
    return rb"PK\x03\x04(?:.*?PK\x03\x04)?.{26}(?:" + names + rb")"


def _said(mime_type: str) -> bytes:
    """A zip archive that begins with its own MIME type, not compressed."""
    return rb"PK\x03\x04.{26}mimetype.{0,64}?" + re.escape(mime_type.encode())


def _rows(rows: Iterable[tuple[str, bytes]]) -> tuple[tuple[str, re.Pattern[bytes]], ...]:
    return tuple((mime_type, re.compile(pattern, re.DOTALL)) for mime_type, pattern in rows)


# No text begins like this, or nobody would take it for one.
_SURE = _rows(
    (
        ("image/png", rb"\x89PNG\r\n\x1a\n"),
        ("image/jpeg", rb"\xff\xd8\xff"),
        ("image/gif", rb"GIF8[79]a"),
        ("image/webp", rb"RIFF.{4}WEBP"),
        ("audio/wav", rb"RIFF.{4}WAVE"),
        ("video/x-msvideo", rb"RIFF.{4}AVI "),
        ("audio/aiff", rb"FORM.{4}AIF[FC]"),
        ("audio/amr", rb"#!AMR(?:-WB)?\n"),
        ("application/pdf", rb"(?:\xef\xbb\xbf)?\s*%PDF-"),
        ("application/rtf", rb"\{\\rtf"),
        ("application/vnd.rar", rb"Rar!\x1a\x07"),
    )
)

# Letters in which a text may begin too: these count among binary bytes alone.
_BINARY = _rows(
    (
        ("image/tiff", rb"II[*+]\x00|MM\x00[*+]"),
        ("image/x-icon", rb"\x00\x00\x01\x00[\x01-\xff]\x00"),
        ("image/bmp", rb"BM.{4}\x00{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\x00"),
        ("image/avif", rb"\x00\x00..ftyp(?:avi[fs]|m[is]f1.{4}(?:.{4}){0,8}?avi[fs])"),
        ("image/heic", rb"\x00\x00..ftyp(?:%b|m[is]f1.{4}(?:.{4}){0,8}?%b)" % (_HEIC, _HEIC)),
        ("image/heif", rb"\x00\x00..ftypm[is]f1"),
        ("audio/mp4", rb"\x00\x00..ftypM4[ABP]"),
        ("video/x-m4v", rb"\x00\x00..ftypM4V"),
        ("video/3gpp", rb"\x00\x00..ftyp3g"),
        ("video/quicktime", rb"\x00\x00..(?:ftypqt  |moov|mdat|wide|free|skip|pnot)"),
        ("video/mp4", rb"\x00\x00..ftyp"),
        ("video/webm", rb"\x1aE\xdf\xa3.{0,64}?\x42\x82.{1,8}?webm"),
        ("video/x-matroska", rb"\x1aE\xdf\xa3"),
        ("video/ogg", rb"OggS\x00.*?\x80theora"),
        ("audio/opus", rb"OggS\x00.{0,300}?OpusHead"),
        ("audio/ogg", rb"OggS\x00"),
        ("audio/flac", rb"fLaC"),
        ("video/x-ms-wmv", rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"),
        ("video/x-flv", rb"FLV\x01"),
        ("video/mpeg", rb"\x00\x00\x01[\xb3\xba]"),
        ("video/mp2t", rb"G.{187}G.{187}G|.{4}G.{191}G.{191}G"),
        (_OOXML + "wordprocessingml.document", _member(rb"word/(?:_rels/|\w+\.xml)")),
        (_OOXML + "spreadsheetml.sheet", _member(rb"xl/(?:_rels/|\w+\.xml|\w+\.bin)")),
        (_OOXML + "presentationml.presentation", _member(rb"ppt/(?:_rels/|\w+\.xml)")),
        ("application/epub+zip", _said("application/epub+zip")),
        (_OPEN + "text", _said(_OPEN + "text")),
        (_OPEN + "spreadsheet", _said(_OPEN + "spreadsheet")),
        (_OPEN + "presentation", _said(_OPEN + "presentation")),
        ("application/zip", rb"PK\x03\x04|PK\x05\x06"),
        ("application/gzip", rb"\x1f\x8b\x08"),
        ("application/x-7z-compressed", rb"7z\xbc\xaf\x27\x1c"),
        ("application/x-tar", rb".{257}ustar"),
        ("application/vnd.apache.parquet", rb"PAR[1E]"),
        ("application/avro", rb"Obj\x01"),
        ("application/x-mobipocket-ebook", rb".{60}BOOKMOBI"),
        (OLE, rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("audio/aac", rb"\xff[\xf0\xf1\xf8\xf9]|ADIF"),
        # Sync of an MPEG frame of layer III, with a bit rate that exists; or the tags that stand before it.
        ("audio/mpeg", rb"ID3[\x02-\x04]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]"),
    )
)

_MARKUP = {b"svg": "image/svg+xml", b"html": "text/html"}
_BEFORE_ROOT = re.compile(rb"\s*(?:<\?.*?\?>|<!--.*?-->)", re.DOTALL)
_ROOT = re.compile(rb"\s*<(?:!doctype\s+)?(?:\w+:)?(\w+)", re.IGNORECASE)
_JSON = re.compile(rb'\s*(?:\[\s*)?\{\s*"(?:[^"\\]|\\.)*"\s*:')
_JSON_LINES = re.compile(rb"\s*\{[^\n]*\}[ \t\r]*\n\{")
# What no text holds; tabs, ends of lines and pages, and the colours of terminals are no fault.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def magic_of(head: bytes) -> str:
    """The MIME type that a file's first bytes tell; "" when they tell none, as those of most texts."""
    if sure := _first(_SURE, head):
        return sure
    if is_text(head):
        return _markup_of(head) or _json_of(head)
    return _first(_BINARY, head) or _markup_of(head)


def is_text(head: bytes) -> bool:
    """Whether this may be the beginning of a text in UTF-8; it may end within a character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(head)


def _first(rows: Iterable[tuple[str, re.Pattern[bytes]]], head: bytes) -> str:
    return next((mime_type for mime_type, pattern in rows if pattern.match(head)), "")


def _markup_of(head: bytes) -> str:
    """By the root element, or the document type; XML if it says so itself."""
    text = head.removeprefix(codecs.BOM_UTF8)
    at = 0
    while before := _BEFORE_ROOT.match(text, at):
        at = before.end()
    root = _ROOT.match(text, at)
    declared = "application/xml" if text.lstrip().startswith(b"<?xml") else ""
    return _MARKUP.get(root[1].lower(), declared) if root else declared


def _json_of(head: bytes) -> str:
    text = head.removeprefix(codecs.BOM_UTF8)
    if not _JSON.match(text):
        return ""
    return "application/jsonl" if _JSON_LINES.match(text) else "application/json"
