"""An answer under way: the events of one attempt, and the lease that pays for them.

Whoever has the answer owns the lease. Closing it (at the end, after an error, when the caller hangs up)
settles the lease once and closes the connection upstream.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from gemini_pool.dialogue import CONTENT, SUBSTANCE, Event, Finished, FinishReason
from gemini_pool.errors import EmptyAnswer, PoolError


class Outcome(StrEnum):
    """How a call ended, for the journal."""

    OK = "ok"
    ERROR = "error"
    CLIENT_CLOSED = "client_closed"


class Closable(Protocol):
    """An iterator of events that gives back what it holds when closed."""

    def __iter__(self) -> Iterator[Event]: ...
    def __next__(self) -> Event: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class Answer:
    """Iterate it for events; `close` it when done, however it went.

    `settle` is called once with the error that ended the answer, or None.
    """

    events: Closable
    settle: Callable[[PoolError | None], None]
    _primed: deque[Event] = field(default_factory=deque)
    _substance: bool = False
    _ended: bool = False
    _settled: bool = False

    def prime(self, *, whole: bool) -> None:
        """Draw events until one that a caller can see, or all of them.

        Raises the PoolError of an attempt that fails now, while another account can still repair it.
        """
        while whole or not self._primed or not isinstance(self._primed[-1], CONTENT):
            event = self._draw()
            if event is None:
                return
            self._primed.append(event)

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        event = self._primed.popleft() if self._primed else self._draw()
        if event is None:
            raise StopIteration
        return event

    def close(self) -> None:
        self._finish(None)

    def _draw(self) -> Event | None:
        """The next event from upstream; None after a good end, the PoolError after any other."""
        if self._ended:
            return None
        try:
            event = next(self.events, None)
            if event is None and not self._substance:
                raise EmptyAnswer("The service ended its answer without a word.")
        except PoolError as error:
            self._finish(error)
            raise
        if event is None:
            self._finish(None)
        elif not self._substance:
            self._substance = _is_substance(event)
        return event

    def _finish(self, error: PoolError | None) -> None:
        self._ended = True
        if not self._settled:
            self._settled = True
            try:
                self.events.close()
            finally:
                self.settle(error)


def _is_substance(event: Event) -> bool:
    """An answer that ends at the caller's own bound is one, even where nothing stands before the bound."""
    if isinstance(event, Finished):
        return event.reason is not FinishReason.STOP
    return isinstance(event, SUBSTANCE)
