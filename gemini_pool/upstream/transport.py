"""HTTP calls to the service: a request out, a reply in, every failure translated.

TLS is always verified, redirects are never followed, nothing is retried here: whoever calls decides.
A call that waits says so twice a second (`Waiting`), so that its caller can do something for his own.
"""

import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from gemini_pool.dialogue import SILENCE, Silence, Waiting
from gemini_pool.errors import BadReply, Unreachable
from gemini_pool.upstream.dialler import Dialler, Origin
from gemini_pool.upstream.framing import (
    END_OF_HEAD,
    MAX_HEAD_BYTES,
    Body,
    Head,
    Pieces,
    read_head,
    request_head,
)
from gemini_pool.upstream.lines import Line, Lines

MAX_REPLY_BYTES = 32 * 1024 * 1024
TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for a reply's first byte, and then for each further one."""

    first: float
    between: float


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that was read whole. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()  # the Set-Cookie lines


class StreamReply:
    """A reply that is read as it comes. Whoever has it closes it, whatever happened."""

    def __init__(self, lines: Lines, line: Line, head: Head, begun: bytes, patience: Patience) -> None:
        self.status = head.status
        self.headers = head.headers
        self.cookies = head.cookies
        self._lines = lines
        self._line = line
        self._closed = False
        self._keeps_open = head.keeps_open
        self._begun = begun
        self._body = Body(head)
        self._patience = patience

    def pieces(self) -> Generator[bytes | Silence]:
        """The body in the pieces it arrives in; Unreachable when the connection breaks or falls silent."""
        body, patience = self._body, self._patience.first
        if self._begun:
            data, self._begun = self._begun, b""
            patience = self._patience.between
            if piece := body.feed(data):
                yield piece
        while not body.done:
            data = yield from _received(self._line, patience)
            patience = self._patience.between
            if not data:
                body.end()
            elif piece := body.feed(data):
                yield piece

    def rest(self) -> Waiting[bytes]:
        """All that is left; BadReply when it is too much."""
        gathered, size = [], 0
        for piece in self.pieces():
            if isinstance(piece, Silence):
                yield piece
                continue
            gathered.append(piece)
            size += len(piece)
            if size > MAX_REPLY_BYTES:
                raise BadReply("The service sent a reply that is too large to read.")
        return b"".join(gathered)

    def close(self) -> None:
        """Hand a line that was read to its end back for use; break any other."""
        if self._closed:
            return
        self._closed = True
        if self._keeps_open and self._body.in_step:
            self._lines.give_back(self._line)
        else:
            self._line.close()


class Transport:
    """Calls over shared lines. `patience` holds where a call gives none of its own. Thread-safe."""

    def __init__(self, dialler: Dialler, *, patience: Patience, most_idle: int) -> None:
        self._lines = Lines(dialler, most_idle=most_idle)
        self._patience = patience

    def get(self, url: str, headers: Mapping[str, str]) -> Waiting[Reply]:
        """A whole reply; Unreachable or BadReply."""
        return self._whole("GET", url, headers, None)

    def post(
        self, url: str, headers: Mapping[str, str], body: bytes | Pieces, *, first: float | None = None
    ) -> Waiting[Reply]:
        """A whole reply; Unreachable or BadReply. `first` as below."""
        return self._whole("POST", url, headers, body, first)

    def fetch(
        self, url: str, headers: Mapping[str, str], *, first: float | None = None
    ) -> Waiting[StreamReply]:
        """What `get` gives, to be read piece by piece and closed by the caller; Unreachable or BadReply."""
        return self._begun("GET", url, headers, None, first)

    def stream(
        self, url: str, headers: Mapping[str, str], body: bytes, *, first: float | None = None
    ) -> Waiting[StreamReply]:
        """A reply to be read piece by piece and closed by the caller; Unreachable or BadReply.

        `first` in seconds: how long to wait for its first byte, head and body each.
        """
        return self._begun("POST", url, headers, body, first)

    def is_ready(self, url: str) -> bool:
        """Whether a call there would find an open line."""
        return self._lines.has(Origin.of(url))

    def make_ready(self, url: str) -> None:
        """Have a line open to there; Unreachable."""
        self._lines.prepare(Origin.of(url))

    def close(self) -> None:
        self._lines.close()

    def _whole(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Pieces | None,
        first: float | None = None,
    ) -> Waiting[Reply]:
        reply = yield from self._begun(method, url, headers, body, first)
        try:
            data = yield from reply.rest()
        finally:
            reply.close()
        return Reply(reply.status, reply.headers, data, reply.cookies)

    def _begun(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Pieces | None,
        first: float | None,
    ) -> Waiting[StreamReply]:
        """Send a request and read the head of its reply."""
        patience = Patience(first, self._patience.between) if first else self._patience
        origin, target = _parted(url)
        line = self._lines.take(origin)
        with ExitStack() as on_failure:
            on_failure.callback(line.close)
            told = {"host": origin.name, **line.dialled.headers, **headers}
            length = None if body is None else len(body)
            opening = request_head(method, line.dialled.prefix + target, told, length)
            if body is None or isinstance(body, bytes):
                line.send(opening + (body or b""), patience.between)
            else:
                line.send(opening, patience.between)
                yield from _sent(line, body, patience.between)
            head, rest = yield from _head(line, patience)
            reply = StreamReply(self._lines, line, head, rest, patience)
            on_failure.pop_all()
        return reply


def _sent(line: Line, pieces: Pieces, seconds: float) -> Waiting[None]:
    """Send them; no piece may take longer than that."""
    told = time.monotonic()
    for piece in pieces:
        line.send(piece, seconds)
        if time.monotonic() - told >= TICK_SECONDS:
            told = time.monotonic()
            yield SILENCE


def _head(line: Line, patience: Patience) -> Waiting[tuple[Head, bytes]]:
    """The reply's head, and what arrived with it; interim replies (1xx) are passed over."""
    data = b""
    while True:
        while (end := data.find(END_OF_HEAD)) < 0:
            if len(data) > MAX_HEAD_BYTES:
                raise BadReply("The service sent a reply whose head is too large to read.")
            more = yield from _received(line, patience.between if data else patience.first)
            if not more:
                raise Unreachable("The service ended the connection instead of answering.")
            data += more
        head, data = read_head(data[:end]), data[end + len(END_OF_HEAD) :]
        if head.status >= 200:
            return head, data


def _received(line: Line, seconds: float) -> Waiting[bytes]:
    """The next bytes, b"" at the connection's end; Unreachable when none come for so long."""
    deadline, left = time.monotonic() + seconds, seconds
    while (data := line.receive(min(left, TICK_SECONDS))) is None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Unreachable(f"The service has been silent for {seconds:g} s.")
        yield SILENCE
    return data


def _parted(url: str) -> tuple[Origin, str]:
    parts = urlsplit(url)
    return Origin.of(url), (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
