"""Upkeep: what an account in use will need next is made ready behind the requests' backs.

Nothing is done for an account that nobody uses, and nothing is held against one where it fails: the next
request will meet the failure itself, and judge it.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable

from gemini_pool.errors import UpstreamError
from gemini_pool.roster import Account

log = logging.getLogger(__name__)

# So that one account which hangs does not keep the others waiting.
HANDS = 4
LOOK_EVERY_SECONDS = 5.0


class Upkeep:
    """Calls `make_ready` for accounts that were used in the last `seconds` and are not ready; 0 for never.

    Its threads start with the first use, so that a forked process has its own. Thread-safe.
    """

    def __init__(
        self,
        is_ready: Callable[[Account], bool],
        make_ready: Callable[[Account], None],
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_ready = is_ready
        self._make_ready = make_ready
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._started = False
        self._used: dict[int, tuple[Account, float]] = {}
        self._queued: set[int] = set()
        self._queue: queue.SimpleQueue[Account] = queue.SimpleQueue()

    def used(self, account: Account) -> None:
        """The account has just answered; returns at once."""
        if not self._seconds:
            return
        self._used[account.id] = account, self._clock()
        if not self._started:
            self._start()
        self._look_after(account)

    def look(self) -> None:
        """Look after everyone in use; forget those who no longer are."""
        since = self._clock() - self._seconds
        for account, at in list(self._used.values()):
            if at < since:
                self._used.pop(account.id, None)
            else:
                self._look_after(account)

    def _look_after(self, account: Account) -> None:
        if self._is_ready(account):
            return
        with self._lock:
            if account.id in self._queued or account.id not in self._used:  # or no more, since it failed
                return
            self._queued.add(account.id)
        self._queue.put(account)

    def _start(self) -> None:
        with self._lock:
            if self._started:
                return
            self._started = True
        threading.Thread(target=self._watch, name="upkeep", daemon=True).start()
        for number in range(HANDS):
            threading.Thread(target=self._work, name=f"upkeep-{number}", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_EVERY_SECONDS)
            self.look()

    def _work(self) -> None:
        while True:
            account = self._queue.get()
            try:
                self._make_ready(account)
            except UpstreamError as error:
                log.info("account %d could not be made ready: %s", account.id, error)
                self._used.pop(account.id, None)  # until it answers again
            finally:
                self._queued.discard(account.id)
