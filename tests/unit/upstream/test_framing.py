"""HTTP as bytes: whatever the cuts, a reply means the same, and what is no reply is refused."""

import gzip
import itertools
import zlib
from collections.abc import Iterable

import pytest

from gemini_pool.errors import BadReply, Unreachable
from gemini_pool.upstream.framing import Body, Head, read_head, request_head

CHUNKED = {"transfer-encoding": "chunked"}
# Sizes in any case, with leading zeros, blanks and extensions; an empty line inside a chunk; trailers.
IN_CHUNKS = (
    b'5;name=value;other="a;b"\r\nhello\r\n'
    b"00A \r\n, \r\n\r\nwrld\r\n"
    b"1\r\n!\r\n"
    b"0;last\r\nX-Trailer: a\r\nOther: b\r\n\r\n"
)
MEANT = b"hello, \r\n\r\nwrld!"


def body(headers: dict[str, str], status: int = 200) -> Body:
    return Body(Head(status, headers, (), True))


def fed(body: Body, pieces: Iterable[bytes]) -> bytes:
    return b"".join(map(body.feed, pieces))


def cuts(data: bytes, count: int) -> Iterable[list[bytes]]:
    """The data in `count + 1` pieces, in every way there is; some are empty."""
    for places in itertools.combinations_with_replacement(range(len(data) + 1), count):
        yield [data[start:end] for start, end in itertools.pairwise([0, *places, len(data)])]


# Requests


def test_a_request_is_its_line_and_its_headers_up_to_its_body() -> None:
    assert request_head("POST", "/a?b=c", {"host": "h", "x-y": "1: 2"}, 3) == (
        b"POST /a?b=c HTTP/1.1\r\nhost: h\r\nx-y: 1: 2\r\ncontent-length: 3\r\n\r\n"
    )


def test_an_empty_body_has_a_length_and_none_has_none() -> None:
    assert request_head("POST", "/", {}, 0) == b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
    assert request_head("GET", "/", {"host": "h"}, None) == b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("form", ["x{}y: z", "x{}", "{}", "{}x"])
def test_a_header_cannot_break_out_of_its_line(line_break: str, form: str) -> None:
    text = form.format(line_break)
    for target, headers in (("/", {"cookie": text}), ("/", {text: "1"}), (f"/{text}", {"host": "h"})):
        with pytest.raises(ValueError, match="line break"):
            request_head("GET", target, headers, None)


def test_a_header_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="latin-1"):
        request_head("GET", "/", {"cookie": "密"}, None)


# Heads


def test_a_head_is_taken_apart() -> None:
    head = read_head(
        b"HTTP/1.1 200 OK\r\nContent-Type: a: b\r\nSET-COOKIE: a=1; Path=/\r\nX-Empty:\r\n"
        b"set-cookie:b=2\r\nX-Twice: 1\r\nx-twice:  2 "
    )
    assert (head.status, head.cookies) == (200, ("a=1; Path=/", "b=2"))
    assert head.headers["content-type"] == "a: b"
    assert (head.headers["x-empty"], head.headers["x-twice"]) == ("", "2")


def test_a_head_needs_neither_reason_nor_headers() -> None:
    assert read_head(b"HTTP/1.1 204").status == 204
    assert read_head(b"HTTP/1.1 502 Bad Gateway 200").status == 502


@pytest.mark.parametrize(
    "head",
    [
        *(b"", b"hello", b"SSH-2.0-OpenSSH", b"<html>", b"HTTP/2 200", b"HTTP/1.1", b"HTTP/1.1 OK"),
        *(b"HTTP/1.1 20", b"HTTP/1.1 -20", "HTTP/1.1 ²00".encode("latin-1"), b"200 HTTP/1.1 200"),
    ],
)
def test_what_is_no_http_is_a_bad_reply(head: bytes) -> None:
    with pytest.raises(BadReply):
        read_head(head)


@pytest.mark.parametrize(
    ("version", "connection", "keeps_open"),
    [
        ("1.1", None, True),
        ("1.1", "keep-alive", True),
        ("1.1", "close", False),
        ("1.1", "Close, TE", False),
        ("1.0", None, False),
        ("1.0", "Keep-Alive", True),
        ("1.0", "close", False),
    ],
)
def test_a_head_tells_whether_its_line_stays_open(
    version: str, connection: str | None, keeps_open: bool
) -> None:
    wish = f"\r\nConnection: {connection}" if connection else ""
    assert read_head(f"HTTP/{version} 200 OK{wish}".encode()).keeps_open is keeps_open


# Bodies in chunks


def test_every_two_cuts_of_a_body_in_chunks_change_nothing() -> None:
    for pieces in cuts(IN_CHUNKS, 2):
        reading = body(CHUNKED)
        assert fed(reading, pieces) == MEANT
        assert (reading.done, reading.in_step) == (True, True)


def test_a_body_in_chunks_may_come_byte_by_byte() -> None:
    reading = body(CHUNKED)
    assert fed(reading, (bytes([byte]) for byte in IN_CHUNKS)) == MEANT
    assert reading.in_step


def test_a_body_in_chunks_is_not_done_before_its_very_end() -> None:
    for end in range(len(IN_CHUNKS)):
        reading = body(CHUNKED)
        reading.feed(IN_CHUNKS[:end])
        assert (reading.done, reading.in_step) == (False, False)
        with pytest.raises(Unreachable):
            reading.end()


def test_what_is_there_of_a_chunk_is_given_at_once() -> None:
    reading = body(CHUNKED)
    assert [reading.feed(piece) for piece in (b"a\r", b"\nhel", b"lo", b" more", b"\r\n")] == [
        *(b"", b"hel", b"lo", b" more", b"")
    ]


def test_the_word_for_chunks_is_known_however_it_is_written() -> None:
    assert fed(body({"transfer-encoding": "Chunked"}), [IN_CHUNKS]) == MEANT


def test_a_body_without_a_word_is_one() -> None:
    reading = body(CHUNKED)
    assert (reading.feed(b"0\r\n\r\n"), reading.in_step) == (b"", True)


@pytest.mark.parametrize("size", [b"", b" ", b"g", b"-1", b"5 5", b";5", b"5,", b"0x", b"hello"])
def test_a_chunk_of_no_size_is_a_bad_reply(size: bytes) -> None:
    for pieces in cuts(b"1\r\na\r\n%b\r\nhello" % size, 1):
        with pytest.raises(BadReply):
            fed(body(CHUNKED), pieces)


def test_a_size_may_have_a_long_extension_but_not_an_endless_one() -> None:
    reading = body(CHUNKED)
    reading.feed(b"5;" + b"x" * 1000)
    assert reading.feed(b"\r\nhello\r\n") == b"hello"
    for _ in range(10):
        reading.feed(b"x" * 100)
    with pytest.raises(BadReply):
        reading.feed(b"x" * 100)


# Bodies that are counted


def test_every_cut_of_a_counted_body_changes_nothing() -> None:
    for pieces in cuts(MEANT, 2):
        reading = body({"content-length": str(len(MEANT))})
        assert fed(reading, pieces) == MEANT
        assert (reading.done, reading.in_step) == (True, True)


def test_a_counted_body_cut_short_is_the_connection_s_fault() -> None:
    reading = body({"content-length": "6"})
    reading.feed(b"hello")
    assert not reading.done
    with pytest.raises(Unreachable):
        reading.end()


@pytest.mark.parametrize("length", ["", "x", "-1", "+5", "5 5", "5,5", "0x5", "٣", "²", "1e1"])
def test_a_length_that_is_no_number_is_a_bad_reply(length: str) -> None:
    with pytest.raises(BadReply):
        body({"content-length": length})


def test_no_bytes_are_a_body_that_is_done() -> None:
    assert body({"content-length": "0"}).in_step


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("headers", [{}, {"content-length": "5"}, CHUNKED])
def test_some_replies_have_no_body_whatever_they_say(status: int, headers: dict[str, str]) -> None:
    assert body(headers, status).in_step


def test_chunks_count_more_than_a_length() -> None:
    assert fed(body({**CHUNKED, "content-length": "3"}), [IN_CHUNKS]) == MEANT


# Bodies that end with the connection


def test_a_body_may_end_with_the_connection() -> None:
    reading = body({})
    assert fed(reading, [b"hel", b"lo"]) == b"hello"
    assert not reading.done
    reading.end()
    assert (reading.done, reading.in_step) == (True, False)


# What comes after


@pytest.mark.parametrize(
    ("headers", "whole"), [(CHUNKED, IN_CHUNKS), ({"content-length": "5"}, b"hello"), (CHUNKED, b"0\r\n\r\n")]
)
def test_what_comes_after_a_reply_is_no_part_of_it_and_puts_the_line_out_of_step(
    headers: dict[str, str], whole: bytes
) -> None:
    meant = fed(body(headers), [whole])
    for pieces in cuts(whole + b"HTTP/1.1 200 OK\r\n", 1):
        reading = body(headers)
        assert fed(reading, pieces) == meant
        assert (reading.done, reading.in_step) == (True, False)


def test_what_comes_after_a_reply_without_a_body_puts_the_line_out_of_step() -> None:
    reading = body({}, 204)
    assert reading.feed(b"HTTP") == b""
    assert not reading.in_step


# Compressed bodies


@pytest.mark.parametrize("squeezed", [gzip.compress(MEANT), zlib.compress(MEANT)], ids=["gzip", "deflate"])
def test_every_cut_of_a_compressed_body_changes_nothing(squeezed: bytes) -> None:
    in_chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(squeezed), squeezed)
    for pieces in cuts(in_chunks, 1):
        reading = body({**CHUNKED, "content-encoding": "gzip"})
        assert fed(reading, pieces) == MEANT
        assert reading.in_step


def test_compressed_words_are_given_as_soon_as_they_are_there() -> None:
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(word) + packer.flush(zlib.Z_SYNC_FLUSH) for word in (b"one ", b"two ")]
    reading = body({"content-encoding": " GZip "})
    assert [reading.feed(piece) for piece in pieces] == [b"one ", b"two "]


@pytest.mark.parametrize("encoding", ["identity", "", " Identity "])
def test_a_body_that_is_not_compressed_is_left_alone(encoding: str) -> None:
    assert fed(body({"content-encoding": encoding}), [b"hello"]) == b"hello"


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_compressed_bytes_that_cannot_be_read_are_a_bad_reply(encoding: str) -> None:
    with pytest.raises(BadReply):
        fed(body({"content-encoding": encoding, "content-length": "90"}), [b"hello" * 9])
