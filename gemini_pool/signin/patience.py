"""How long a sign-in may go on, and whether anybody still wants it."""

import threading
import time
from typing import TypeVar

from gemini_pool.dialogue import Waiting
from gemini_pool.sign_in_errors import BrowserFailed

T = TypeVar("T")


class Patience:
    """One deadline over all steps. `rest` and `through` raise BrowserFailed once it is over."""

    def __init__(self, seconds: float) -> None:
        self._given = seconds
        self._ends = time.monotonic() + seconds
        self._stopped = threading.Event()
        self.step = "start"

    @property
    def over_by(self) -> float:
        """Seconds since the deadline; below 0 before it."""
        return time.monotonic() - self._ends

    def part(self, seconds: float) -> float:
        """So many seconds, but no more than a quarter of all: one thing must not use it up."""
        return min(seconds, self._given / 4)

    def extend(self, seconds: float) -> None:
        self._ends += seconds

    def stop(self) -> None:
        """Nobody wants it any more."""
        self._stopped.set()

    def check(self) -> None:
        if self._stopped.is_set():
            raise BrowserFailed("The sign-in was stopped.")
        if self.over_by > 0:
            raise self.exhausted()

    def exhausted(self) -> BrowserFailed:
        return BrowserFailed(
            f"The sign-in was not done in {self._given:g} seconds; it hung after the step “{self.step}”. "
            "If the service is slow, raise SIGN_IN_SECONDS."
        )

    def rest(self, seconds: float) -> None:
        self._stopped.wait(seconds)
        self.check()

    def pause(self, seconds: float) -> None:
        """The same, without a word: for what is asked between its pauses."""
        self._stopped.wait(seconds)

    def through(self, call: Waiting[T]) -> T:
        """The result of a call that waits."""
        while True:
            self.check()
            try:
                next(call)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
