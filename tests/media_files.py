"""The smallest beginnings of pictures and films, as their makers write them."""

FTYP = {
    "heic": b"heic\0\0\0\0mif1heic",
    "heic of any coding": b"mif1\0\0\0\0mif1heic",
    "avif": b"avif\0\0\0\0avifmif1",
    "avif of any coding": b"mif1\0\0\0\0mif1avif",
    "mp4": b"isom\0\0\x02\0isomiso2avc1mp41",
    "m4v": b"M4V \0\0\0\0M4V mp42",
    "mov": b"qt  \0\0\0\0qt  ",
    "m4a": b"M4A \0\0\0\0M4A mp42",
}


def ftyp(name: str) -> bytes:
    """The first box of an ISO base media file."""
    return (len(FTYP[name]) + 8).to_bytes(4, "big") + b"ftyp" + FTYP[name]


def ebml(doctype: bytes) -> bytes:
    """The header of a Matroska or WebM file."""
    inner = b"\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82" + bytes([0x80 | len(doctype)]) + doctype
    return b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(inner)]) + inner


# Name -> how it begins, its folder, its suffix, its type.
KINDS = {
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image", "png", "image/png"),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image", "jpg", "image/jpeg"),
    "gif": (b"GIF89a\x01\0\x01\0", "image", "gif", "image/gif"),
    "webp": (b"RIFF\x24\0\0\0WEBPVP8 ", "image", "webp", "image/webp"),
    "avif": (ftyp("avif"), "image", "avif", "image/avif"),
    "avif of any coding": (ftyp("avif of any coding"), "image", "avif", "image/avif"),
    "heic": (ftyp("heic"), "image", "heic", "image/heic"),
    "heic of any coding": (ftyp("heic of any coding"), "image", "heic", "image/heic"),
    "mp4": (ftyp("mp4"), "video", "mp4", "video/mp4"),
    "m4v": (ftyp("m4v"), "video", "m4v", "video/x-m4v"),
    "mov": (ftyp("mov"), "video", "mov", "video/quicktime"),
    "webm": (ebml(b"webm"), "video", "webm", "video/webm"),
}
PNG, MP4 = KINDS["png"][0], KINDS["mp4"][0]
