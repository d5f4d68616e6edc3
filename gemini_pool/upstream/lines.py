"""Lines: open connections to the service, kept alive and used again, read without blocking."""

import select
import socket
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gemini_pool.upstream.dialler import Dialled, Dialler, Origin, unreachable

# Less than a front end keeps an idle connection, so that we never ask on one that it is just closing.
IDLE_SECONDS = 60.0
PIECE_BYTES = 65536


@dataclass(slots=True)
class Line:
    """One connection that carries one exchange at a time."""

    origin: Origin
    dialled: Dialled
    idle_since: float = 0.0
    _poll: select.poll = field(default_factory=select.poll)

    def __post_init__(self) -> None:
        self._poll.register(self.dialled.sock, select.POLLIN)

    def send(self, data: bytes, timeout: float) -> None:
        """All of it; Unreachable."""
        try:
            self.dialled.sock.settimeout(timeout)
            self.dialled.sock.sendall(data)
            self.dialled.sock.settimeout(0)
        except OSError as error:  # of what was sent in part nothing is done
            raise unreachable(error, asked=False) from error

    def receive(self, wait: float) -> bytes | None:
        """What is there, up to 64 KB; b"" at the end; None when nothing came for `wait` seconds."""
        if self._may_hold() and (data := self._read()) is not None:
            return data
        return self._read() if self._poll.poll(wait * 1000) else None

    def is_quiet(self) -> bool:
        """Whether there is nothing to read; an idle line on which there is has been closed."""
        return not self._poll.poll(0)

    def close(self) -> None:
        self.dialled.sock.close()

    def _may_hold(self) -> bool:
        """Whether TLS may hold bytes that the socket no longer shows. TLS within TLS cannot tell."""
        sock = self.dialled.sock
        if isinstance(sock, ssl.SSLSocket):
            return sock.pending() > 0
        return not isinstance(sock, socket.socket)

    def _read(self) -> bytes | None:
        try:
            return self.dialled.sock.recv(PIECE_BYTES) or b""  # TLS within TLS ends with a 0
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None  # part of a TLS record
        except OSError as error:
            raise unreachable(error) from error


class Lines:
    """Lines to all hosts; each host keeps up to `most_idle` unused ones. Thread-safe."""

    def __init__(
        self, dialler: Dialler, *, most_idle: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._dialler = dialler
        self._most_idle = most_idle
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: dict[Origin, deque[Line]] = defaultdict(deque)  # the longest unused first

    def take(self, origin: Origin) -> Line:
        """An unused line that is still good, or a new one; Unreachable."""
        while line := self._unused(origin):
            if line.is_quiet() and not self._is_old(line):
                return line
            line.close()
        return Line(origin, self._dialler.dial(origin))

    def give_back(self, line: Line) -> None:
        """Keep a line whose last reply was read to its end."""
        line.idle_since = self._clock()
        unwanted = []
        with self._lock:
            idle = self._idle[line.origin]
            idle.append(line)
            while idle and (len(idle) > self._most_idle or self._is_old(idle[0])):
                unwanted.append(idle.popleft())
        for one in unwanted:
            one.close()

    def close(self) -> None:
        """Close the unused ones."""
        with self._lock:
            lines = [line for idle in self._idle.values() for line in idle]
            self._idle.clear()
        for line in lines:
            line.close()

    def _unused(self, origin: Origin) -> Line | None:
        with self._lock:  # the newest first, so that those too many grow old and go
            idle = self._idle[origin]
            return idle.pop() if idle else None

    def _is_old(self, line: Line) -> bool:
        return self._clock() - line.idle_since >= IDLE_SECONDS
