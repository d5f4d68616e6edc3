"""HAR files: what a browser's network panel recorded."""

from collections.abc import Iterator, Mapping
from typing import Any

from gemini_pool.store.transfer.fields import cookies_in
from gemini_pool.store.transfer.found import NO_COOKIES_IN_HAR, Entry, Piece, Problem
from gemini_pool.store.transfer.traffic import Request, accounts_of

HOST = "gemini.google"


def fits(piece: Piece) -> bool:
    return isinstance(piece.value, dict) and isinstance(_of(piece.value, "log").get("entries"), list)


def read(piece: Piece) -> Iterator[Entry | Problem]:
    recorded = [one for one in piece.value["log"]["entries"] if isinstance(one, dict)]
    recorded.sort(key=lambda one: str(one.get("startedDateTime", "")))
    accounts = list(accounts_of(_request(one, piece.line) for one in recorded if _is_ours(one)))
    if not any("secure_c_ses" in entry.fields for entry in accounts):
        yield Problem(piece.line, None, NO_COOKIES_IN_HAR)
    yield from accounts


def _is_ours(recorded: Mapping[str, Any]) -> bool:
    return HOST in str(_of(recorded, "request").get("url", ""))


def _request(recorded: Mapping[str, Any], line: int) -> Request:
    request, response = _of(recorded, "request"), _of(recorded, "response")
    headers = dict(_headers(request))
    cookies = cookies_in(request.get("cookies")) | cookies_in(headers.get("cookie", ""))
    for name, value in _headers(response):
        if name == "set-cookie" and "max-age=0" not in value.lower():
            for one in value.split("\n"):
                cookies |= cookies_in(one.partition(";")[0])
    body = str(_of(request, "postData").get("text", ""))
    return Request(line, str(request.get("url", "")), headers, cookies, body)


def _headers(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    held = message.get("headers")
    for one in held if isinstance(held, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("value"), str):
            yield one["name"].lower(), one["value"]


def _of(held: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = held.get(name)
    return value if isinstance(value, dict) else {}
