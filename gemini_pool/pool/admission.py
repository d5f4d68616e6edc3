"""How many answers a worker gives at one time, and until when it gives any.

The threads beyond that stay free for the console, for health checks, and for saying no at once.
"""

import math
import threading
import time
from collections.abc import Callable

from gemini_pool.errors import Overloaded, Stopping

KEPT_BACK = 8
RETRY_AFTER_SECONDS = 1.0
# A caller who has his answer may ask again before its place is free.
GRACE_SECONDS = 0.05


class Admission:
    """`most` answers at one time; `told` is called with how many there are whenever that changes, and must
    not wait for anything. Thread-safe."""

    def __init__(
        self,
        most: int,
        clock: Callable[[], float] = time.monotonic,
        told: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.most = most
        self._clock = clock
        self._told = told
        self._open = 0
        self._left = threading.Condition(threading.Lock())
        self._ends_at = math.inf

    def enter(self) -> None:
        """Take a place; Overloaded when there is none, and nobody queues for one."""
        with self._left:
            if self._full() and not self._left.wait_for(lambda: not self._full(), GRACE_SECONDS):
                raise Overloaded(
                    "All places for answers are taken at the moment. Ask again.",
                    retry_after=RETRY_AFTER_SECONDS,
                )
            self._open += 1
            self._told(self._open)

    def leave(self) -> None:
        with self._left:
            if not self._open:
                raise ValueError("released too many times: who leaves must have entered")
            self._open -= 1
            self._told(self._open)
            self._left.notify()

    def _full(self) -> bool:
        return self._open >= self.most

    def end_within(self, seconds: float) -> None:
        """The process is about to stop: answers that are still under way then are broken off."""
        self._ends_at = self._clock() + seconds

    @property
    def ending(self) -> bool:
        """Whether the process is about to stop: what need not go on ends."""
        return self._ends_at < math.inf

    def check(self) -> None:
        """Stopping when the time to end has come."""
        if self._clock() >= self._ends_at:
            raise Stopping("The service is being stopped or restarted. Ask again.", retry_after=1.0)


def places(threads: int) -> int:
    """How many of a worker's threads may give answers."""
    return threads - min(KEPT_BACK, max(1, threads // 4))
