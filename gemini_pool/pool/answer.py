"""An answer under way, as its reader has it.

Whoever has the answer closes it, at the end, after an error, when the caller hangs up: that settles the
lease and closes the connection upstream.
"""

from collections.abc import Callable, Generator, Iterator
from enum import StrEnum
from itertools import chain

from gemini_pool.dialogue import Event
from gemini_pool.pool.budget import Attempt


class Outcome(StrEnum):
    """How a call ended, for the journal."""

    OK = "ok"
    ERROR = "error"
    CLIENT_CLOSED = "client_closed"
    INTERRUPTED = "interrupted"  # the service was stopped


class Answer:
    """Iterate it for events; `close` it when done, however it went.

    Until its first event that a caller can see, what fails is repaired without a word. `account_id` is the
    account that answers, or was asked last; `first_at` when that event came, by the runner's clock;
    `attempts` are those that failed so far, also the last one where there is no answer.
    """

    def __init__(self) -> None:
        self.account_id: int | None = None
        self.first_at: float | None = None
        self.attempts: list[Attempt] = []
        self._memory: Callable[[str], None] | None = None
        self._events: Generator[Event] | None = None
        self._first: list[Event] = []

    def begin(self, events: Generator[Event]) -> None:
        """Draw the first event, or the first silence. Raises the PoolError of an answer that never began."""
        self._events = events
        self._first = [event for event in [next(events, None)] if event is not None]

    def __iter__(self) -> Iterator[Event]:
        return chain(self._first, self._events or ())

    def memory(self, remember: Callable[[str], None]) -> None:
        """The answer is whole, and its session can go on: who remembers that."""
        self._memory = remember

    def remember(self, text: str) -> None:
        """This is the text that the caller knows of the answer."""
        if self._memory:
            self._memory(text)

    def close(self) -> None:
        if self._events:
            self._events.close()
