"""HTTP/1.1 heads, read and written: just what one origin server needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

MAX_HEAD = 64 * 1024
MAX_BODY = 150 * 1024 * 1024

JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=UTF-8"

_REASONS = MappingProxyType({status.value: status.phrase for status in HTTPStatus})


class BadHead(Exception):
    """A request head that cannot be served; carries the HTTP status to refuse it with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body. Header names are lower-case; `length` counts body bytes to come."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    length: int
    keep_alive: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request."""

    head: Head
    body: bytes

    def header(self, name: str) -> str:
        """The header of this lower-case name, or ''."""
        return self.head.headers.get(name, "")

    @property
    def origin(self) -> str:
        """The origin that the caller asked, without a slash at its end."""
        return f"http://{self.header('host')}"


def parse_head(raw: bytes) -> Head:
    """The head in `raw` (everything before the blank line). BadHead when it is malformed or too much."""
    first, *lines = raw.decode("latin-1").split("\r\n")
    match first.split(" "):
        case [method, target, "HTTP/1.1" | "HTTP/1.0" as version]:
            path, _, query = target.partition("?")
        case _:
            raise BadHead(400, "malformed request line")
    headers = _parse_headers(lines)
    keep_alive = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return Head(method, path, query, headers, _body_length(headers), keep_alive)


def _parse_headers(lines: list[str]) -> dict[str, str]:
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name[-1] in " \t":
            raise BadHead(400, "malformed header line")
        headers[name.lower()] = value.strip()
    return headers


def _body_length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadHead(411, "a request body needs a Content-Length")
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()):
        raise BadHead(400, "malformed Content-Length")
    if int(text) > MAX_BODY:
        raise BadHead(413, "request body too large")
    return int(text)


def response_head(status: int, content_type: str, headers: Mapping[str, str], length: int | None) -> bytes:
    """A response head; `length` None announces a chunked body."""
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Content-Type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One piece of a chunked body; no data gives the end mark."""
    return b"%x\r\n%b\r\n" % (len(data), data)
