"""The gateway's frames and the service's elements, however they are cut."""

import pytest

from bench.reading import AnswerError, Chunks, Elements, Frames

BODY = b"4\r\nabcd\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n"


def frame(text: str) -> bytes:
    return b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % text.encode()


def element(text: str) -> bytes:
    replies = b'[{"groundedContent": {"content": {"text": "%b"}}}]' % text.encode()
    return b'{"streamAssistResponse": {"answer": {"replies": %b}}}' % replies


@pytest.mark.parametrize("size", range(1, len(BODY) + 1))
def test_chunks_are_found_in_pieces_of_any_size(size: int) -> None:
    chunks = Chunks()
    pieces = [BODY[at : at + size] for at in range(0, len(BODY), size)]
    found = [chunk for piece in pieces for chunk in chunks.feed(piece)]
    assert found == [b"abcd", b"abcdefghijklmnopqrstuvwxyz", b""]
    assert chunks.ended


@pytest.mark.parametrize(
    ("body", "told"), [(b"4\r\nabcdef\r\n", "longer than it says"), (b"what\r\n", "invalid literal")]
)
def test_what_is_not_chunked_cannot_be_read(body: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Chunks().feed(body)


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_frames_give_their_texts_and_end_with_done(size: int) -> None:
    body = b": keep-alive\n\n" + frame("") + frame("one ") + frame("two")
    body += b'data: {"choices":[],"usage":{}}\n\ndata: [DONE]\n\n'
    frames = Frames()
    texts = [text for at in range(0, len(body), size) for text in frames.read(body[at : at + size])]
    assert texts == ["one ", "two"]
    assert frames.whole


def test_frames_without_done_are_not_whole() -> None:
    frames = Frames()
    frames.read(frame("one"))
    assert not frames.whole


@pytest.mark.parametrize("body", [b"data: [DONE]\n\n" + frame("more"), b"data: {torn\n\n"])
def test_frames_that_are_torn_cannot_be_read(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"follows|char"):
        Frames().read(body)


def test_an_error_among_the_frames_is_told() -> None:
    with pytest.raises(AnswerError, match="No account"):
        Frames().read(b'data: {"error":{"message":"No account"}}\n\n')


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_elements_give_their_texts_and_end_with_the_array(size: int) -> None:
    body = b"[" + element("one [}") + b"\n,\r\n" + element("two") + b"\n]"
    elements = Elements()
    texts = [text for at in range(0, len(body), size) for text in elements.read(body[at : at + size])]
    assert texts == ["one [}", "two"]
    assert elements.whole


def test_an_array_without_its_end_is_not_whole() -> None:
    elements = Elements()
    assert elements.read(b"[" + element("one")) == ["one"]
    assert not elements.whole
