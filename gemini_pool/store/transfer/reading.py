"""Reading whatever was pasted: the table of formats, and what joins and orders that which they find."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from gemini_pool.roster import Credentials
from gemini_pool.store.transfer import curl, har, jar, json_accounts, lines, mailboxes
from gemini_pool.store.transfer.fields import account_in
from gemini_pool.store.transfer.found import (
    GIVEN_AGAIN,
    TOO_LARGE,
    TOO_MANY,
    Entry,
    FoundAccount,
    Piece,
    Problem,
    Reading,
)
from gemini_pool.store.transfer.pieces import pieces

MOST_CHARACTERS = 20_000_000
MOST_ACCOUNTS = 5_000
MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Format:
    """One form of text: which pieces are of it, and how their entries are read."""

    name: str
    fits: Callable[[Piece], bool]
    read: Callable[[Piece], Iterator[Entry | Problem]]


# The first that fits has the piece.
OF_JSON = (
    Format("HAR", har.fits, har.read),
    Format("cookie export", jar.fits_json, jar.read_json),
    Format("JSON", json_accounts.fits, json_accounts.read),
)
OF_TEXT = (
    Format("cURL", curl.fits, curl.read),
    Format("cookie jar", jar.fits_lines, jar.read_lines),
    Format("mailboxes", mailboxes.fits, mailboxes.read),
    Format("lines", lines.fits, lines.read),
    Format("unknown", lambda _: True, lines.unreadable),
)


def read_pasted(text: str) -> Reading:
    """All accounts in a text of any known form, or of several, and what could not be read. Never raises."""
    if len(text) > MOST_CHARACTERS:
        return Reading(problems=(Problem(1, None, TOO_LARGE),))
    found: list[FoundAccount] = []
    problems: list[Problem] = []
    for piece in pieces(text.removeprefix("\ufeff").replace("\r\n", "\n")):
        for one in _read(piece):
            if isinstance(one, FoundAccount):
                found.append(one)
            else:
                problems.append(one)
            if len(found) > MOST_ACCOUNTS:
                problems.insert(0, Problem(found[-1].line, found[-1].entry, TOO_MANY))
                return Reading(tuple(found[:MOST_ACCOUNTS]), tuple(problems[:MOST_PROBLEMS]))
    found, again = _once_each(_joined(found))
    return Reading(tuple(found), tuple([*problems, *again][:MOST_PROBLEMS]))


def _read(piece: Piece) -> Iterator[FoundAccount | Problem]:
    formats = OF_TEXT if piece.value is None else OF_JSON
    form = next(each for each in formats if each.fits(piece))
    for entry in form.read(piece):
        if isinstance(entry, Problem):
            yield entry
            continue
        account, problems = account_in(entry, form.name)
        yield from problems
        if account:
            yield account


def _joined(found: Iterable[FoundAccount]) -> list[FoundAccount]:
    """Neighbours that are each a part of one account, such as an address and cookies, put together."""
    joined: list[FoundAccount] = []
    for one in found:
        whole = _whole(joined[-1], one) if joined else None
        if whole:
            joined[-1] = whole
        else:
            joined.append(one)
    return joined


def _whole(one: FoundAccount, other: FoundAccount) -> FoundAccount | None:
    if one.entry is not None or other.entry is not None or not (one.missing and other.missing):
        return None
    first, second = one.account.credentials, other.account.credentials
    held = {name: (getattr(first, name), getattr(second, name)) for name in Credentials.__slots__}
    if any(mine and theirs for name, (mine, theirs) in held.items() if name != "user_agent"):
        return None
    credentials = Credentials(**{name: mine or theirs for name, (mine, theirs) in held.items()})
    whole = replace(one, account=replace(one.account, credentials=credentials))
    return None if whole.missing else whole


def _once_each(found: Iterable[FoundAccount]) -> tuple[list[FoundAccount], list[Problem]]:
    """Of accounts that are given again the last, in the place of the first."""
    known: dict[object, FoundAccount] = {}
    again = []
    for number, one in enumerate(found):
        credentials = one.account.credentials
        sign_in = (credentials.config_id, credentials.csesidx) if not one.missing else number
        if sign_in in known:
            again.append(Problem(one.line, one.entry, GIVEN_AGAIN))
        known[sign_in] = one
    return list(known.values()), again
