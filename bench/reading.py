"""An answer's bytes as they come -> the texts in them: chunked transfer, then the tongue of who answers.

Everything here runs once an event, ten thousand times a second, beside what is measured.
"""

from typing import Any, Protocol

import orjson

DONE = b"data: [DONE]"


class AnswerError(Exception):
    """The answer itself says that it failed."""


class Tongue(Protocol):
    """What an answer is written in. `whole`: its proper end was seen."""

    whole: bool

    def read(self, piece: bytes) -> list[str]:
        """The texts that this piece of body completes; ValueError when it cannot be read."""


class Chunks:
    """Takes a body out of its chunked transfer; a chunk is given when all of it is there."""

    def __init__(self) -> None:
        self.ended = False
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The chunks that `data` completes; ValueError when it is no chunked body."""
        if self._held:
            data = self._held + data
        chunks: list[bytes] = []
        at = 0
        while not self.ended and (line := data.find(b"\r\n", at)) >= 0:
            start = line + 2
            end = start + int(data[at:line], 16)
            if len(data) < end + 2:
                break
            if data[end : end + 2] != b"\r\n":
                raise ValueError("a chunk is longer than it says")
            chunks.append(data[start:end])
            self.ended = start == end
            at = end + 2
        self._held = data[at:]
        return chunks


class Frames:
    """The gateway's: server-sent events of chat completions, and `[DONE]`."""

    def __init__(self) -> None:
        self.whole = False
        self._held = b""

    def read(self, piece: bytes) -> list[str]:
        *frames, self._held = (self._held + piece).split(b"\n\n")
        return [text for frame in frames if (text := self._text(frame))]

    def _text(self, frame: bytes) -> str:
        if self.whole:
            raise ValueError("something follows [DONE]")
        if frame == DONE:
            self.whole = True
            return ""
        if not frame.startswith(b"data: "):  # a comment
            return ""
        chunk = orjson.loads(frame[6:])
        if "error" in chunk:
            raise AnswerError(chunk["error"].get("message"))
        return chunk["choices"][0]["delta"].get("content", "") if chunk["choices"] else ""


class Elements:
    """The simulated service's: one JSON array, written element by element, and its closing bracket."""

    def __init__(self) -> None:
        self.whole = False
        self._held = b""

    def read(self, piece: bytes) -> list[str]:
        held = self._held + piece
        inner = held.strip(b"[, \t\r\n")
        body = inner.rstrip(b"] \t\r\n")
        try:
            elements = orjson.loads(b"[" + body + b"]")
        except orjson.JSONDecodeError:  # cut in an element; what never parses is never whole
            self._held = held
            return []
        self._held = b""
        self.whole = self.whole or body != inner
        return [text for element in elements if (text := _text(element))]


def _text(element: dict[str, Any]) -> str:
    if "error" in element:
        raise AnswerError(element["error"].get("message"))
    replies = element["streamAssistResponse"]["answer"].get("replies", ())
    return "".join(reply["groundedContent"].get("content", {}).get("text", "") for reply in replies)
