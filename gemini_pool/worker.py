"""gunicorn's threaded worker, which leaves a caller to its sibling when it is full itself.

A worker of gunicorn takes every connection it can get hold of, and at seventy in a hundred places one may
have them all while the other idles. Here a worker whose places are taken looks at the board, and while a
sibling has room, takes nothing. When nobody has, it takes the caller, who is told at once to come again.
"""

import mmap
import struct
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from gemini_pool.wiring import EXTENSION

CELLS = 512
CELL = struct.Struct("d")
# What a worker wrote longer ago it may no longer be alive to stand by; each looks once a second at least.
VALID_SECONDS = 2.5
# An answer still under way is broken off this long before the process is killed, and says so.
LAST_WORDS_SECONDS = 2.0


class Board:
    """Memory of all workers of one master: when each last had room. Made before they are forked."""

    def __init__(self) -> None:
        self._cells = mmap.mmap(-1, CELLS * CELL.size)

    def tell(self, worker: int, *, room: bool) -> None:
        CELL.pack_into(self._cells, worker % CELLS * CELL.size, time.monotonic() if room else 0.0)

    def others_have_room(self, worker: int) -> bool:
        since = time.monotonic() - VALID_SECONDS
        told = (at for (at,) in CELL.iter_unpack(self._cells[:]))
        return any(at > since for number, at in enumerate(told) if number != worker % CELLS)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """See above. gunicorn.conf.py sets the `board`, in the master, and how many `places` there are."""

    board: Board
    places: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._most_connections: int = self.cfg.worker_connections
        self._retired = False

    def notify(self) -> None:
        """Once a round of gunicorn's loop, before it decides whether to accept."""
        super().notify()
        if self.alive:
            self._look_at_the_board()
        elif not self._retired:
            self._retire()

    def _look_at_the_board(self) -> None:
        room = self._under_way() < self.places
        self.board.tell(self.age, room=room)
        yields = not room and self.board.others_have_room(self.age)
        self.worker_connections = 0 if yields else self._most_connections

    def _retire(self) -> None:
        """Told to stop: others take the callers and the jobs; what is under way may end, within bounds."""
        self._retired = True
        self.board.tell(self.age, room=False)
        drain = self.cfg.graceful_timeout
        with suppress(KeyError):  # another application may be served, to compare
            services = self.wsgi.extensions[EXTENSION]
            services.admission.end_within(drain - min(LAST_WORDS_SECONDS, drain / 4))
            services.jobs.stop()

    def _under_way(self) -> int:
        return int(self.nr_conns - len(self.keepalived_conns) - len(self.pending_conns))
