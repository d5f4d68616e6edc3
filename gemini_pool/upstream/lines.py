"""Lines: open connections to the service, kept alive and used again, read without blocking."""

import os
import select
import socket
import ssl
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gemini_pool.upstream.dialler import Dialled, Dialler, Origin, unreachable

# Google's front ends keep an idle connection for about four minutes. Less than that, so that we never ask on
# one that is just being closed.
IDLE_SECONDS = 180.0
PIECE_BYTES = 16384  # as much as TLS sends at one time


# What a read or a write raises when the kernel has waited long enough.
LONG_ENOUGH = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass(slots=True)
class Line:
    """One connection that carries one exchange at a time.

    Python takes its socket for one that never waits, and the kernel waits: so a read is one system call, and
    one handing on of the interpreter, where asking first whether there is anything takes two of each.
    """

    origin: Origin
    dialled: Dialled
    idle_since: float = 0.0
    _waits: dict[int, float] = field(default_factory=dict)  # what the kernel was told, by direction

    def __post_init__(self) -> None:
        self.dialled.sock.settimeout(0)
        os.set_blocking(self.dialled.sock.fileno(), True)

    def send(self, data: bytes, timeout: float) -> None:
        """All of it; Unreachable when nothing moves for `timeout` seconds."""
        self._wait(socket.SO_SNDTIMEO, timeout)
        try:
            self.dialled.sock.sendall(data)
        except LONG_ENOUGH:
            raise unreachable(TimeoutError(), asked=False) from None
        except OSError as error:  # of what was sent in part nothing is done
            raise unreachable(error, asked=False) from error

    def receive(self, wait: float) -> bytes | None:
        """What is there, up to 16 KB; b"" at the end; None when nothing came for `wait` seconds, or part of
        what TLS sends whole."""
        self._wait(socket.SO_RCVTIMEO, wait)
        try:
            return self.dialled.sock.recv(PIECE_BYTES) or b""  # TLS within TLS ends with a 0
        except LONG_ENOUGH:
            return None
        except OSError as error:
            raise unreachable(error) from error

    def is_quiet(self) -> bool:
        """Whether there is nothing to read; an idle line on which there is has been closed."""
        poll = select.poll()
        poll.register(self.dialled.sock, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        self.dialled.sock.close()

    def _wait(self, direction: int, seconds: float) -> None:
        if self._waits.get(direction) == seconds:
            return
        span = divmod(max(1, round(seconds * 1e6)), 10**6)  # 0 would be without end
        plain = socket.socket(fileno=self.dialled.sock.fileno())  # TLS within TLS has no options of its own
        try:
            plain.setsockopt(socket.SOL_SOCKET, direction, struct.pack("ll", *span))
        finally:
            plain.detach()
        self._waits[direction] = seconds


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
        return self._good(origin) or Line(origin, self._dialler.dial(origin))

    def has(self, origin: Origin) -> bool:
        """Whether a good line waits to be used."""
        line = self._good(origin)
        if line:
            with self._lock:
                self._idle[origin].append(line)
        return line is not None

    def prepare(self, origin: Origin) -> None:
        """Have a good line wait to be used; Unreachable."""
        self.give_back(self.take(origin))

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

    def _good(self, origin: Origin) -> Line | None:
        """An unused line that is still good; closes those that are not."""
        while line := self._unused(origin):
            if line.is_quiet() and not self._is_old(line):
                return line
            line.close()
        return None

    def _unused(self, origin: Origin) -> Line | None:
        with self._lock:  # the newest first, so that those too many grow old and go
            idle = self._idle[origin]
            return idle.pop() if idle else None

    def _is_old(self, line: Line) -> bool:
        return self._clock() - line.idle_since >= IDLE_SECONDS
