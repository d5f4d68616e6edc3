"""What kind a file is: bytes before words, and words where bytes are silent."""

import struct
from time import perf_counter

import pytest

from gemini_pool.media.kinds import HEAD_BYTES, KINDS, Kind, Support, Told, kind_of, suffix_for
from gemini_pool.simulator.file_types import is_supported

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(20)
UNKNOWN = b"\x05\x00\xfe\x99 something of one's own"
PARTS = "[Content_Types].xml", "_rels/.rels"
OPEN = "application/vnd.oasis.opendocument."


def member(name: str, contents: bytes = b"\x4b\x2c\x00") -> bytes:
    sizes = struct.pack("<IIIHH", 0, len(contents), len(contents), len(name), 0)
    return b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0" + sizes + name.encode() + contents


def archive(*names: str, mimetype: str = "") -> bytes:
    first = member("mimetype", mimetype.encode()) if mimetype else b""
    return first + b"".join(map(member, names))


def iso(brand: str, *compatible: str) -> bytes:
    brands = brand.encode() + bytes(4) + "".join(compatible).encode()
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + b"\0\0\0\x08free"


def ebml(doctype: bytes) -> bytes:
    return b"\x1aE\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82" + bytes([0x80 | len(doctype)]) + doctype + b"\x42\x87"


HEADS = [
    ("PNG", PNG),
    ("JPEG", JPEG),
    ("WebP", b"RIFF\x24\0\0\0WEBPVP8 "),
    ("GIF", b"GIF89a\x01\0\x01\0"),
    ("GIF", b"GIF87a\x01\0\x01\0"),
    ("BMP", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"),
    ("TIFF", b"II*\0\x08\0\0\0"),
    ("TIFF", b"MM\0*\0\0\0\x08"),
    ("Windows icon", b"\0\0\x01\0\x01\0\x10\x10"),
    ("HEIC", iso("heic", "mif1")),
    ("HEIC", iso("mif1", "miaf", "heic")),
    ("HEIF", iso("mif1", "miaf")),
    ("AVIF", iso("avif", "mif1")),
    ("AVIF", iso("mif1", "miaf", "avif")),
    ("SVG", b'<svg xmlns="http://www.w3.org/2000/svg">'),
    ("SVG", b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made by hand -->\n<!DOCTYPE svg PUBLIC "x">\n<svg>'),
    ("PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"),
    ("Rich Text", b"{\\rtf1\\ansi"),
    ("HTML", b"\n<!doctype html>\n<p>"),
    ("HTML", b"<!-- x --><HTML lang='en'>"),
    ("HTML", b"<html><p>caf\xe9 in Latin-1"),
    ("XML", b'<?xml version="1.0"?><feed/>'),
    ("Word", archive(*PARTS, "word/document.xml")),
    ("Excel", archive(*PARTS, "xl/workbook.xml")),
    ("PowerPoint", archive(*PARTS, "ppt/presentation.xml")),
    ("OpenDocument text", archive("content.xml", mimetype=OPEN + "text")),
    ("OpenDocument sheet", archive("content.xml", mimetype=OPEN + "spreadsheet")),
    ("OpenDocument slides", archive("content.xml", mimetype=OPEN + "presentation")),
    ("EPUB", archive("META-INF/container.xml", mimetype="application/epub+zip")),
    ("ZIP", archive("photo.png", "words/list.txt")),
    ("ZIP", b"PK\x05\x06" + bytes(18)),
    ("gzip", b"\x1f\x8b\x08\0\0\0\0\0"),
    ("tar", b"a.txt".ljust(257, b"\0") + b"ustar\x0000"),
    ("RAR", b"Rar!\x1a\x07\x01\0"),
    ("7-Zip", b"7z\xbc\xaf\x27\x1c\0\x04"),
    ("WAV", b"RIFF\x24\0\0\0WAVEfmt "),
    ("AVI", b"RIFF\x24\0\0\0AVI LIST"),
    ("AIFF", b"FORM\0\0\0\x20AIFFCOMM"),
    ("AIFF", b"FORM\0\0\0\x20AIFCFVER"),
    ("MP3", b"ID3\x04\0\0\0\0\0\x23TSSE"),
    ("MP3", b"\xff\xfb\x90\x64\0\0"),
    ("AAC", b"\xff\xf1\x50\x80\x02\x1f"),
    ("M4A", iso("M4A ", "mp42")),
    ("Ogg", b"OggS\0\x02" + bytes(22) + b"\x01vorbis"),
    ("Opus", b"OggS\0\x02" + bytes(22) + b"OpusHead"),
    ("Ogg video", b"OggS\0\x02" + bytes(22) + b"\x80theora"),
    ("FLAC", b"fLaC\0\0\0\x22"),
    ("AMR", b"#!AMR\n\x3c\x91"),
    ("AMR", b"#!AMR-WB\n\x3c\x91"),
    ("MP4", iso("isom", "mp41")),
    ("QuickTime", iso("qt  ")),
    ("QuickTime", b"\0\0\0\x08wide\0\0\x10\0mdat"),
    ("M4V", iso("M4V ")),
    ("3GPP", iso("3gp4")),
    ("WebM", ebml(b"webm")),
    ("Matroska", ebml(b"matroska")),
    ("MPEG", b"\0\0\x01\xba\x44\0"),
    ("MPEG", b"\0\0\x01\xb3\x14\0"),
    ("MPEG transport stream", (b"G\x40\0\x10" + bytes(184)) * 3),
    ("MPEG transport stream", (bytes(4) + b"G\x40\0\x10" + bytes(184)) * 3),
    ("Flash video", b"FLV\x01\x05\0\0\0\x09"),
    ("Windows Media video", ASF),
    ("Parquet", b"PAR1\x15\x04\x15\x10\0"),
    ("Avro", b"Obj\x01\x04\x14avro.codec"),
    ("Mobipocket", b"A_Book".ljust(60, b"\0") + b"BOOKMOBI"),
    ("JSON", b'{"a": [1, 2'),
    ("JSON", b'[\n  {"a": 1'),
    ("JSON Lines", b'{"a": 1}\n{"a": 2}\n'),
    ("Plain text", "Grüße, 世界\n".encode()),
    ("Plain text", b""),
]
by_name = {kind.name: kind for kind in KINDS}


def named(kind: Kind | None) -> str:
    return kind.name if kind else "unknown"


@pytest.mark.parametrize(("name", "head"), HEADS)
def test_bytes_tell_a_kind_of_which_nothing_is_said(name: str, head: bytes) -> None:
    assert named(kind_of(head)) == name
    assert named(kind_of(head, "application/octet-stream", "download")) == name


@pytest.mark.parametrize(
    ("name", "head"), [row for row in HEADS if by_name[row[0]].told in (Told.BYTES, Told.MARKUP)]
)
def test_a_lie_does_not_hide_what_the_bytes_tell(name: str, head: bytes) -> None:
    lie = "image/jpeg" if name == "PNG" else "image/png"
    assert named(kind_of(head, lie, f"lie{suffix_for(lie)}")) == name


def test_every_kind_that_bytes_should_tell_has_a_head_here() -> None:
    told = {kind.name for kind in KINDS if kind.told in (Told.BYTES, Told.MARKUP)}
    assert told <= {name for name, _ in HEADS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_words_tell_a_kind_before_a_byte_is_there(kind: Kind) -> None:
    for word in (kind.mime_type, *kind.aliases):
        assert kind_of(b"", f" {word.upper()}; charset=utf-8") == kind
    for suffix in kind.suffixes:
        assert kind_of(b"", name=f"Some.file{suffix.upper()}") == kind
    assert suffix_for(kind.mime_type) == kind.suffixes[0]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.told is Told.WORD], ids=lambda k: k.name)
def test_a_text_is_what_its_type_or_its_name_says(kind: Kind) -> None:
    assert kind_of(b"any text\n", kind.mime_type) == kind
    assert kind_of(b"any text\n", "text/plain", f"a{kind.suffixes[0]}") == kind


@pytest.mark.parametrize(
    ("head", "declared", "name", "kind"),
    [
        (OLE, "application/msword", "", "Word 97"),
        (OLE, "", "budget.xls", "Excel 97"),
        (OLE, "text/csv", "talk.ppt", "PowerPoint 97"),
        (OLE, "text/csv", "setup.msi", "unknown"),
        (ASF, "", "song.wma", "Windows Media audio"),
        (ebml(b"webm"), "audio/webm;codecs=opus", "", "WebM audio"),
        (iso("isom"), "", "talk.m4a", "M4A"),
        (iso("isom"), "audio/mpeg", "", "MP4"),
        (b"OggS\0\x02" + bytes(22) + b"OpusHead", "audio/ogg", "", "Ogg"),
        (archive(*PARTS), "application/zip", "letter.docx", "Word"),
        (archive(*PARTS), "", "letter.docx", "Word"),
        (archive(*PARTS), "application/msword", "", "ZIP"),
        (b"<!doctype html>", "", "page.php", "PHP"),
        (b"<!doctype html>", "text/html", "page.php", "HTML"),
        (b"<!doctype html>", "text/csv", "", "HTML"),
        (b"<svg>", "", "Icon.svelte", "Svelte"),
        (b"<?xml version='1.0'?><!-- cut", "text/xml", "a.svg", "SVG"),
        (b'{"a": 1}', "text/plain", "", "Plain text"),
        (b'{"a": 1}', "text/plain", "a.json", "JSON"),
        (b'{"url": "https://docs.google.com/"}', "", "plan.gdoc", "Google document"),
        (b"a,b\n1,2\n", "application/vnd.ms-excel", "a.csv", "CSV"),
        (b"let a = 1", "video/mp2t", "a.ts", "TypeScript"),
        (b"KEY=1", "", ".env", "Environment"),
        (b"{}", "application/ld+json", "", "JSON"),
        (b"plain words", "image/png", "a.png", "Plain text"),
        (b"caf\xe9, cr\xe8me, eau", "text/csv", "", "CSV"),
        (UNKNOWN, "text/plain", "a.mp3", "MP3"),
        (UNKNOWN, "video/mp4", "a.csv", "MP4"),
        (UNKNOWN, "text/csv", "a.mp4", "MP4"),
        (UNKNOWN, "", "noise", "unknown"),
        (UNKNOWN, "application/x-shockwave-flash", "a.swf", "unknown"),
    ],
)
def test_words_count_where_bytes_leave_it_open(head: bytes, declared: str, name: str, kind: str) -> None:
    assert named(kind_of(head, declared, name)) == kind


@pytest.mark.parametrize(
    "text", ["BM is short", "PAR1,PAR2", "ID3 tags", "The ftyp box", "GIF", "%PDF", "[a]"]
)
def test_a_text_may_begin_with_the_letters_of_a_mark(text: str) -> None:
    assert named(kind_of(text.encode())) == "Plain text"


def test_a_text_that_is_cut_within_a_character_is_text() -> None:
    assert named(kind_of(("a" + "é" * HEAD_BYTES).encode()[:HEAD_BYTES])) == "Plain text"


def test_nothing_is_named_twice() -> None:
    words = [word for kind in KINDS for word in (kind.mime_type, *kind.aliases, *kind.suffixes)]
    names = [kind.name for kind in KINDS]
    assert len(words) == len(set(words))
    assert len(names) == len(set(names)) >= 100


def test_what_we_expect_to_be_taken_the_simulator_takes_and_the_refused_it_refuses() -> None:
    assert all(is_supported(kind.mime_type) for kind in KINDS if kind.support is Support.TAKEN)
    refused = [kind for kind in KINDS if kind.support is Support.REFUSED]
    assert [kind.name for kind in refused] == ["RAR", "7-Zip"]
    assert not any(is_supported(kind.mime_type) for kind in refused)
    assert all("npack it" in kind.advice for kind in refused)


def test_nobody_is_told_to_convert_a_file_to_what_it_is() -> None:
    for kind in KINDS:
        assert kind.advice
        assert kind.advice != f"convert it to {kind.name}"


def test_a_type_that_is_not_known_has_no_suffix() -> None:
    assert suffix_for("application/octet-stream") == suffix_for("") == ""
    assert suffix_for("image/jpg; q=1") == ".jpg"


@pytest.mark.parametrize(
    "piece", [b"<!---->", b"{", b'{"', b"}\t", b"PK\x03\x04", b"<?x", b" ", b"\\", b"OggS\0"]
)
def test_no_bytes_take_long_to_tell(piece: bytes) -> None:
    for start in (b"", b"[", b'{"', b"<?xml ?>", b"\0\0\0\x20ftypmif1"):
        began = perf_counter()
        kind_of(start + piece * HEAD_BYTES)
        assert perf_counter() - began < 0.5
