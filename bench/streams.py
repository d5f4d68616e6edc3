"""The load of held streams: so many answers read at once by one thread, on raw sockets.

It must cost far less than what it measures, so there is no framework between the socket and the text: of
some 13 µs a text nine are the kernel's.
"""

import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from bench.reading import AnswerError, Chunks, Tongue

RECEIVE = 65536
HEAD_END = b"\r\n\r\n"
LONGEST_HEAD = 16384
POLL_SECONDS = 0.2

Moment = tuple[float, Callable[[], None]]
"""Seconds after the start, and what is to be done then."""


class Stream:
    """One answer, from the opening of its connection to its end. Times are seconds of `perf_counter`.

    `error` says why it was refused or broke off, `torn` why its bytes cannot be read; both are "" while all
    is well.
    """

    def __init__(self, request: bytes, tongue: Tongue) -> None:
        self.opened = 0.0
        self.times = array("d")  # of each text, in the order of `texts`
        self.texts: list[str] = []
        self.error = ""
        self.torn = ""
        self._request = request
        self._tongue = tongue
        self._chunks = Chunks()
        self._head: bytes | None = b""  # None: in the body

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def whole(self) -> bool:
        """Whether its proper end was seen: of the transfer, and of what was transferred."""
        return self._chunks.ended and self._tongue.whole

    def open(self, port: int) -> int:
        """Begin to connect; the file to watch."""
        self.opened = time.perf_counter()
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.connect_ex(("127.0.0.1", port))
        return self._socket.fileno()

    def ask(self) -> bool:
        """Send the request, now that the connection stands; false when it does not."""
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._socket.send(self._request) < len(self._request):
                self.error = "the request was not taken whole"
        except OSError as error:
            self.error = f"no connection: {error.strerror}"
        return not self.error

    def read(self) -> bool:
        """Take what has come; false when nothing more is wanted."""
        try:
            data = self._socket.recv(RECEIVE)
        except OSError as error:
            self.error = f"broken: {error.strerror}"
            return False
        now = time.perf_counter()
        if not data:
            self.error = "closed before its end"
            return False
        try:
            self._take(data, now)
        except AnswerError as error:
            self.error = f"failed: {error}"
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            self.torn = f"cannot be read: {error}"
        return not (self.error or self.torn or self._chunks.ended)

    def close(self) -> None:
        self._socket.close()

    def _take(self, data: bytes, now: float) -> None:
        for chunk in self._chunks.feed(data if self._head is None else self._body_of(data)):
            for text in self._tongue.read(chunk):
                self.times.append(now)
                self.texts.append(text)

    def _body_of(self, data: bytes) -> bytes:
        """What follows the head, once that is there."""
        head, end, body = ((self._head or b"") + data).partition(HEAD_END)
        status = head.partition(b"\r\n")[0]
        if end and b" 200 " not in status + b" ":
            raise AnswerError(status.decode(errors="replace"))
        if end and b"transfer-encoding: chunked" not in head.lower():
            raise ValueError("the answer is not chunked")
        if not end and len(head) > LONGEST_HEAD:
            raise ValueError("the head has no end")
        self._head = None if end else head
        return body


def hold(
    port: int, streams: Sequence[Stream], *, ramp: float, give_up: float, moments: Iterable[Moment] = ()
) -> None:
    """Open the streams evenly within `ramp` seconds and read each to its end.

    Those that have not ended `give_up` seconds after the start are in error. `moments` are kept on the way.
    """
    reader = _Reader(port)
    openings = [(ramp * n / len(streams), reader.opener(stream)) for n, stream in enumerate(streams)]
    plan = deque(sorted([*openings, *moments], key=lambda moment: moment[0]))
    started = time.perf_counter()
    try:
        while plan or reader.open:
            passed = time.perf_counter() - started
            while plan and plan[0][0] <= passed:
                plan.popleft()[1]()
            if passed > give_up:
                break
            reader.turn(max(0.0, min(plan[0][0] - passed, POLL_SECONDS)) if plan else POLL_SECONDS)
    finally:
        reader.close()


class _Reader:
    """The streams that are open, by their file; each is asked once it is connected, then read."""

    def __init__(self, port: int) -> None:
        self.open: dict[int, Stream] = {}
        self._port = port
        self._poll = select.epoll()

    def opener(self, stream: Stream) -> Callable[[], None]:
        def open_it() -> None:
            file = stream.open(self._port)
            self.open[file] = stream
            self._poll.register(file, select.EPOLLOUT)

        return open_it

    def turn(self, seconds: float) -> None:
        """Wait so long for something to come, and take all that has."""
        for file, mask in self._poll.poll(seconds):
            stream = self.open[file]
            if mask & select.EPOLLOUT:
                goes_on = stream.ask()
                self._poll.modify(file, select.EPOLLIN)
            else:
                goes_on = stream.read()
            if not goes_on:
                del self.open[file]
                stream.close()

    def close(self) -> None:
        for stream in self.open.values():
            stream.error = stream.error or "had not ended when all should have"
            stream.close()
        self._poll.close()
