"""Lines: kept while they are good, and read without ever losing or missing a byte."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from certificates import Certificate
from fakes import FakeClock
from proxies import Deaf, Heard, HttpProxy, Mute, Peer, Relay, Server, answer, carry
from running import until

from gemini_pool.errors import Unreachable
from gemini_pool.upstream.dialler import Dialler, Origin
from gemini_pool.upstream.lines import IDLE_SECONDS, Line, Lines

ASK = b"GET / HTTP/1.1\r\n\r\n"
PLENTY = bytes(range(256)) * 1000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def mute() -> Iterator[Mute]:
    with Mute() as running:
        yield running


Keep = Callable[..., Lines]


@pytest.fixture
def keep(clock: FakeClock) -> Iterator[Keep]:
    """Makes stores of lines; every line that is taken from them is closed at the end."""
    with ExitStack() as opened:

        class Watched(Lines):
            def take(self, origin: Origin) -> Line:
                line = super().take(origin)
                opened.callback(line.close)
                return line

        yield lambda most_idle=5: Watched(Dialler(proxy="", timeout=5), most_idle=most_idle, clock=clock)


def heard(line: Line, count: int) -> bytes:
    """So many bytes."""
    data = b""
    while len(data) < count:
        piece = line.receive(5)
        assert piece != b"", f"the end after {len(data)} bytes"
        data += piece or b""
    return data


def is_closed(line: Line) -> bool:
    return bool(line.dialled.sock.fileno() < 0)


# Which line is taken


def test_a_line_given_back_is_used_again(keep: Keep, mute: Mute) -> None:
    lines, origin = keep(), Origin.of(mute.url)
    line = lines.take(origin)
    lines.give_back(line)
    assert lines.take(origin) is line
    assert lines.take(origin) is not line
    until(lambda: mute.connections == 2, what="a second line")


def test_the_line_given_back_last_is_used_first(keep: Keep, mute: Mute) -> None:
    lines, origin = keep(), Origin.of(mute.url)
    one, two, three = (lines.take(origin) for _ in range(3))
    for line in (two, three, one):
        lines.give_back(line)
    assert [lines.take(origin) for _ in range(3)] == [one, three, two]


def test_each_host_has_lines_of_its_own(keep: Keep, mute: Mute) -> None:
    lines = keep()
    with Mute() as other:
        lines.give_back(lines.take(Origin.of(mute.url)))
        lines.give_back(lines.take(Origin.of(other.url)))
        assert lines.take(Origin.of(mute.url)).dialled.sock.getpeername()[1] == mute.port


def test_a_line_that_was_closed_meanwhile_is_replaced(keep: Keep) -> None:
    with Peer(lambda _: answer(200, b"", "Connection: close")) as peer:
        lines, origin = keep(), Origin.of(peer.url)
        line = lines.take(origin)
        line.send(ASK, 5)
        heard(line, len(answer(200, b"", "Connection: close")))
        lines.give_back(line)
        until(lambda: not line.is_quiet(), what="the peer to close")
        assert lines.take(origin) is not line
        assert is_closed(line)


def test_a_line_that_speaks_unasked_is_replaced(keep: Keep) -> None:
    speak = threading.Event()

    def say(_: Heard) -> Iterator[bytes]:
        yield b"an answer"
        speak.wait(5)
        yield b"and another"

    with Peer(say) as peer:
        lines, origin = keep(), Origin.of(peer.url)
        line = lines.take(origin)
        line.send(ASK, 5)
        assert heard(line, 9) == b"an answer"
        lines.give_back(line)
        assert lines.take(origin) is line
        lines.give_back(line)
        speak.set()
        until(lambda: not line.is_quiet(), what="the peer to speak")
        assert lines.take(origin) is not line
        assert is_closed(line)


def test_a_line_too_old_is_replaced(keep: Keep, mute: Mute, clock: FakeClock) -> None:
    lines, origin = keep(), Origin.of(mute.url)
    line = lines.take(origin)
    lines.give_back(line)
    clock.advance(IDLE_SECONDS - 1)
    assert lines.take(origin) is line
    lines.give_back(line)
    clock.advance(IDLE_SECONDS)
    assert lines.take(origin) is not line
    until(lambda: mute.departures == 1, what="the old line to be closed")


def test_a_line_can_be_opened_before_it_is_needed(keep: Keep, mute: Mute, clock: FakeClock) -> None:
    lines, origin = keep(), Origin.of(mute.url)
    assert not lines.has(origin)
    lines.prepare(origin)
    assert lines.has(origin)
    until(lambda: mute.connections == 1, what="the line")
    line = lines.take(origin)
    assert mute.connections == 1
    assert not lines.has(origin)  # it is being used
    lines.give_back(line)
    lines.prepare(origin)
    assert lines.take(origin) is line  # one is enough
    lines.give_back(line)
    clock.advance(IDLE_SECONDS)
    assert not lines.has(origin)
    assert is_closed(line)


def test_of_those_too_many_the_longest_unused_goes(keep: Keep, mute: Mute) -> None:
    lines, origin = keep(2), Origin.of(mute.url)
    three = [lines.take(origin) for _ in range(3)]
    for line in three:
        lines.give_back(line)
    assert [is_closed(line) for line in three] == [True, False, False]


def test_no_line_is_kept_where_none_is_wanted(keep: Keep, mute: Mute) -> None:
    lines, origin = keep(0), Origin.of(mute.url)
    line = lines.take(origin)
    lines.give_back(line)
    assert is_closed(line)


def test_those_that_nobody_needs_any_more_go_although_nobody_takes_them(
    keep: Keep, mute: Mute, clock: FakeClock
) -> None:
    lines, origin = keep(), Origin.of(mute.url)
    crowd = [lines.take(origin) for _ in range(5)]
    for line in crowd:
        lines.give_back(line)
    for _ in range(3):
        assert not any(map(is_closed, crowd))
        busy = lines.take(origin)
        clock.advance(IDLE_SECONDS / 3)
        lines.give_back(busy)
    assert [is_closed(line) for line in crowd] == [True, True, True, True, False]


def test_closing_closes_all_that_are_unused(keep: Keep, mute: Mute) -> None:
    lines, origin = keep(), Origin.of(mute.url)
    unused, used = lines.take(origin), lines.take(origin)
    lines.give_back(unused)
    lines.close()
    assert (is_closed(unused), is_closed(used)) == (True, False)


# What is heard on it


@pytest.fixture(params=["plain", "tls", "tls within tls"])
def called(request: pytest.FixtureRequest, trusted: Certificate) -> Iterator[Callable[..., Line]]:
    """Makes lines to a peer that says something, by each kind of connection."""
    with ExitStack() as opened:

        def call(say: Callable[[Heard], bytes | Iterator[bytes]]) -> Line:
            tls = None if request.param == "plain" else trusted.server
            peer, proxy = opened.enter_context(Peer(say, tls)), ""
            if request.param == "tls within tls":
                inner = opened.enter_context(HttpProxy())
                proxy = opened.enter_context(Relay(inner.url, trusted.server)).url
            origin = Origin.of(peer.url)
            line = Line(origin, Dialler(proxy=proxy, timeout=5).dial(origin))
            opened.callback(line.close)
            line.send(ASK, 5)
            return line

        yield call


def test_all_is_heard_and_then_the_end(called: Callable[..., Line]) -> None:
    line = called(lambda _: PLENTY + b"Connection: close")
    assert heard(line, len(PLENTY) + 17) == PLENTY + b"Connection: close"
    assert line.receive(5) == b""


@pytest.mark.parametrize("most", [10, 1000])
def test_bytes_that_the_socket_no_longer_shows_are_heard(
    called: Callable[..., Line], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("gemini_pool.upstream.lines.PIECE_BYTES", most)
    line = called(lambda _: PLENTY[:10_000])
    pieces: list[bytes] = []
    while sum(map(len, pieces)) < 10_000:
        pieces.append(heard(line, 1))
    assert b"".join(pieces) == PLENTY[:10_000]
    assert max(map(len, pieces)) == most


def test_nothing_is_told_from_the_end(called: Callable[..., Line]) -> None:
    line = called(lambda _: b"a word")
    assert heard(line, 6) == b"a word"
    assert line.receive(0) is None
    assert line.receive(0.05) is None


class Torn(Relay):
    """Once `tear` is set it tears a piece of what the target says in two and keeps the rest until `go` is."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.tear, self.torn, self.go = threading.Event(), threading.Event(), threading.Event()

    def pipe(self, one: socket.socket, other: socket.socket) -> None:
        self.spawn(carry, one, other)
        while data := other.recv(65536):
            if self.tear.is_set() and not self.torn.is_set():
                one.sendall(data[:3])
                data = data[3:]
                self.torn.set()
                self.go.wait(5)
            one.sendall(data)


def test_part_of_a_tls_record_is_nothing_yet(trusted: Certificate) -> None:
    with Peer(lambda _: b"a word", trusted.server) as peer, Torn(f"http://{peer.netloc}") as relay:
        origin = Origin.of(f"https://{relay.netloc}")
        line = Line(origin, Dialler(proxy="", timeout=5).dial(origin))
        line.send(ASK, 5)
        assert heard(line, 6) == b"a word"
        relay.tear.set()
        line.send(ASK, 5)
        assert relay.torn.wait(5)
        assert line.receive(0.1) is None
        relay.go.set()
        assert heard(line, 6) == b"a word"
        line.close()


def test_a_connection_torn_down_is_unreachable(keep: Keep) -> None:
    class Resetting(Server):
        def serve(self, plug: socket.socket) -> None:
            plug.recv(100)
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            plug.close()

    with Resetting() as peer:
        line = keep().take(Origin.of(peer.url))
        line.send(ASK, 5)
        with pytest.raises(Unreachable) as caught:
            line.receive(5)
        assert caught.value.asked


def test_a_request_that_nobody_takes_is_given_up_and_was_never_asked(keep: Keep) -> None:
    with Deaf() as peer:
        line = keep().take(Origin.of(peer.url))
        with pytest.raises(Unreachable, match="in time") as caught:
            line.send(bytes(50_000_000), 0.1)
        assert not caught.value.asked


def test_a_large_request_is_taken_whole_on_a_used_line_too(called: Callable[..., Line]) -> None:
    large = b"POST / HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n" + bytes(20_000_000)
    line = called(lambda request: b"%d bytes" % len(request.body))
    assert heard(line, 7) == b"0 bytes"
    for _ in range(2):
        line.send(large, 5)
        assert heard(line, 14) == b"20000000 bytes"
