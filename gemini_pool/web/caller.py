"""The caller at the other end of the connection, who may hang up before his answer is there."""

import select
import socket

from gemini_pool.errors import CallerGone


class Caller:
    """Knows the connection of a request; without one, as in tests, the caller is always there."""

    def __init__(self, connection: socket.socket | None) -> None:
        self._poll = select.poll()
        if connection:
            self._poll.register(connection, select.POLLRDHUP)

    def check(self) -> None:
        """CallerGone when he has hung up. A write would not tell: the first one after it still succeeds."""
        if self._poll.poll(0):
            raise CallerGone("The caller hung up before the answer was whole.")
