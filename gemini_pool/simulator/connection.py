"""One client connection: requests in, scripts played out, a departure noticed at once."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from typing import cast

from gemini_pool.simulator.http import MAX_HEAD, BadHead, Head, Request, parse_head
from gemini_pool.simulator.metronome import Metronome
from gemini_pool.simulator.script import Ending, Script, Write, page

BURST = 64
"""Writes in a row before other connections get their turn."""

SLACK = 0.1
"""The share of a rest by which it may end late, so that the rests of many streams end together."""

MAKES_UP_FOR_S = 1.0
"""A stream that fell behind by less than this hurries until it is in time again."""

LAST_WORDS_S = 0.02
"""A reset waits this long, so that the peer can read what was sent before it."""

_NO_LINGER = struct.pack("ii", 1, 0)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """Serves requests one after another; `answer` turns each into a Script.

    `peers` is the listener's set of living connections, `metronome` ends the rests of all of them.
    """

    def __init__(
        self, answer: Callable[[Request], Script], peers: "set[Connection]", metronome: Metronome
    ) -> None:
        self._answer = answer
        self._peers = peers
        self._metronome = metronome
        self._loop = asyncio.get_running_loop()
        self._inbox = bytearray()
        self._head: Head | None = None
        self._script: Script | None = None
        self._writes: Iterator[Write] = iter(())
        self._keep_alive = True
        self._due = 0.0
        self._resting = False
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._peers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._peers.discard(self)
        self._release()

    def eof_received(self) -> None:
        self.abort()

    def abort(self) -> None:
        """Drop the connection without ceremony."""
        self._transport.abort()

    # Reading

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        self._serve()

    def _serve(self) -> None:
        while self._script is None and self._inbox and not self._transport.is_closing():
            try:
                request = self._next_request()
            except BadHead as refusal:
                self._keep_alive = False
                self._begin(page(refusal.status, str(refusal)))
                return
            if request is None:
                return
            self._keep_alive = request.head.keep_alive
            self._begin(self._answer(request))

    def _next_request(self) -> Request | None:
        inbox, head = self._inbox, self._head or self._next_head()
        if head is None or len(inbox) < head.length:
            return None
        body = bytes(memoryview(inbox)[: head.length])
        del inbox[: head.length]
        self._head = None
        return Request(head, body)

    def _next_head(self) -> Head | None:
        end = self._inbox.find(b"\r\n\r\n")
        if end > MAX_HEAD or (end < 0 and len(self._inbox) > MAX_HEAD):
            raise BadHead(431, "request head too large")
        if end < 0:
            return None
        self._head = parse_head(bytes(self._inbox[:end]))
        del self._inbox[: end + 4]
        if self._head.headers.get("expect", "").lower() == "100-continue":
            self._transport.write(_CONTINUE)
        return self._head

    # Playing

    def _begin(self, script: Script) -> None:
        self._script = script
        self._writes = iter(script.writes)
        self._due = self._loop.time()
        if script.first_delay:
            self._rest(script.first_delay, slack=0.0)
        else:
            self._play()

    def _play(self) -> None:
        for count, (data, pause) in enumerate(self._writes, start=1):
            self._transport.write(data)
            if pause:
                self._rest(pause)
                return
            if self._full or self._transport.is_closing():  # the transport says when it has room
                return
            if count == BURST:
                self._give_way()
                return
        self._end()

    def _rest(self, pause: float, slack: float = SLACK) -> None:
        """Rest from when the last rest should have ended, so that the pace is kept over a whole answer."""
        due, now = self._due + pause, self._loop.time()
        self._due = due if due > now - MAKES_UP_FOR_S else now
        self._resting = True
        self._metronome.call_at(self._due, self._wake, pause * slack)

    def _give_way(self) -> None:
        self._resting = True
        self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._resting = False
        if self._script is not None and not self._full:  # the peer may have gone since
            self._play()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        if self._script is not None and not self._resting:
            self._give_way()

    def _end(self) -> None:
        ending = self._script.ending if self._script else Ending.KEEP
        if ending is Ending.SILENCE:
            return
        if ending is Ending.RESET:
            self._resting = True
            self._loop.call_later(LAST_WORDS_S, self._reset)
            return
        self._release()
        if ending is Ending.CLOSE or not self._keep_alive:
            self._transport.close()
        elif self._inbox:
            self._loop.call_soon(self._serve)

    def _reset(self) -> None:
        if self._script is None:  # the peer was faster
            return
        plug = cast(socket.socket, self._transport.get_extra_info("socket"))
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def _release(self) -> None:
        script, self._script = self._script, None
        if script is not None and script.release is not None:
            script.release()
