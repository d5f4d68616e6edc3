"""Calls: how long they wait and how they say so, what they take for a reply, and which lines they keep."""

import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import islice

import pytest
from proxies import Deaf, Heard, Mute, Peer, answer
from running import until

from gemini_pool.dialogue import SILENCE, Silence, Waiting, patiently
from gemini_pool.errors import BadReply, Unreachable
from gemini_pool.upstream.dialler import Dialler
from gemini_pool.upstream.transport import Patience, Reply, StreamReply, Transport

PATIENT = Patience(5, 5)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

Say = Callable[[Heard], bytes | Iterator[bytes]]


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def serving(opened: ExitStack) -> Callable[[Say], Peer]:
    return lambda say: opened.enter_context(Peer(say))


@pytest.fixture
def calling(opened: ExitStack) -> Callable[..., Transport]:
    def make(patience: Patience = PATIENT) -> Transport:
        transport = Transport(Dialler(proxy="", timeout=5), patience=patience, most_idle=5)
        opened.callback(transport.close)
        return transport

    return make


Serving = Callable[[Say], Peer]
Calling = Callable[..., Transport]


def waited(call: Waiting[object]) -> tuple[int, str]:
    """How many silences came before the failure, and how it is told."""
    silences = 0
    try:
        for silence in call:
            assert silence is SILENCE
            silences += 1
    except Unreachable as failure:
        return silences, str(failure)
    raise AssertionError("the call came to something")


def spoken(reply: StreamReply) -> bytes:
    """All that is said, at last."""
    with closing(reply):
        return b"".join(piece for piece in reply.pieces() if not isinstance(piece, Silence))


# A whole reply


def test_a_call_is_heard_as_it_was_meant(serving: Serving, calling: Calling) -> None:
    peer = serving(lambda _: answer(200, b"said", "Set-Cookie: a=1", "X-Y: Z", "Set-Cookie: b=2"))
    transport = calling()
    reply = patiently(transport.post(f"{peer.url}/a/b?c=d&e", {"x-name": "value"}, b'{"a": 1}'))
    assert reply == Reply(200, reply.headers, b"said", ("a=1", "b=2"))
    assert (reply.headers["x-y"], reply.headers["content-length"]) == ("Z", "4")
    patiently(transport.get(peer.url, {}))
    asked, looked = peer.requests
    assert (asked.method, asked.target, asked.body) == ("POST", "/a/b?c=d&e", b'{"a": 1}')
    assert asked.headers == {"host": peer.netloc, "x-name": "value", "content-length": "8"}
    assert (looked.method, looked.target, looked.headers) == ("GET", "/", {"host": peer.netloc})


def test_a_reply_may_come_byte_by_byte(serving: Serving, calling: Calling) -> None:
    whole = CHUNKED + b"5\r\nhello\r\n0\r\nX-Trailer: a\r\n\r\n"
    peer = serving(lambda _: (bytes([byte]) for byte in whole))
    transport = calling()
    for _ in range(3):
        assert patiently(transport.get(peer.url, {})).body == b"hello"
    assert peer.connections == 1


def test_interim_replies_are_passed_over(serving: Serving, calling: Calling) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\nLink: x\r\n\r\n"
    for said in (interim + answer(418, b"teapot"), [interim, answer(418, b"teapot")]):
        peer = serving(lambda _, said=said: said)
        reply = patiently(calling().get(peer.url, {}))
        assert (reply.status, reply.body, "link" in reply.headers) == (418, b"teapot", False)


def test_a_reply_that_ends_with_the_connection_is_whole(serving: Serving, calling: Calling) -> None:
    peer = serving(lambda _: b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it")
    assert patiently(calling().get(peer.url, {})).body == b"all of it"


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n"]
)
def test_a_connection_that_ends_before_the_reply_is_unreachable(
    serving: Serving, calling: Calling, said: bytes
) -> None:
    def say(_: Heard) -> Iterator[bytes]:
        yield said
        raise ConnectionError  # the peer hangs up

    with pytest.raises(Unreachable, match="instead of answering") as caught:
        patiently(calling().get(serving(say).url, {}))
    assert caught.value.asked


@pytest.mark.parametrize("said", [HEAD + b"half", CHUNKED + b"5\r\nhal", CHUNKED + b"4\r\nhalf\r\n", HEAD])
def test_a_reply_cut_short_is_unreachable(serving: Serving, calling: Calling, said: bytes) -> None:
    def say(_: Heard) -> Iterator[bytes]:
        yield said
        raise ConnectionError

    with pytest.raises(Unreachable, match="in the middle"):
        patiently(calling().get(serving(say).url, {}))


def test_what_is_no_http_is_a_bad_reply_and_its_line_is_closed(serving: Serving, calling: Calling) -> None:
    peer = serving(lambda _: b"220 mail.example ESMTP\r\n\r\n")
    with pytest.raises(BadReply):
        patiently(calling().get(peer.url, {}))
    until(lambda: peer.departures == 1, what="the line to be closed")


def test_a_reply_too_large_is_a_bad_reply_and_its_line_is_closed(
    serving: Serving, calling: Calling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gemini_pool.upstream.transport.MAX_REPLY_BYTES", 200_000)
    peer = serving(lambda heard: answer(200, bytes(int(heard.target[1:]))))
    transport = calling()
    assert len(patiently(transport.get(f"{peer.url}/200000", {})).body) == 200_000
    with pytest.raises(BadReply, match="too large"):
        patiently(transport.get(f"{peer.url}/200001", {}))
    with pytest.raises(BadReply, match="too large"):
        patiently(transport.get(f"{peer.url}/10000000", {}))
    until(lambda: peer.departures == 1, what="the line to be closed")


def test_a_reply_that_grows_too_large_when_unpacked_is_a_bad_reply(
    serving: Serving, calling: Calling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gemini_pool.upstream.transport.MAX_REPLY_BYTES", 1000)
    peer = serving(lambda _: answer(200, zlib.compress(bytes(100_000)), "Content-Encoding: deflate"))
    with pytest.raises(BadReply, match="too large"):
        patiently(calling().get(peer.url, {}))


def test_a_head_without_end_is_a_bad_reply_and_its_line_is_closed(serving: Serving, calling: Calling) -> None:
    peer = serving(lambda _: b"HTTP/1.1 200 OK\r\n" + b"X-Name: value\r\n" * 100_000)
    with pytest.raises(BadReply, match="too large"):
        patiently(calling().get(peer.url, {}))
    until(lambda: peer.departures == 1, what="the line to be closed")


def test_a_header_that_would_break_out_of_its_line_is_not_sent(serving: Serving, calling: Calling) -> None:
    peer = serving(lambda _: answer(200))
    with pytest.raises(ValueError, match="line break"):
        patiently(calling().get(peer.url, {"cookie": "a\r\nx-evil: 1"}))
    until(lambda: peer.departures == 1, what="the line to be closed")
    assert peer.requests == []


# A reply as it comes


def test_a_piece_is_given_before_the_next_is_sent(serving: Serving, calling: Calling) -> None:
    more = threading.Semaphore(0)

    def say(_: Heard) -> Iterator[bytes]:
        yield CHUNKED
        for word in (b"one", b"two", b"end"):
            assert more.acquire(timeout=5)
            yield b"%x\r\n%b\r\n" % (len(word), word)
        yield b"0\r\n\r\n"

    with closing(patiently(calling().stream(serving(say).url, {}, b""))) as reply:
        pieces = (piece for piece in reply.pieces() if not isinstance(piece, Silence))
        for word in (b"one", b"two", b"end"):
            more.release()
            assert next(pieces) == word
        assert list(pieces) == []


def test_all_that_is_left_of_a_reply_can_be_read_at_once(serving: Serving, calling: Calling) -> None:
    with closing(patiently(calling().stream(serving(lambda _: answer(429, b"no")).url, {}, b""))) as reply:
        assert (reply.status, patiently(reply.rest())) == (429, b"no")


# Patience


def test_silence_is_told_twice_a_second(calling: Calling, opened: ExitStack) -> None:
    mute = opened.enter_context(Mute())
    began = time.monotonic()
    told = waited(calling(Patience(1.2, 5)).get(mute.url, {}))
    assert told == (2, "The service has been silent for 1.2 s.")
    assert time.monotonic() - began >= 1.2


def test_the_first_byte_of_the_head_may_take_as_long_as_it_is_told(
    calling: Calling, opened: ExitStack
) -> None:
    mute = opened.enter_context(Mute())
    assert "0.1 s" in waited(calling(Patience(0.1, 5)).get(mute.url, {}))[1]
    assert "0.1 s" in waited(calling(Patience(0.1, 5)).post(mute.url, {}, b""))[1]
    assert "0.1 s" in waited(calling(Patience(0.1, 5)).stream(mute.url, {}, b""))[1]
    assert "0.1 s" in waited(calling().stream(mute.url, {}, b"", first=0.1))[1]


def test_what_one_call_is_told_of_its_first_byte_changes_nothing_between_two(
    serving: Serving, calling: Calling
) -> None:
    transport, peer = calling(Patience(5, 0.1)), serving(lambda _: HEAD + b"half")
    with closing(patiently(transport.stream(peer.url, {}, b"", first=4))) as reply:
        assert "silent for 0.1 s" in waited(reply.rest())[1]


def test_a_short_patience_is_not_as_long_as_a_silence(calling: Calling, opened: ExitStack) -> None:
    mute, took = opened.enter_context(Mute()), []
    for _ in range(3):  # a busy machine may take its time, but not always
        began = time.monotonic()
        waited(calling(Patience(0.05, 5)).get(mute.url, {}))
        took.append(time.monotonic() - began)
    assert min(took) < 0.4


def test_a_request_that_nobody_takes_is_waited_for_no_longer_than_between_two_bytes(
    calling: Calling, opened: ExitStack
) -> None:
    deaf, began = opened.enter_context(Deaf()), time.monotonic()
    call = calling(Patience(5, 0.1)).post(deaf.url, {}, bytes(50_000_000))
    assert "in time" in waited(call)[1]
    assert time.monotonic() - began < 4


def then_silent(*pieces: bytes) -> Say:
    """Says these, with a pause between them, and no more; the request of the peer that leaves is no other."""

    def say(_: Heard) -> Iterator[bytes]:
        for number, piece in enumerate(pieces):
            threading.Event().wait(0.3 if number else 0)
            yield piece

    return say


@pytest.mark.parametrize(
    ("said", "patience"),
    [
        ([b"HTTP/1.1 200"], Patience(5, 0.1)),
        ([b"HTTP/1.1 100 Continue\r\n\r\n"], Patience(0.1, 5)),
        ([b"HTTP/1.1 100 Continue\r\n\r\nHTTP"], Patience(5, 0.1)),
        ([HEAD], Patience(0.1, 5)),
        ([HEAD + b"half"], Patience(5, 0.1)),
        ([HEAD, b"half"], Patience(5, 0.1)),
    ],
    ids=["half a head", "an interim reply", "one and a half", "a head", "half a body", "half, but later"],
)
def test_a_wait_is_for_the_first_byte_or_between_two(
    serving: Serving, calling: Calling, said: list[bytes], patience: Patience
) -> None:
    call = calling(patience).get(serving(then_silent(*said)).url, {})
    assert "silent for 0.1 s" in waited(call)[1]


@pytest.mark.parametrize(
    ("said", "patience"),
    [
        ([b"", HEAD + b"0123456789"], Patience(5, 0.1)),
        ([HEAD, b"0123456789"], Patience(5, 0.1)),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"0123456789"], Patience(5, 0.1)),
        ([HEAD[:20], HEAD[20:] + b"01234", b"56789"], Patience(0.1, 5)),
    ],
    ids=["the head", "the body", "the head after an interim one", "all the rest"],
)
def test_what_comes_in_time_is_waited_for(
    serving: Serving, calling: Calling, said: list[bytes], patience: Patience
) -> None:
    call = calling(patience).get(serving(then_silent(*said)).url, {})
    assert patiently(call).body == b"0123456789"


def test_a_reply_may_take_longer_than_any_of_its_silences(serving: Serving, calling: Calling) -> None:
    said = [HEAD, b"01", b"23", b"45", b"67", b"89"]
    call = calling(Patience(0.6, 0.6)).get(serving(then_silent(*said)).url, {})
    assert patiently(call).body == b"0123456789"


# A caller who leaves


def test_a_caller_who_leaves_before_the_reply_closes_the_line_at_once(
    calling: Calling, opened: ExitStack
) -> None:
    mute = opened.enter_context(Mute())
    for call in (calling().get(mute.url, {}), calling().stream(mute.url, {}, b"")):
        assert next(call) is SILENCE
        gone = mute.departures
        call.close()
        until(lambda gone=gone: mute.departures == gone + 1, what="the line to be closed", seconds=2)


def test_a_caller_who_leaves_within_a_reply_closes_the_line_at_once(
    serving: Serving, calling: Calling
) -> None:
    peer = serving(lambda _: HEAD + b"half")
    call = calling().get(peer.url, {})
    assert next(call) is SILENCE
    call.close()
    until(lambda: peer.departures == 1, what="the line to be closed", seconds=2)
    with closing(patiently(calling().stream(peer.url, {}, b""))) as reply:
        assert list(islice(reply.pieces(), 2)) == [b"half", SILENCE]
    until(lambda: peer.departures == 2, what="the line to be closed", seconds=2)


# Which lines are kept


@pytest.mark.parametrize(
    "said",
    [
        answer(200, b"said"),
        answer(500, b"said"),
        answer(200),
        b"HTTP/1.1 204 None\r\n\r\n",
        CHUNKED + b"4\r\nsaid\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nsaid",
    ],
)
def test_a_line_whose_reply_was_read_to_its_end_is_used_again(
    serving: Serving, calling: Calling, said: bytes
) -> None:
    peer, transport = serving(lambda _: said), calling()
    for _ in range(3):
        patiently(transport.get(peer.url, {}))
        spoken(patiently(transport.stream(peer.url, {}, b"")))
    assert (peer.connections, len(peer.requests)) == (1, 6)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nsaid",
        answer(200, b"said") + b"and more",
        b"HTTP/1.1 204 None\r\n\r\nand more",
        CHUNKED + b"0\r\n\r\nand more",
    ],
    ids=["it does not stay open", "more came", "more came than nothing", "more came than chunks"],
)
def test_a_line_that_is_not_fit_for_another_request_is_closed(
    serving: Serving, calling: Calling, said: bytes
) -> None:
    peer, transport = serving(lambda _: said), calling()
    for count in (1, 2):
        assert patiently(transport.get(peer.url, {})).status in (200, 204)
        until(lambda count=count: peer.departures == count, what="the line to be closed")
    assert peer.connections == 2


def test_a_reply_that_is_closed_unread_takes_its_line_with_it(serving: Serving, calling: Calling) -> None:
    peer, transport = serving(lambda _: answer(200, b"said")), calling()
    patiently(transport.stream(peer.url, {}, b"")).close()
    until(lambda: peer.departures == 1, what="the line to be closed")
    assert patiently(transport.get(peer.url, {})).body == b"said"


def test_a_reply_that_is_closed_twice_gives_its_line_back_once(serving: Serving, calling: Calling) -> None:
    peer, transport = serving(lambda heard: answer(200, heard.body)), calling()
    reply = patiently(transport.stream(peer.url, {}, b"first"))
    assert spoken(reply) == b"first"
    reply.close()
    two = [patiently(transport.stream(peer.url, {}, said)) for said in (b"one", b"two")]
    assert [spoken(reply) for reply in two] == [b"one", b"two"]
    assert peer.connections == 2
