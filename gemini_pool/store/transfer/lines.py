"""Lines as people copy them: names with values (settings, simple YAML), Cookie headers, page addresses.

A name that comes again with another value begins the next account; so do a line of dashes and a list's `- `.
"""

import re
from collections.abc import Iterator, Mapping

from gemini_pool.store.transfer.fields import COOKIES, cookies_in, ids_in, known
from gemini_pool.store.transfer.found import NOT_UNDERSTOOD, Entry, Piece, Problem

NAMED = re.compile(
    r"(?:export |set |- )?[\"']?([A-Za-z_][A-Za-z0-9_-]{0,60})[\"']?[ \t]{0,20}[=:](.*)", re.DOTALL
)
NUMBERED = re.compile(r"account_?([0-9]{1,6})_(.+)", re.IGNORECASE)
COOKIE_NAME = re.compile(r"(?:__Secure-C_SES|__Host-C_OSES)=")
QUOTES = "\"'<>(),;`"
# What a record must have something of, to be more than the lines around an account.
OF_AN_ACCOUNT = {"secure_c_ses", "host_c_oses", "csesidx", "config_id"}


def fits(piece: Piece) -> bool:
    return any(OF_AN_ACCOUNT & _facts(line)[1].keys() for _, line in piece.lines())


def read(piece: Piece) -> Iterator[Entry | Problem]:
    records: dict[str, list[Entry]] = {}
    fresh = False
    for number, line in piece.lines():
        label, facts = _facts(line)
        theirs = records.setdefault(label, [])
        fresh = fresh or _begins_another(line)
        if not facts:
            continue
        if not theirs or fresh or _contradicts(theirs[-1].fields, facts):
            theirs.append(Entry(number, None, facts))
        else:
            theirs[-1] = Entry(theirs[-1].line, None, {**theirs[-1].fields, **facts})
        fresh = False
    found = [entry for theirs in records.values() for entry in theirs if OF_AN_ACCOUNT & entry.fields.keys()]
    yield from sorted(found, key=lambda entry: entry.line)


def unreadable(piece: Piece) -> Iterator[Entry | Problem]:
    """Of lines that are nothing that is known, comments need no word."""
    if any(line.strip() and not line.lstrip().startswith(("#", "//", "--")) for _, line in piece.lines()):
        yield Problem(piece.line, None, NOT_UNDERSTOOD)


def _facts(line: str) -> tuple[str, dict[str, str]]:
    """What a line says, by our names; and the number in its name, for settings of several accounts."""
    line = line.strip(" \t{[")
    columns = line.split("\t")
    if columns[0] in COOKIES and len(columns) > 1:  # of the browser's table of cookies
        return "", {COOKIES[columns[0]]: columns[1].strip()}
    cookie = COOKIE_NAME.search(line)
    if cookie:
        return "", cookies_in(line[cookie.start() :])
    label, name, value = _named(line)
    if name:
        return label, {name: value} if value else {}
    ids: dict[str, str] = {}
    for word in line.split():
        if "/cid/" in word or "csesidx=" in word:
            ids |= ids_in(word.strip(QUOTES))
    return "", ids


def _named(line: str) -> tuple[str, str | None, str]:
    named = NAMED.match(line)
    if not named:
        return "", None, ""
    numbered = NUMBERED.fullmatch(named[1])
    label, name = (numbered[1], numbered[2]) if numbered else ("", named[1])
    return label, known(name), named[2].strip().rstrip(",").strip().strip("\"'").strip()


def _begins_another(line: str) -> bool:
    plain = line.strip()
    return plain.startswith("- ") or (len(plain) > 2 and not plain.strip("-=#* "))


def _contradicts(held: Mapping[str, str], facts: Mapping[str, str]) -> bool:
    return any(name in held and held[name] != value for name, value in facts.items())
