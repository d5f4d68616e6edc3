"""The simulator on a port: in a thread of a test, or in the foreground of a process."""

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterable
from typing import Any, Self, TypeVar

from gemini_pool.simulator.behaviour import HEALTHY, Behaviour
from gemini_pool.simulator.cast import CAST, SimAccount, make_account
from gemini_pool.simulator.connection import Connection
from gemini_pool.simulator.metronome import Metronome
from gemini_pool.simulator.service import Service
from gemini_pool.simulator.world import World

T = TypeVar("T")

BACKLOG = 4096
START_STOP_S = 10.0


class Listener:
    """An open port and the connections that came through it; lives on one event loop."""

    def __init__(self, server: asyncio.Server, peers: set[Connection]) -> None:
        self._server = server
        self._peers = peers

    @classmethod
    async def open(cls, world: World, host: str, port: int) -> Self:
        """Listen; port 0 takes a free one. OSError when the address cannot be had."""
        service, peers = Service(world), set[Connection]()
        loop = asyncio.get_running_loop()
        metronome = Metronome(loop)
        server = await loop.create_server(
            lambda: Connection(service.answer, peers, metronome), host, port, backlog=BACKLOG
        )
        return cls(server, peers)

    @property
    def port(self) -> int:
        """The port in fact listened on."""
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        self._server.close()
        for peer in tuple(self._peers):
            peer.abort()
        await asyncio.sleep(0)  # the connections hear of it on the loop's next turn
        await self._server.wait_closed()


class LoopThread:
    """An event loop that runs in a daemon thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work on the loop and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_STOP_S)

    def end(self) -> None:
        """Stop the loop and wait for the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_STOP_S)
        self._loop.close()


class Simulator:
    """A simulator in a daemon thread. After `stop`, `start` listens on the same port again."""

    def __init__(
        self, accounts: Iterable[SimAccount] | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.world = World(map(make_account, CAST) if accounts is None else accounts)
        self._host = host
        self._port = port
        self._running: tuple[LoopThread, Listener] | None = None

    @property
    def url(self) -> str:
        """The origin, without a slash at its end; good once started."""
        return f"http://{self._host}:{self._port}"

    def start(self) -> Self:
        """Listen and serve until `stop`; harmless when running. OSError when the address cannot be had."""
        if self._running is None:
            thread = LoopThread()
            try:
                listener = thread.run(Listener.open(self.world, self._host, self._port))
            except OSError:
                thread.end()
                raise
            self._port = listener.port
            self._running = thread, listener
        return self

    def stop(self) -> None:
        """Drop all connections and end the thread; harmless when not running."""
        if self._running is not None:
            thread, listener = self._running
            thread.run(listener.close())
            thread.end()
            self._running = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(
    host: str, port: int, accounts: Iterable[SimAccount] | None = None, behaviour: Behaviour = HEALTHY
) -> None:
    """Serve in the foreground until SIGTERM or SIGINT. OSError when the address cannot be had."""
    chosen = map(make_account, CAST) if accounts is None else accounts
    asyncio.run(_serve(World(chosen, behaviour), host, port))


async def _serve(world: World, host: str, port: int) -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    listener = await Listener.open(world, host, port)
    await ended.wait()
    await listener.close()
