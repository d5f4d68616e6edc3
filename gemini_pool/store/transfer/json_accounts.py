"""JSON of accounts: an array, `{"accounts": […]}` of a whole program, or a single one."""

from collections.abc import Iterable, Iterator
from typing import Any

from gemini_pool.store.transfer.found import NO_ACCOUNTS, NOT_AN_ACCOUNT, Entry, Piece, Problem

# What else a program's file may hold: such a file needs no accounts.
PARTS = ("models", "settings", "keys")


def fits(piece: Piece) -> bool:
    return isinstance(piece.value, dict | list)


def read(piece: Piece) -> Iterator[Entry | Problem]:
    value = piece.value
    if isinstance(value, dict) and "accounts" not in value:
        if not any(part in value for part in PARTS):
            yield Entry(piece.line, None, value)
        return
    accounts = _listed(value)
    if accounts is None:
        yield Problem(piece.line, None, NO_ACCOUNTS)
        return
    for number, one in enumerate(accounts, start=1):
        if isinstance(one, dict):
            yield Entry(piece.line, number, one)
        else:
            yield Problem(piece.line, number, NOT_AN_ACCOUNT)


def _listed(value: Any) -> Iterable[Any] | None:
    """The accounts of an array, of `{"accounts": […]}`, or of `{"accounts": {"children": […]}}`."""
    if isinstance(value, dict):
        value = value["accounts"]
    if isinstance(value, dict):
        value = value.get("children")
    return value if isinstance(value, list) else None
