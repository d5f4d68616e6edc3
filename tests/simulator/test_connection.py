import asyncio

from gemini_pool.simulator.connection import Connection
from gemini_pool.simulator.script import Script

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


async def written(*, leaves: bool) -> list[bytes]:
    """What is written of two bytes with a rest between them, when the peer leaves in that rest or stays."""
    ended = asyncio.Event()
    script = Script(200, ((b"a", REST_S), (b"b", 0.0)), release=ended.set)
    connection, paper = Connection(lambda _: script, set()), Paper()
    connection.connection_made(paper)
    connection.data_received(GET)
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
