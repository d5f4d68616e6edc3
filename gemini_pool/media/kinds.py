"""What kind a file is: by its bytes, then by what its sender says, then by its name."""

from collections.abc import Iterable, Iterator, Mapping

from gemini_pool.media.kinds_table import KINDS, Kind, Support, Told
from gemini_pool.media.magic import OLE, is_text, magic_of

__all__ = ["HEAD_BYTES", "KINDS", "Kind", "Support", "Told", "as_markdown", "kind_of", "suffix_for"]

HEAD_BYTES = 4096  # of a file, to tell its kind by

_PLAIN = "text/plain"
# Many a kind is one of these besides, so who declares them has said little.
_BROAD = {_PLAIN, "application/zip", "application/xml"}
_BY_TYPE: Mapping[str, Kind] = {word: kind for kind in KINDS for word in (kind.mime_type, *kind.aliases)}
_BY_SUFFIX: Mapping[str, Kind] = {suffix: kind for kind in KINDS for suffix in kind.suffixes}


def _types(told: Iterable[Told], *groups: str) -> frozenset[str]:
    return frozenset(kind.mime_type for kind in KINDS if kind.told in told and kind.group in groups)


_TEXTS = frozenset(kind.mime_type for kind in KINDS if kind.is_text)
_LANGUAGES = _types((Told.WORD,), "Code", "Web")

# Where bytes tell no more than the key, what is declared or named may be one of these all the same. A page
# may be a template of some language, and several formats look like JSON at first.
_FAMILIES: Mapping[str, frozenset[str]] = {
    "application/zip": _types((Told.BYTES,), "Microsoft Office", "OpenDocument") | {"application/epub+zip"},
    OLE: _types((Told.FAMILY,), "Microsoft Office"),
    "video/mp4": frozenset({"audio/mp4", "video/quicktime", "video/x-m4v", "video/3gpp"}),
    "video/webm": frozenset({"audio/webm"}),
    "video/x-ms-wmv": frozenset({"audio/x-ms-wma"}),
    "audio/opus": frozenset({"audio/ogg"}),
    "text/html": _LANGUAGES,
    "image/svg+xml": _LANGUAGES,
    "application/xml": _LANGUAGES | {"text/html", "image/svg+xml"},
    "application/json": _TEXTS,
    "application/jsonl": _TEXTS,
}


def kind_of(head: bytes, declared: str = "", name: str = "") -> Kind | None:
    """The kind of a file that begins with `head` (HEAD_BYTES of it, or all) and that its sender declares to
    be of a MIME type and calls by a name; None for bytes that nothing tells."""
    head = head[:HEAD_BYTES]
    claims = [kind for kind in (_by_type(declared), _by_name(name)) if kind]
    claims.sort(key=lambda kind: kind.mime_type in _BROAD)
    if found := magic_of(head):
        fitting = {found} | _FAMILIES.get(found, frozenset())
        return next((kind for kind in claims if kind.mime_type in fitting), _BY_TYPE.get(found))
    if head and is_text(head):
        return next((kind for kind in claims if kind.is_text), _BY_TYPE[_PLAIN])
    if claims:
        return min(claims, key=lambda kind: kind.is_text)
    return None if head else _BY_TYPE[_PLAIN]


def suffix_for(mime_type: str) -> str:
    """The usual suffix of files of a MIME type, as ".png"; "" for a type that is not known."""
    kind = _by_type(mime_type)
    return kind.suffixes[0] if kind else ""


def _by_type(mime_type: str) -> Kind | None:
    word = mime_type.partition(";")[0].strip().lower()
    _, _, syntax = word.rpartition("+")  # as in application/ld+json
    return _BY_TYPE.get(word) or _BY_TYPE.get(f"application/{syntax}" if syntax in ("json", "xml") else "")


def _by_name(name: str) -> Kind | None:
    _, point, suffix = name.strip().rpartition(".")  # ".env" has no other suffix
    return _BY_SUFFIX.get((point + suffix).lower())


def as_markdown() -> Iterator[str]:
    """docs/file-types.md, line by line."""
    yield from _PREFACE
    for group in dict.fromkeys(kind.group for kind in KINDS):
        yield from ("", f"## {group}", "")
        yield "| Kind | Suffixes | MIME type | Told by | Taken | If it is refused |"
        yield "|---|---|---|---|---|---|"
        for kind in KINDS:
            if kind.group == group:
                suffixes = " ".join(f"`{suffix}`" for suffix in kind.suffixes)
                told = f"{kind.told} | {kind.support} | {kind.advice}"
                yield f"| {kind.name} | {suffixes} | `{kind.mime_type}` | {told} |"


_PREFACE = f"""\
# File types

<!-- generated from gemini_pool/media/kinds_table.py by `make readme` -->

The program tells {len(KINDS)} kinds of file apart. **What the service itself takes was never observed.** The
column *Taken* is hearsay from programs that used it before, whose authors call their own lists untested:
*expected* are the common kinds, *doubtful* those that such lists doubt or do not name, *refused* those that
they say fail. The service has the last word.

The first bytes count most: a picture that is declared as another kind, or has the wrong suffix, is taken for
what it is. Next counts the declared MIME type (`application/octet-stream` says nothing), then the suffix of
the name. The bytes of a text seldom tell more than that it is one, so its language comes from type or name;
a text of which neither says anything is plain text, or JSON if it begins so. Bytes of which nobody says
anything are of no known kind.

Google's own documents live at an address: what a computer keeps of them as `.gdoc` holds that address and no
text, so an export must be sent.\
""".splitlines()
