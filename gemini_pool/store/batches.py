"""What requests leave behind is written by one thread a process, in batches.

A request leaves it in memory and goes on; it is on disk at most a quarter of a second later, and at exit.
"""

import atexit
import logging
import threading
import time
from collections.abc import Callable

from gemini_pool.errors import StoreError

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.25


class WriteBehind:
    """Thread-safe; its thread starts with the first `wake`, so that a forked process has its own."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._flushers: list[Callable[[], None]] = []
        self._failing: set[Callable[[], None]] = set()
        self._starting = threading.Lock()
        self._flushing = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, flush: Callable[[], None]) -> None:
        """Have something written. What `flush` cannot write it keeps for the next time; StoreError."""
        self._flushers.append(flush)

    def wake(self) -> None:
        """Something waits to be written; returns at once."""
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def flush(self) -> None:
        """Write all that waits now, in the order it was added; what one cannot write keeps no other."""
        with self._flushing:
            for flush in self._flushers:
                self._try(flush)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                atexit.register(self.flush)
            elif self._thread.is_alive():
                return
            self._thread = threading.Thread(target=self._run, name="write-behind", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._sleep(FLUSH_SECONDS)
            self.flush()

    def _try(self, flush: Callable[[], None]) -> None:
        try:
            flush()
        except StoreError:
            if flush not in self._failing:  # four times a second would drown the log
                log.warning("what requests left behind cannot be written; it waits in memory", exc_info=True)
            self._failing.add(flush)
        else:
            self._failing.discard(flush)
