"""The cookies of one browser: lines of a Netscape jar, or the JSON that cookie-export extensions write."""

from collections.abc import Iterator

from gemini_pool.store.transfer.fields import COOKIES
from gemini_pool.store.transfer.found import NOT_AN_ACCOUNT, Entry, Piece, Problem

# domain, whether subdomains have it, path, whether over https alone, expiry, name, value
COLUMNS = 7
HTTP_ONLY = "#HttpOnly_"


def fits_json(piece: Piece) -> bool:
    value = piece.value
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, dict) and {"name", "value", "domain"} <= first.keys()


def read_json(piece: Piece) -> Iterator[Entry | Problem]:
    yield _entry(piece, {one.get("name"): one.get("value") for one in piece.value if isinstance(one, dict)})


def fits_lines(piece: Piece) -> bool:
    return any(_columns(line) for _, line in piece.lines())


def read_lines(piece: Piece) -> Iterator[Entry | Problem]:
    rows = (_columns(line) for _, line in piece.lines())
    yield _entry(piece, {row[-2]: row[-1] for row in rows if row})


def _columns(line: str) -> list[str]:
    """The columns of a cookie's line; none for any other. A comment mark may hide that it is HttpOnly."""
    columns = line.strip("\r\n ").removeprefix(HTTP_ONLY).split("\t")
    is_cookie = len(columns) == COLUMNS and not columns[0].startswith("#") and columns[4].isdecimal()
    return columns if is_cookie else []


def _entry(piece: Piece, cookies: dict[object, object]) -> Entry | Problem:
    ours = {name: cookies[name] for name in COOKIES if cookies.get(name)}
    if not ours:
        return Problem(piece.line, None, NOT_AN_ACCOUNT)
    return Entry(piece.line, None, {"cookies": ours})
