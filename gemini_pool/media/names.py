"""What a file from the web is called, made fit for a folder and for showing."""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote

UNNAMED = "file"
LONGEST_STEM = 120  # bytes
LONGEST_SUFFIX = 16

# RFC 6266: what stands in `filename*` is preferred.
_EXTENDED = re.compile(r"filename\*\s*=\s*utf-8'[^';]*'([^;\s]+)", re.IGNORECASE)
_PLAIN = re.compile(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))', re.IGNORECASE)
_UNFIT = re.compile(r'[<>:"|?*]')


def header_text(value: str) -> str:
    """A header as people mean it: many servers send UTF-8, which is read as Latin-1."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def file_name(headers: Mapping[str, str], target: str) -> str:
    """The name that the server gives (Content-Disposition), or the last word of the path, made clean."""
    return (
        clean(_given(header_text(headers.get("content-disposition", "")))) or clean(_last(target)) or UNNAMED
    )


def clean(name: str) -> str:
    """A name without folders, control characters and what file systems refuse; "" when nothing is left."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(c for c in _UNFIT.sub("", last) if not unicodedata.category(c).startswith("C"))
    path = PurePosixPath(shown.strip(". "))
    suffix = path.suffix if len(path.suffix.encode()) <= LONGEST_SUFFIX else ""
    stem = path.name.removesuffix(suffix).encode()[:LONGEST_STEM].decode(errors="ignore")
    return stem + suffix


def _given(disposition: str) -> str:
    if extended := _EXTENDED.search(disposition):
        return unquote(extended[1])
    if plain := _PLAIN.search(disposition):
        return re.sub(r"\\(.)", r"\1", plain[1]) if plain[1] is not None else plain[2]
    return ""


def _last(target: str) -> str:
    return unquote(target.partition("?")[0].rpartition("/")[2])
