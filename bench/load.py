"""The load: so many connections, each asking again as soon as it is answered. Raw sockets on asyncio,
so that the asking costs little beside the answering."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import cast

LAST_CHUNK = b"0\r\n\r\n"
HEAD_END = b"\r\n\r\n"


class LoadError(Exception):
    """An answer that was not 200, or a connection that broke: the figures would mean nothing."""


@dataclass
class Tally:
    """What came back: seconds to the first byte of a body and to its end, one entry an answer."""

    first: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.total) / self.seconds


class Asker(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, request: bytes, tally: Tally, until: float) -> None:
        self._request = request
        self._tally = tally
        self._until = until
        self._head = b""
        self._left: int | None = None  # bytes of a body with a length; None while unknown or chunked
        self._in_body = False
        self._asked = self._first = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        if not self._in_body:
            self._head += data
            head, end, data = self._head.partition(HEAD_END)
            if not end:
                return
            self._read_head(head)
        if data and not self._first:
            self._first = time.perf_counter()
        if self._left is None:
            self._tail = (self._tail + data)[-len(LAST_CHUNK) :]
            finished = self._tail == LAST_CHUNK
        else:
            self._left -= len(data)
            finished = self._left <= 0
        if finished:
            self._answered()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(LoadError("the server closed a connection"))

    def _read_head(self, head: bytes) -> None:
        status, _, rest = head.partition(b"\r\n")
        if b" 200 " not in status + b" ":
            self.done.set_exception(LoadError(f"answered {status.decode()}"))
            self._transport.abort()
            return
        length = [line for line in rest.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        self._left = int(length[0].partition(b":")[2]) if length else None
        self._in_body = True

    def _ask(self) -> None:
        self._head, self._tail, self._in_body, self._first = b"", b"", False, 0.0
        self._asked = time.perf_counter()
        self._transport.write(self._request)

    def _answered(self) -> None:
        now = time.perf_counter()
        self._tally.first.append(self._first - self._asked)
        self._tally.total.append(now - self._asked)
        if now < self._until:
            self._ask()
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()


def ask(port: int, request: bytes, *, connections: int, seconds: float) -> Tally:
    """Ask over and over for a time; LoadError when anything but 200 comes back."""
    return asyncio.run(_ask(port, request, connections, seconds))


async def _ask(port: int, request: bytes, connections: int, seconds: float) -> Tally:
    tally = Tally()
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    until = started + seconds
    pairs = [
        await loop.create_connection(lambda: Asker(request, tally, until), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(asker.done for _, asker in pairs))
    tally.seconds = time.perf_counter() - started
    return tally


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A whole HTTP request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "host: bench", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
