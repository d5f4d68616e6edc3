"""gunicorn's threaded worker, where no caller is refused while another worker has a place for him.

A worker of gunicorn takes every connection it can get hold of, and at seventy in a hundred places one may
have them all while the other idles. Here a worker whose places are taken looks at the board, and while a
sibling has room, takes nobody, and passes on to it whom it has already. When nobody has room, it takes the
caller, who is told at once to come again.

Nor does a caller who says nothing, reads nothing or does not go hold up anybody here.
"""

import errno
import mmap
import os
import signal
import socket
import struct
import sys
import time
from collections import deque
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any, Self

from gunicorn.workers.gthread import (  # type: ignore[import-untyped]
    STOP_KEEPALIVE_LINGER,
    TConn,
    ThreadWorker,
)

from gemini_pool.wiring import EXTENSION

CELLS = 512
CELL = struct.Struct("d")
# What a worker wrote longer ago it may no longer be alive to stand by; each looks once a second at least.
VALID_SECONDS = 2.5
# An answer still under way is broken off this long before the process is killed, and says so.
LAST_WORDS_SECONDS = 2.0
# What a job that is under way at the end of a process has left: to close a browser, say.
JOBS_SECONDS = 3.0
# How long a caller may be connected before he says anything.
SPEECHLESS_SECONDS = 10.0
# A thread works for microseconds and then waits for the network. Hundreds that ask each other for the
# interpreter every 5 ms, as is usual, take more time with asking than with working.
SWITCH_SECONDS = 0.05


class Board:
    """What all workers of one master share: when each last had room, and a hatch through which callers are
    passed on. Made before they are forked."""

    def __init__(self) -> None:
        self._cells = mmap.mmap(-1, CELLS * CELL.size)
        self._way_in, self.hatch = socket.socketpair()
        self._way_in.setblocking(False)
        self.hatch.setblocking(False)

    def tell(self, worker: int, *, room: bool) -> None:
        CELL.pack_into(self._cells, worker % CELLS * CELL.size, time.monotonic() if room else 0.0)

    def others_have_room(self, worker: int) -> bool:
        since = time.monotonic() - VALID_SECONDS
        told = (at for (at,) in CELL.iter_unpack(self._cells[:]))
        return any(at > since for number, at in enumerate(told) if number != worker % CELLS)

    def pass_on(self, line: socket.socket) -> bool:
        """Offer a connection to whoever listens at the hatch; false when it is full."""
        try:
            socket.send_fds(self._way_in, [b"."], [line.fileno()])
        except OSError:
            return False
        return True

    def passed_on(self) -> int | None:
        """The descriptor of a connection that was passed on, if there is one."""
        try:
            _, descriptors, _, _ = socket.recv_fds(self.hatch, 1, 1)
        except BlockingIOError:  # a sibling was faster
            return None
        return descriptors[0]


class Line(socket.socket):
    """A caller's connection, which waits for him for so many seconds and then counts as reset.

    A system call may take as long; a large answer that he reads slowly takes many.
    """

    @classmethod
    def of(cls, plain: socket.socket, seconds: int) -> Self:
        line = cls(plain.family, plain.type, plain.proto, plain.detach())
        for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            line.setsockopt(socket.SOL_SOCKET, direction, struct.pack("ll", seconds, 0))
        return line

    def recv(self, *args: Any) -> bytes:
        try:
            return super().recv(*args)
        except BlockingIOError as error:
            raise _reset("sends") from error

    def sendall(self, *args: Any) -> None:
        try:
            super().sendall(*args)
        except BlockingIOError as error:
            raise _reset("reads") from error


def _reset(does: str) -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, f"the caller {does} nothing")


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """One that can be closed twice."""

    def close(self, graceful: bool = False) -> None:
        if self.sock.fileno() >= 0:
            super().close(graceful)


class Worker(ThreadWorker):  # type: ignore[misc]
    """See above. gunicorn.conf.py sets the `board`, in the master, how many `places` there are, for how many
    seconds a caller may neither send nor read (`patience`), and who the `master` is."""

    board: Board
    places: int
    patience: int
    master: int | None = None

    @classmethod
    def reload_all(cls) -> None:
        """Have the master start all workers anew, with the settings as they are by then; those that there are
        end when their answers do."""
        if cls.master is not None:
            os.kill(cls.master, signal.SIGHUP)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._most_connections: int = self.cfg.worker_connections
        self._leaving: set[Connection] = set()
        self._ends_at: float | None = None

    def init_process(self) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        super().init_process()

    # Callers come, and get a thread when they say something; gunicorn would give them one at once

    def accept(self, listener: Any) -> None:
        with suppress(BlockingIOError, ConnectionAbortedError):  # a sibling was faster
            plain, _ = listener.accept()
            self._take(Line.of(plain, self.patience))

    def take_over(self, _: Any = None) -> bool:
        """Take a caller whom a sibling passes on; false when there is none."""
        descriptor = self.board.passed_on()
        if descriptor is not None:
            self._take(Line(fileno=descriptor))
        return descriptor is not None

    def set_accept_enabled(self, enabled: bool) -> None:
        """Those who are passed on are taken when new ones are."""
        if enabled and not self._accepting:
            self.poller.register(self.board.hatch, EVENT_READ, self.take_over)
        elif self._accepting and not enabled:
            self.poller.unregister(self.board.hatch)
        super().set_accept_enabled(enabled)

    def on_pending_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        if not self._passed_on(conn, self.pending_conns):
            super().on_pending_socket_readable(conn, client)

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        if not self._passed_on(conn, self.keepalived_conns):
            super().on_client_socket_readable(conn, client)

    def _take(self, line: Line) -> None:
        try:
            conn = Connection(self.cfg, line, line.getpeername(), line.getsockname())
        except OSError:  # he has gone
            line.close()
            return
        self.nr_conns += 1
        conn.timeout = time.monotonic() + SPEECHLESS_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(line, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _passed_on(self, conn: Connection, waiting: deque[Connection]) -> bool:
        """Whether a caller who says something has been left to a sibling that has room."""
        if not (self._yields() and self.board.pass_on(conn.sock)):
            return False
        self.poller.unregister(conn.sock)
        waiting.remove(conn)
        self.nr_conns -= 1
        conn.close()
        return True

    def handle(self, conn: Connection) -> Any:
        """In a thread: answer a request, and where the connection ends then, wait for the caller to close
        it, for which gunicorn would stop its loop."""
        goes_on = super().handle(conn)
        if not goes_on:
            self._leaving.add(conn)
            conn.close(graceful=True)
            self._leaving.discard(conn)
        return goes_on

    def run(self) -> None:
        """Until it is told to end, or nobody is left to answer; the jobs have a moment to leave off."""
        try:
            super().run()
        finally:
            with suppress(KeyError):
                self.wsgi.extensions[EXTENSION].jobs.stop(JOBS_SECONDS)

    # Once a round of gunicorn's loop

    def notify(self) -> None:
        """Before it decides whether to accept."""
        super().notify()
        if self.alive:
            self.board.tell(self.age, room=self._has_room())
            self.worker_connections = 0 if self._yields() else self._most_connections
        elif self._ends_at is None:
            self._retire()
        elif time.monotonic() > self._ends_at:
            self._cap_keepalive(time.monotonic())

    def _retire(self) -> None:
        """Told to stop: others take the callers and the jobs; what is under way may end, within bounds."""
        self.board.tell(self.age, room=False)
        for listener in self.sockets:  # else new callers would wait for an answer that never comes
            listener.close()
        drain = self.cfg.graceful_timeout
        drain -= min(LAST_WORDS_SECONDS, drain / 4)
        self._ends_at = time.monotonic() + drain
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        with suppress(KeyError):  # another application may be served, to compare
            services = self.wsgi.extensions[EXTENSION]
            services.admission.end_within(drain)
            services.jobs.stop()
            services.films.stop()
        while self.take_over():  # there may be nobody else left who would
            pass

    def _yields(self) -> bool:
        return not self._has_room() and self.board.others_have_room(self.age)

    def _has_room(self) -> bool:
        waiting = len(self.keepalived_conns) + len(self.pending_conns) + len(self._leaving)
        return bool(self.nr_conns - waiting < self.places)
