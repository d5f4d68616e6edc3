"""What the simulator has been asked, kept so that a test's thread can read it and wait on it."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import get_args

from gemini_pool.simulator.behaviour import ApiMethod
from gemini_pool.simulator.script import Script

METHODS: tuple[str, ...] = get_args(ApiMethod)
UNKNOWN = "unknown"

KEPT_CALLS = 100_000
KEPT_PROMPTS = 200


@dataclass(frozen=True, slots=True)
class Call:
    """One request: epoch seconds, who asked (None: not known), and how it was answered.

    `status` is None when no status line was sent; `fault` names the behaviour switch at work.
    """

    at: float
    account: str | None
    method: str
    status: int | None
    fault: str | None


class CallLog:
    """Calls, counts, prompts and open streams. Every method may be called from any thread."""

    def __init__(self, accounts: Iterable[str]) -> None:
        self._names = tuple(accounts)
        self._changed = threading.Condition()
        self._open = 0
        self._clear()

    def record(self, account: str | None, method: str, script: Script) -> None:
        """Note a request as it is answered."""
        call = Call(time.time(), account, method, script.status, script.fault)
        with self._changed:
            self._calls.append(call)
            self._counts[account or UNKNOWN, method] += 1
            self._changed.notify_all()

    def hear(self, account: str, prompt: str) -> None:
        """Keep a prompt as it arrived."""
        with self._changed:
            self._prompts[account].append(prompt)

    def stream_opened(self) -> None:
        """A stream request has begun."""
        self._shift_streams(+1)

    def stream_closed(self) -> None:
        """A stream request has been answered, or its caller has gone."""
        self._shift_streams(-1)

    def overlapped(self) -> None:
        """A second prompt came into a session that was still answering."""
        with self._changed:
            self._overlaps += 1

    def calls(self, account: str | None, method: str | None) -> list[Call]:
        """The latest calls, oldest first, narrowed to an account and a method."""
        with self._changed:
            calls = list(self._calls)
        wanted = (call for call in calls if account in (None, call.account or UNKNOWN))
        return [call for call in wanted if method in (None, call.method)]

    def counts(self) -> dict[str, dict[str, int]]:
        """How often each account called each method; strangers count as "unknown"."""
        with self._changed:
            counted = Counter(self._counts)
        table = {name: dict.fromkeys(METHODS, 0) for name in (*self._names, UNKNOWN)}
        for (name, method), times in counted.items():
            table[name][method] = times
        return table

    def prompts(self) -> dict[str, list[str]]:
        """The latest prompts of each account, oldest first."""
        with self._changed:
            return {name: list(heard) for name, heard in self._prompts.items()}

    def open_streams(self) -> int:
        """Stream requests not yet fully answered."""
        with self._changed:
            return self._open

    def overlaps(self) -> int:
        """How often two prompts were in one session at once."""
        with self._changed:
            return self._overlaps

    def wait(self, holds: Callable[[], bool], timeout: float) -> bool:
        """Sleep until `holds` is true after some change, or `timeout` seconds; gives its last value."""
        with self._changed:
            return self._changed.wait_for(holds, timeout)

    def reset(self) -> None:
        """Forget all but the streams still open."""
        with self._changed:
            self._clear()

    def _clear(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._prompts = {name: deque[str](maxlen=KEPT_PROMPTS) for name in self._names}
        self._overlaps = 0

    def _shift_streams(self, step: int) -> None:
        with self._changed:
            self._open += step
            self._changed.notify_all()
