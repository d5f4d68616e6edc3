"""What happens, as it happens: names and ids alone. A page asks for what it shows anew."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import orjson
from flask import Response, request

from gemini_pool.errors import CallerGone, Overloaded
from gemini_pool.store.journal import CallJournal
from gemini_pool.store.live import Happened, Live
from gemini_pool.web.answering import STREAM_HEADERS, watched
from gemini_pool.web.api.described import Desk
from gemini_pool.wiring import Services, services

bp = Desk("events", "/api/events")

LOOK_EVERY_SECONDS = 1.0
# Silent proxies close what they think dead.
COMMENT_EVERY_SECONDS = 15.0
# A stream ends by itself, and the page comes again: no thread is held for a page that sleeps.
LONGEST_SECONDS = 600.0
# A stream takes a thread; those that are kept back from answers are few. Without one a page polls.
MOST_OPEN = 3
RETRY_AFTER_SECONDS = 10.0
STATISTICS_EVERY_SECONDS = 5.0
HELLO = b": listening\nretry: 3000\n\n"
# Without an id: who comes again asks for numbers anyway.
STATISTICS = b'event: %s\ndata: {"ref": ""}\n\n' % Happened.STATISTICS.value.encode()


@bp.operation("GET", produces="text/event-stream", errors=(503,))
def events() -> Response:
    """A stream of events (server-sent): account_update, work_progress, cookie_refresh_progress, job_update,
    notification and stats_update, each with the id of what changed as `ref`. It goes on after Last-Event-ID.
    """
    s = services()
    with ExitStack() as stack:
        _enter(s.office.listeners)
        stack.callback(s.office.listeners.release)
        check = watched(s, stack)
        return Response(
            _Stream(_frames(s, _last_seen(s.live), check), stack.pop_all()),
            headers=STREAM_HEADERS,
            direct_passthrough=True,
        )


def _enter(listeners: threading.BoundedSemaphore) -> None:
    if not listeners.acquire(blocking=False):
        raise Overloaded(
            "Too many pages are listening to this worker; ask for what you show every few seconds instead.",
            retry_after=RETRY_AFTER_SECONDS,
        )


def _last_seen(live: Live) -> int:
    given = request.headers.get("last-event-id", "")
    return int(given) if given.isdigit() and len(given) < 16 else live.latest()


def _frames(s: Services, seen: int, check: Callable[[], None]) -> Iterator[bytes]:
    """Frames until the caller is gone, the service stops, or it has been long enough."""
    ends = time.monotonic() + LONGEST_SECONDS
    spoke = time.monotonic()
    numbers = _Numbers(s.journal)
    yield HELLO
    while time.monotonic() < ends:
        time.sleep(LOOK_EVERY_SECONDS)
        if s.admission.ending:
            return
        try:
            check()
        except CallerGone:
            return
        if numbers.moved():
            yield STATISTICS
            spoke = time.monotonic()
        for event in s.live.since(seen):
            seen = event.id
            data = orjson.dumps({"ref": event.ref})
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.name.encode(), data)
            spoke = time.monotonic()
        if time.monotonic() - spoke >= COMMENT_EVERY_SECONDS:
            yield b": still here\n\n"
            spoke = time.monotonic()


class _Numbers:
    """Whether there are calls that a page does not show yet; told now and then, however many there are."""

    def __init__(self, journal: CallJournal) -> None:
        self._journal = journal
        self._newest = journal.newest()
        self._next = time.monotonic() + STATISTICS_EVERY_SECONDS

    def moved(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + STATISTICS_EVERY_SECONDS
        before, self._newest = self._newest, self._journal.newest()
        return self._newest != before


class _Stream:
    """A body that gives back what it holds when the server closes it."""

    def __init__(self, frames: Iterator[bytes], held: ExitStack) -> None:
        self._frames = frames
        self._held = held

    def __iter__(self) -> Iterator[bytes]:
        return self._frames

    def close(self) -> None:
        self._held.close()
