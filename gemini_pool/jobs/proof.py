"""Asking for proof that an account is good: so often, for so long, and many at a time."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from gemini_pool.dialogue import Waiting
from gemini_pool.errors import QuotaExhausted, Stopping, Unreachable, UpstreamError

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 4.0

Item = TypeVar("Item")


class Patience:
    """How long one try may take, in seconds, how many follow the first, and until when there is time at all
    (by the monotonic clock); none is left when `stopping` is set."""

    def __init__(
        self, stopping: threading.Event, *, timeout: float, retries: int, ends: float | None = None
    ) -> None:
        self._stopping = stopping
        self._timeout = timeout
        self._retries = retries
        self._ends = ends

    def proof(self, ask: Callable[[], Waiting[object]]) -> UpstreamError | None:
        """Ask, again after a short pause where it fails, but not where a limit was met: the last failure, or
        None when it succeeded. Stopping when there is no time left: then nothing was learnt."""
        error = self._once(ask)
        for again in range(self._retries):
            if error is None or isinstance(error, QuotaExhausted):
                break
            self._rest(min(FIRST_PAUSE_SECONDS * 2**again, LONGEST_PAUSE_SECONDS))
            error = self._once(ask)
        return error

    def _once(self, ask: Callable[[], Waiting[object]]) -> UpstreamError | None:
        until = time.monotonic() + self._timeout
        self._go_on()
        try:
            with closing(ask()) as silences:
                for _ in silences:
                    self._go_on()
                    if time.monotonic() > until:
                        return Unreachable(f"The service did not answer within {self._timeout:g} s.")
        except UpstreamError as error:
            return error
        return None

    def _rest(self, seconds: float) -> None:
        left = seconds if self._ends is None else min(seconds, max(0.0, self._ends - time.monotonic()))
        self._stopping.wait(left)
        self._go_on()

    def _go_on(self) -> None:
        if self._stopping.is_set() or (self._ends is not None and time.monotonic() > self._ends):
            raise Stopping("The check was broken off.", retry_after=1.0)


def side_by_side(items: Sequence[Item], do: Callable[[Item], None], at_once: int, name: str) -> None:
    """Do something with each, so many at one time, on threads that nobody waits for when the process ends."""
    todo: SimpleQueue[Item] = SimpleQueue()
    for item in items:
        todo.put(item)

    def work() -> None:
        with suppress(Empty):
            while True:
                do(todo.get_nowait())

    count = min(at_once, len(items))
    threads = [threading.Thread(target=work, name=f"{name}-{n}", daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
