"""The callers whose answers are under way, any of whom may hang up before his is there.

One thread a process watches all their connections: asking after each at every word would cost as much as
passing the word on.
"""

import select
import socket
import threading
from contextlib import suppress

from gemini_pool.errors import CallerGone


class Caller:
    """Somebody who waits for an answer."""

    def __init__(self) -> None:
        self.gone = False

    def check(self) -> None:
        """CallerGone when he has hung up. A write would not tell: the first one after it still succeeds."""
        if self.gone:
            raise CallerGone("The caller hung up before the answer was whole.")


class Callers:
    """Knows those who have hung up. Thread-safe; its thread starts with the first caller, so that a forked
    process has its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._epoll: select.epoll | None = None
        self._watched: dict[int, Caller] = {}  # by descriptor

    def watch(self, connection: socket.socket | None) -> Caller:
        """Whoever is at the other end; without a connection, as in tests, he is always there."""
        caller = Caller()
        if connection:
            with self._lock:
                self._watched[connection.fileno()] = caller
                self._opened().register(connection, select.EPOLLRDHUP | select.EPOLLONESHOT)
        return caller

    def leave(self, connection: socket.socket | None) -> None:
        """He has his answer, or nobody waits for it; before the connection is closed."""
        if connection and self._epoll:
            with self._lock, suppress(OSError, ValueError):  # it has been closed after all
                self._watched.pop(connection.fileno(), None)
                self._epoll.unregister(connection)

    def _opened(self) -> select.epoll:
        if self._epoll is None:
            self._epoll = select.epoll()
            threading.Thread(target=self._run, args=(self._epoll,), name="callers", daemon=True).start()
        return self._epoll

    def _run(self, epoll: select.epoll) -> None:
        while True:
            for descriptor, _ in epoll.poll():
                with self._lock:
                    caller = self._watched.get(descriptor)
                    # The one it was told of may have left, and his number be another's now.
                    if caller and _is_hung_up(descriptor):
                        caller.gone = True


def _is_hung_up(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLRDHUP)
    return bool(poll.poll(0))
