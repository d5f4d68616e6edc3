"""What a picture or film is, told by its first bytes; some come as base64 text and are decoded on the way.

What the service calls a file is not asked: that is wrong at times, and browsers must not be misled.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Protocol

IMAGE, VIDEO = "image", "video"
HEAD = 512  # bytes that tell any kind, also of base64 text with line breaks
BLANKS = b" \t\r\n"


class NotMedia(ValueError):
    """Bytes that are no picture and no film of a kind we know; the message says what they are instead."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file that may lie on the shelf."""

    folder: str
    suffix: str
    mime_type: str


PNG = Kind(IMAGE, "png", "image/png")
JPEG = Kind(IMAGE, "jpg", "image/jpeg")
GIF = Kind(IMAGE, "gif", "image/gif")
WEBP = Kind(IMAGE, "webp", "image/webp")
AVIF = Kind(IMAGE, "avif", "image/avif")
HEIC = Kind(IMAGE, "heic", "image/heic")
MP4 = Kind(VIDEO, "mp4", "video/mp4")
M4V = Kind(VIDEO, "m4v", "video/x-m4v")
MOV = Kind(VIDEO, "mov", "video/quicktime")
WEBM = Kind(VIDEO, "webm", "video/webm")
KINDS = (PNG, JPEG, GIF, WEBP, AVIF, HEIC, MP4, M4V, MOV, WEBM)

MAGIC = {
    b"\x89PNG\r\n\x1a\n": PNG,
    b"\xff\xd8\xff": JPEG,
    b"GIF87a": GIF,
    b"GIF89a": GIF,
}
EBML = b"\x1a\x45\xdf\xa3"
WEBM_TYPE = b"\x42\x82\x84webm"  # of the element DocType; Matroska's other files begin alike

# Brands of ISO base media files. `mif1` and `msf1` are pictures of any coding: those beside them decide.
BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), AVIF),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC),
    **dict.fromkeys((b"M4V ", b"M4VH", b"M4VP"), M4V),
    b"qt  ": MOV,
}
GENERIC_BRANDS = (b"mif1", b"msf1")
AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ")


class Unwrap(Protocol):
    """Makes of a body, piece by piece, the bytes of the file; NotMedia."""

    def feed(self, piece: bytes) -> bytes: ...

    def end(self) -> bytes: ...


class Plain:
    """The body is the file."""

    def feed(self, piece: bytes) -> bytes:
        return piece

    def end(self) -> bytes:
        return b""


class Base64:
    """The body is base64 text of the file, with or without line breaks and padding."""

    def __init__(self) -> None:
        self._rest = b""
        self._padded = False

    def feed(self, piece: bytes) -> bytes:
        text = self._rest + piece.translate(None, BLANKS)
        whole = len(text) - len(text) % 4
        self._rest = text[whole:]
        return self._decoded(text[:whole])

    def end(self) -> bytes:
        return self._decoded(self._rest + b"=" * (-len(self._rest) % 4))

    def _decoded(self, text: bytes) -> bytes:
        if not text:
            return b""
        if self._padded:
            raise NotMedia("The base64 text of the file goes on after its end.")
        self._padded = text.endswith(b"=")
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            raise NotMedia("The base64 text of the file is damaged.") from None


def recognised(head: bytes) -> tuple[Kind, Unwrap]:
    """What a body that begins so is, and how its file is got out of it.

    `head` holds the first HEAD bytes, or all when there are fewer. NotMedia.
    """
    if not head:
        raise NotMedia("The file is empty.")
    if kind := kind_of(head):
        return kind, Plain()
    if kind := kind_of(_decoded_head(head)):
        return kind, Base64()
    raise NotMedia(f"The file is neither a picture nor a film; it begins with {head[:16]!r}.")


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file that begins so, if we know it."""
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[:4] == EBML:
        return WEBM if WEBM_TYPE in head else None
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)


def _by_brands(head: bytes) -> Kind | None:
    box = head[: int.from_bytes(head[:4], "big")]
    major = box[8:12]
    beside = [box[at : at + 4] for at in range(16, len(box), 4)] if major in GENERIC_BRANDS else []
    if not major or major in AUDIO_BRANDS:
        return None
    specific = next((BRANDS[b] for b in beside if b in BRANDS and b not in GENERIC_BRANDS), None)
    return specific or BRANDS.get(major, MP4)


def _decoded_head(head: bytes) -> bytes:
    text = head.translate(None, BLANKS).rstrip(b"=")
    try:
        return base64.b64decode(text[: len(text) - len(text) % 4], validate=True)
    except binascii.Error:
        return b""
