"""Bytes in, JSON objects out: the incremental reader of one long JSON array.

The service sends an answer as a single array, pretty-printed, in pieces that bear no relation to its
objects: any character, string or object may be cut at any byte. The reader looks at each byte once, in
C, so that its work grows with the size of the answer and not with the number of pieces. It knows
nothing of what the objects mean.
"""

import json
import re
from typing import Any

import orjson

from gemini_pool.errors import BadReply

MAX_OBJECT_BYTES = 128 * 1024 * 1024

# Everything that cannot change the depth, strings that are whole included. Not possessive: Python 3.11.2,
# which Debian 12 has, loses its place when a possessive group fails.
_FLAT = re.compile(rb'[^"{}\[\]]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^"{}\[\]]*)*', re.DOTALL)
# The rest of a string, up to its closing quote or to an escape that is cut in two.
_IN_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_QUOTE, _OPENING, _ARRAY_END = ord('"'), b"{[", ord("]")


class ArrayReader:
    """Feed it pieces; it gives back the elements of the outer array as they become whole.

    An array that is never closed is no error: what was whole has been given. A reply that is one bare
    object (as error replies are) is read as an array of one.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scan = 0  # everything before it has been looked at
        self._start = -1  # where the current element begins; -1 between elements
        self._depth = 0  # braces and brackets open inside the element
        self._in_string = False
        self.closed = False  # the outer array's end was seen

    def feed(self, piece: bytes) -> list[Any]:
        """The elements that `piece` completes. BadReply when it cannot be JSON of this form."""
        if self._start < 0 and (whole := self._whole(piece)) is not None:
            return whole
        self._buffer += piece
        elements: list[Any] = []
        while self._scan < len(self._buffer) and not self.closed:
            if self._in_string:
                if not self._leave_string():
                    break
            elif self._start < 0:
                self._find_start()
            elif self._reach_end():
                elements.append(self._take())
        if self._start < 0:  # what stands between elements has been read
            del self._buffer[: self._scan]
            self._scan = 0
        if len(self._buffer) > MAX_OBJECT_BYTES:
            raise BadReply("The service sent an object that is too large to read.")
        return elements

    def _whole(self, piece: bytes) -> list[Any] | None:
        """The elements of a piece that holds nothing but whole ones, as most do; None for any other.

        Asking the parser is five times cheaper than looking for the elements' ends.
        """
        inner = piece.lstrip(b"[, \t\r\n").rstrip(b"], \t\r\n")
        if self.closed or not inner.endswith(b"}") or not inner.startswith(b"{"):
            return None
        try:
            elements: list[Any] = orjson.loads(b"[%b]" % inner)
        except orjson.JSONDecodeError:
            return None
        self.closed = b"]" in piece[piece.rindex(b"}") :]
        return elements

    def _find_start(self) -> None:
        """Skip white space, commas and the outer bracket up to the next element."""
        byte = self._buffer[self._scan]
        if byte == _ARRAY_END:
            self.closed = True
        elif byte == ord("{"):
            self._start, self._depth = self._scan, 1
        elif byte not in b"[, \t\r\n":
            raise BadReply("The service sent something that is not its usual JSON array.")
        self._scan += 1

    def _reach_end(self) -> bool:
        """Go on to the next brace or bracket; true when it closes the element."""
        self._scan = _match_end(_FLAT, self._buffer, self._scan)
        if self._scan >= len(self._buffer):
            return False
        byte = self._buffer[self._scan]
        self._scan += 1
        if byte == _QUOTE:  # a string whose end has not arrived
            self._in_string = True
        else:
            self._depth += 1 if byte in _OPENING else -1
        return self._depth == 0

    def _leave_string(self) -> bool:
        """Go on inside a string; false when its end, or the rest of an escape, is still to come."""
        self._scan = _match_end(_IN_STRING, self._buffer, self._scan)
        if self._scan >= len(self._buffer) or self._buffer[self._scan] != _QUOTE:
            return False
        self._scan += 1
        self._in_string = False
        return True

    def _take(self) -> Any:
        element = bytes(memoryview(self._buffer)[self._start : self._scan])
        del self._buffer[: self._scan]
        self._scan, self._start = 0, -1
        return _parsed(element)


def _match_end(pattern: "re.Pattern[bytes]", buffer: bytearray, start: int) -> int:
    match = pattern.match(buffer, start)
    return match.end() if match else start


def _parsed(element: bytes) -> Any:
    try:
        return orjson.loads(element)
    except orjson.JSONDecodeError:
        return _parsed_leniently(element)


def _parsed_leniently(element: bytes) -> Any:
    """For what orjson refuses and a browser would take: broken UTF-8, half a surrogate pair."""
    try:
        text = json.dumps(json.loads(element.decode("utf-8", "replace")), ensure_ascii=False)
    except (ValueError, RecursionError):
        raise BadReply("The service sent JSON that cannot be read.") from None
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
