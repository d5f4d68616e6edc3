import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from gemini_pool.simulator.connection import MAKES_UP_FOR_S, Connection
from gemini_pool.simulator.metronome import Metronome
from gemini_pool.simulator.script import Script, Write

REST_S = 0.01
GET = b"GET / HTTP/1.1\r\n\r\n"


class Paper(asyncio.Transport):
    """A transport that only notes what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False


class Torn(Paper):
    """One that is lost with its first write."""

    def is_closing(self) -> bool:
        return bool(self.written)


class Stopped(Metronome):
    """A metronome that only notes who is to be called, when, and how late he may be."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, Callable[[], None]]] = []
        self.slacks: list[float] = []

    def call_at(self, due: float, play: Callable[[], None], slack: float = 0.0) -> None:
        self.calls.append((due, play))
        self.slacks.append(slack)


def begun(writes: Iterable[Write], metronome: Metronome, paper: Paper, **members: Any) -> Connection:
    """A connection that plays these writes on this paper."""
    script = Script(200, writes, **members)
    connection = Connection(lambda _: script, set(), metronome)
    connection.connection_made(paper)
    connection.data_received(GET)
    return connection


async def written(*, leaves: bool) -> list[bytes]:
    """What is written of two bytes with a rest between them, when the peer leaves in that rest or stays."""
    ended = asyncio.Event()
    metronome, paper = Metronome(asyncio.get_running_loop()), Paper()
    connection = begun(((b"a", REST_S), (b"b", 0.0)), metronome, paper, release=ended.set)
    if leaves:
        connection.connection_lost(None)
        later = asyncio.Event()
        asyncio.get_running_loop().call_later(2 * REST_S, later.set)
        await later.wait()
    await asyncio.wait_for(ended.wait(), 5)
    return paper.written


def test_a_rest_falls_between_two_writes() -> None:
    assert asyncio.run(written(leaves=False)) == [b"a", b"b"]


def test_nothing_is_written_after_the_peer_has_left() -> None:
    assert asyncio.run(written(leaves=True)) == [b"a"]


async def due_after(lateness: float) -> float:
    """When the third of three writes is due, in rests after the first, if the second is this late."""
    loop, metronome, now = asyncio.get_running_loop(), Stopped(), [100.0]
    loop.time = lambda: now[0]
    begun([(b"a", REST_S), (b"b", REST_S), (b"c", 0.0)], metronome, Paper())
    due, play = metronome.calls[0]
    now[0] = due + lateness
    play()
    del loop.time
    return (metronome.calls[1][0] - 100.0) / REST_S


@pytest.mark.parametrize("lateness", [0.0, REST_S / 2, MAKES_UP_FOR_S / 2])
def test_a_late_write_does_not_delay_those_after_it(lateness: float) -> None:
    assert asyncio.run(due_after(lateness)) == pytest.approx(2)


def test_what_is_too_late_is_not_made_up_for() -> None:
    late = 2 * MAKES_UP_FOR_S
    assert asyncio.run(due_after(late)) == pytest.approx(1 + late / REST_S)


async def slacks() -> list[float]:
    """How late the end of a first delay may come, and that of a rest."""
    metronome = Stopped()
    begun([(b"a", 10.0), (b"b", 0.0)], metronome, Paper(), first_delay=10.0)
    metronome.calls[0][1]()
    return metronome.slacks


def test_only_between_elements_may_a_rest_be_a_little_longer() -> None:
    assert asyncio.run(slacks()) == [0.0, pytest.approx(1.0)]


async def written_under_pressure() -> list[list[bytes]]:
    """What is on paper when the rest ends in a full socket, and when the socket has room again."""
    metronome, paper = Stopped(), Paper()
    connection = begun([(b"a", REST_S), (b"b", 0.0)], metronome, paper)
    connection.pause_writing()
    metronome.calls[0][1]()
    seen = [list(paper.written)]
    connection.resume_writing()
    await asyncio.sleep(0)
    return [*seen, list(paper.written)]


def test_a_full_socket_outlasts_a_rest() -> None:
    assert asyncio.run(written_under_pressure()) == [[b"a"], [b"a", b"b"]]


async def written_with_room_too_early() -> list[bytes]:
    metronome, paper = Stopped(), Paper()
    connection = begun([(b"a", REST_S), (b"b", 0.0)], metronome, paper)
    connection.pause_writing()
    connection.resume_writing()
    await asyncio.sleep(0)
    return paper.written


def test_room_in_the_socket_does_not_shorten_a_rest() -> None:
    assert asyncio.run(written_with_room_too_early()) == [b"a"]


async def written_on_a_torn_connection() -> list[bytes]:
    paper = Torn()
    begun([(b"a", 0.0), (b"b", 0.0)], Stopped(), paper)
    return paper.written


def test_a_lost_connection_is_written_to_no_more() -> None:
    assert asyncio.run(written_on_a_torn_connection()) == [b"a"]
