"""HTTP/1.1 as bytes: a request written, a reply's head and body taken apart as they arrive.

Nothing here waits or reads. A body may be chunked, counted or ended by the connection's end, and
compressed on top.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from gemini_pool.errors import BadReply, Unreachable

MAX_HEAD_BYTES = 64 * 1024
MAX_SIZE_LINE_BYTES = 1024
END_OF_LINE = b"\r\n"
END_OF_HEAD = b"\r\n\r\n"
NO_BODY = (204, 304)
# zlib's way of asking for either of its own two wrappings, gzip and "deflate".
ANY_WRAPPING = zlib.MAX_WBITS | 32


class Pieces(Protocol):
    """A body that is sent piece by piece, of a length that is known before."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[bytes]: ...


def request_head(method: str, target: str, headers: Mapping[str, str], length: int | None) -> bytes:
    """A request up to its body. ValueError for a header that would break out of its line."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if length is not None:
        lines.append(f"content-length: {length}")
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        raise ValueError("a header with a line break in it")
    return text.encode("latin-1") + END_OF_HEAD


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a reply. Header names in lower case; of one sent twice, the last."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]  # the Set-Cookie lines
    keeps_open: bool  # whether the line may be used again


def read_head(head: bytes) -> Head:
    """The head up to its empty line; BadReply for what is no HTTP."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if not (version.startswith("HTTP/1.") and len(status) == 3 and status.isascii() and status.isdigit()):
        raise BadReply("The service answered something that is no HTTP.")
    pairs = [
        (name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    ]
    headers = dict(pairs)
    cookies = tuple(value for name, value in pairs if name == "set-cookie")
    wish = headers.get("connection", "").lower()
    keeps_open = "close" not in wish and (version != "HTTP/1.0" or "keep-alive" in wish)
    return Head(int(status), headers, cookies, keeps_open)


class Body:
    """A reply's body: feed it what arrives, it gives back what the service meant."""

    def __init__(self, head: Head) -> None:
        self.done = head.status in NO_BODY
        self._chunked = "chunked" in head.headers.get("transfer-encoding", "").lower()
        self._ends_with_line = False  # only the end of the connection tells that the body is whole
        self._surplus = False  # more came than the body
        self._left = 0  # bytes to come of the body, or of a chunk with its line end
        self._held = b""  # the beginning of a line that tells a chunk's size
        self._trailing = False
        packed = head.headers.get("content-encoding", "identity").strip().lower() not in ("identity", "")
        self._unpack = zlib.decompressobj(ANY_WRAPPING) if packed else None
        if not (self._chunked or self.done):
            self._count(head.headers.get("content-length"))

    @property
    def in_step(self) -> bool:
        """Whether the next thing on the line will be the next reply, and nothing left over from this one."""
        return self.done and not (self._ends_with_line or self._surplus)

    def feed(self, data: bytes) -> bytes:
        """The part of the body in these bytes; b"" when there is none yet. BadReply."""
        if self.done:
            self._surplus |= bool(data)
            return b""
        payload = self._unchunked(data) if self._chunked else self._counted(data)
        if not self._unpack:
            return payload
        try:
            return self._unpack.decompress(payload)
        except zlib.error:
            raise BadReply("The service sent compressed bytes that cannot be read.") from None

    def end(self) -> None:
        """The connection ended; Unreachable when more was to come."""
        if not self._ends_with_line:
            raise Unreachable("The service ended the connection in the middle of its reply.")
        self.done = True

    def _count(self, length: str | None) -> None:
        if length is None:
            self._ends_with_line = True
        elif length.isascii() and length.isdigit():
            self._left = int(length)
            self.done = not self._left
        else:
            raise BadReply("The service sent a reply whose length cannot be read.")

    def _counted(self, data: bytes) -> bytes:
        if self._ends_with_line:
            return data
        payload = data[: self._left]
        self._left -= len(payload)
        self.done = not self._left
        self._surplus = len(payload) < len(data)
        return payload

    def _unchunked(self, data: bytes) -> bytes:
        data, self._held = self._held + data, b""
        pieces, at = [], 0
        while at < len(data) and not self.done:
            if not self._left:
                end = data.find(END_OF_LINE, at)
                if end < 0:
                    self._hold(data[at:])
                    break
                self._line(data[at:end])
                at = end + len(END_OF_LINE)
            if self._left:
                end = at + self._left
                pieces.append(data[at : max(at, end - len(END_OF_LINE))])
                self._left = max(0, end - len(data))
                at = end
        self._surplus = self.done and at < len(data)
        return b"".join(pieces)

    def _hold(self, rest: bytes) -> None:
        if len(rest) > MAX_SIZE_LINE_BYTES:
            raise BadReply("The service sent a reply whose parts cannot be told apart.")
        self._held = rest

    def _line(self, line: bytes) -> None:
        """A line between chunks: the size of the next, or, after the last, what trails it."""
        if self._trailing:
            self.done = not line
            return
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            size = -1
        if size < 0:
            raise BadReply("The service sent a reply whose parts cannot be told apart.")
        self._trailing = size == 0
        self._left = size + len(END_OF_LINE) if size else 0
