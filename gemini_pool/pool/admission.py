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
    """`most` answers at one time. Thread-safe."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._clock = clock
        self._free = threading.BoundedSemaphore(most)
        self._ends_at = math.inf

    def enter(self) -> None:
        """Take a place; Overloaded when there is none, and nobody queues for one."""
        if not self._free.acquire(timeout=GRACE_SECONDS):
            raise Overloaded(
                "All places for answers are taken at the moment. Ask again.", retry_after=RETRY_AFTER_SECONDS
            )

    def leave(self) -> None:
        self._free.release()

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
