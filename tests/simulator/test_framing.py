import gzip
import zlib
from collections.abc import Iterator
from itertools import count, islice

import pytest

from gemini_pool.simulator.behaviour import Behaviour
from gemini_pool.simulator.framing import AHEAD, LARGEST_WRITE, stream_writes
from gemini_pool.simulator.performance import Performance
from gemini_pool.simulator.world import World

from .caller import Caller, chunks, read_until

TEXT = "Größe 日本語 👩‍🚀 " * 5


def response(caller: Caller, *headers: str) -> bytes:
    with caller.open_stream("x", "Connection: close", *headers) as plug:
        return read_until(plug, b"\r\n0\r\n\r\n")


def test_the_body_is_one_pretty_printed_array_with_crlf_between_objects(amber: Caller) -> None:
    answer = amber.ask()
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.body.startswith(b'[{\n  "uToken"')
    assert answer.body.count(b"}\n,\r\n{") == len(answer.json()) - 1
    assert answer.body.endswith(b"}\n]")


def test_each_element_has_a_chunk_of_its_own(amber: Caller, world: World) -> None:
    world.behave("amber", text=TEXT, deltas=5)
    assert len(chunks(response(amber))) == 5 + 3


def test_without_rests_an_answer_leaves_in_one_write(amber: Caller, world: World) -> None:
    world.behave("amber", text=TEXT, deltas=5)
    with amber.open_stream() as plug:
        assert plug.recv(1_000_000).endswith(b"0\r\n\r\n")


def test_a_long_answer_leaves_in_writes_of_bounded_size() -> None:
    performance = Performance([b"x" * 1000] * 500)
    sizes = [len(data) for data, _ in stream_writes(performance, Behaviour(), gzip=False)]
    assert sum(sizes) > 500_000
    assert max(sizes) < LARGEST_WRITE + 2000
    assert len(sizes) <= 1 + 510_000 // LARGEST_WRITE


def test_no_rest_follows_the_last_element() -> None:
    writes = stream_writes(Performance([b"{}"] * 3), Behaviour(delay=0.1), gzip=False)
    assert [pause for _, pause in writes] == [0.1, 0.1, 0.0]


def endless(composed: list[int]) -> Iterator[bytes]:
    for number in count():
        composed.append(number)
        yield b"%d" % number
        assert number < 1000, "composed to the end"


@pytest.mark.parametrize("gzip", [False, True])
def test_elements_are_composed_shortly_before_their_turn(gzip: bool) -> None:
    composed = list[int]()
    writes = stream_writes(Performance(endless(composed)), Behaviour(delay=0.1), gzip=gzip)
    assert [pause for _, pause in islice(writes, 100)] == [0.1] * 100
    assert len(composed) <= 100 + AHEAD + 1


@pytest.mark.parametrize("size", [1, 2, 7, 1000, 1_000_000])
def test_cut_bodies_reassemble(amber: Caller, world: World, size: int) -> None:
    world.behave("amber", text=TEXT, split=size)
    pieces = chunks(response(amber))
    assert {len(piece) for piece in pieces[:-1]} <= {size}
    assert len(pieces[-1]) <= size
    assert amber.ask().text() == TEXT


def test_cuts_fall_inside_characters(amber: Caller, world: World) -> None:
    world.behave("amber", text=TEXT, split=1)
    assert any(piece >= b"\x80" for piece in chunks(response(amber)))


def test_a_delayed_answer_rests_between_elements(amber: Caller, world: World) -> None:
    world.behave("amber", text="abc", deltas=3, empty_elements=0, delay=0.01)
    assert amber.ask().text() == "abc"
    world.behave("amber", split=100)
    assert amber.ask().text() == "abc"


def test_gzip_comes_only_when_offered(amber: Caller, world: World) -> None:
    world.behave("amber", text=TEXT, gzip=True)
    question = amber.question("x")
    assert "content-encoding" not in amber.send(question).headers
    answer = amber.send(question, Accept_Encoding="gzip, deflate")
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body).endswith(b"\n]")


@pytest.mark.parametrize("size", [None, 1, 100])
def test_a_packed_body_unpacks_to_the_array(amber: Caller, world: World, size: int | None) -> None:
    world.behave("amber", text=TEXT, deltas=1, gzip=True, split=size)
    packed = b"".join(chunks(response(amber, "Accept-Encoding: gzip")))
    assert gzip.decompress(packed).endswith(b"\n]")
    assert TEXT.encode() in gzip.decompress(packed)


def test_every_packed_element_can_be_read_when_it_comes(amber: Caller, world: World) -> None:
    world.behave("amber", text="first", deltas=1, gzip=True)
    unpacker = zlib.decompressobj(31)
    heard = [unpacker.decompress(piece) for piece in chunks(response(amber, "Accept-Encoding: gzip"))]
    assert all(heard)
    assert b'"first"' in heard[2]


def test_a_huge_answer_waits_for_a_slow_reader(amber: Caller, world: World) -> None:
    world.behave("amber", inline_image_bytes=20_000_000, split=1_000_000)
    with amber.open_stream("x", "Connection: close") as plug:
        assert world.wait_until(lambda w: w.open_streams() == 1)
        amber.create()  # answered after the stream's first writes, so its socket is full now
        assert world.open_streams() == 1
        heard = read_until(plug, b"\r\n0\r\n\r\n")
    assert len(heard) > 20_000_000
    assert world.wait_until(lambda w: w.open_streams() == 0)
