"""One streamed answer, listened to: when it came, in what pieces, with what members, and what it says."""

import time
from collections import Counter
from typing import Any

from gemini_pool.dialogue import Silence, TextDelta, Waiting
from gemini_pool.errors import BadReply, EmptyAnswer, UpstreamError
from gemini_pool.upstream.doctor.documented import ELEMENT
from gemini_pool.upstream.doctor.findings import Notes
from gemini_pool.upstream.doctor.replies import head_of, note_shapes, note_type
from gemini_pool.upstream.doctor.scrubbing import form, session_form
from gemini_pool.upstream.doctor.shapes import Shapes
from gemini_pool.upstream.refusals import told_in_stream
from gemini_pool.upstream.stream import ArrayReader
from gemini_pool.upstream.transport import StreamReply
from gemini_pool.upstream.wire import AnswerReader

WORD = "pong"
QUESTION = f"Answer with the single word: {WORD}"
GOOD_STATES = ("IN_PROGRESS", "SUCCEEDED")


class Hearing:
    """Hears one answer to its end, whatever becomes of it; `began` as time.monotonic tells it."""

    def __init__(self, stream: StreamReply, began: float) -> None:
        self.session = ""  # as the service names it in the stream
        self._stream = stream
        self._began = began
        self._times = {"head": _since(began)}
        self._sizes: Counter[str] = Counter()
        self._array = ArrayReader()
        self._shapes = Shapes()
        self._states: list[str] = []
        self._reasons: list[str] = []  # for giving no answer
        self._error: Any = None
        self._reader = AnswerReader()
        self._refusal: UpstreamError | None = None  # where the program would have stopped reading
        self._events: Counter[str] = Counter()
        self._text = ""

    def listen(self) -> Waiting[None]:
        """Raises what the program would make of it, if that is no answer."""
        try:
            yield from self._listened()
        except UpstreamError:
            if not (self._refusal or self._reader.succeeded):
                raise
        finally:
            self._times["end"] = _since(self._began)
        if self._refusal:
            raise self._refusal
        if not (self._array.closed or self._reader.succeeded):
            raise BadReply("The service's answer was cut off.")
        if not self._text:
            raise EmptyAnswer("The service's answer holds no text.")

    def note(self, notes: Notes) -> None:
        """Note what was heard up to now."""
        self._note_transfer(notes)
        note_shapes(notes, self._shapes, ELEMENT, ("streamAssistResponse.answer.state",))
        good = set(self._states) <= set(GOOD_STATES) and self._states[-1:] == ["SUCCEEDED"]
        notes.hold("states", ", then ".join(GOOD_STATES), ", then ".join(self._states) or "none", good)
        name = session_form(self.session) if self.session else "none"
        notes.hold("session", "full name, digits(19)", name, name.startswith("full name"))
        notes.hold("array", "closed", "closed" if self._array.closed else "not closed", self._array.closed)
        if self._error is not None:
            notes.hold("errors", "none", "one", False)
            notes.quote(told_in_stream(self._error))
        if self._reasons:
            notes.hold("skipped for", "nothing", ", ".join(self._reasons), False)
        notes.refused |= self._refusal is not None
        notes.note("read as", _listed(self._events) or "nothing")
        as_asked = self._text.strip(" .!\n").lower() == WORD
        notes.note("text", "the word" if as_asked else f"{len(self._text)} characters, not just the word")
        notes.replies.append({**head_of(notes, self._stream), **self._evidence()})

    def _note_transfer(self, notes: Notes) -> None:
        headers = self._stream.headers
        note_type(notes, headers)
        transfer = notes.said(headers.get("transfer-encoding", "none"))
        notes.hold("transfer encoding", "chunked", transfer, transfer == "chunked")
        notes.note("content encoding", notes.said(headers.get("content-encoding", "none")))
        notes.note("times", ", ".join(f"{what} after {ms} ms" for what, ms in self._times.items()))
        notes.note("sizes", _listed(self._sizes))

    def _listened(self) -> Waiting[None]:
        for piece in self._stream.pieces():
            if isinstance(piece, Silence):
                yield piece
                continue
            self._times.setdefault("first byte", _since(self._began))
            self._sizes.update(pieces=1, bytes=len(piece))
            for element in self._array.feed(piece):
                self._hear(element)

    def _hear(self, element: Any) -> None:
        self._sizes["elements"] += 1
        self._shapes.add(element)
        if isinstance(element, dict):
            self._error = element.get("error", self._error)
            self._look_at(_object(element, "streamAssistResponse"))
        if self._refusal is None:
            self._read(element)

    def _look_at(self, response: dict[str, Any]) -> None:
        answer = _object(response, "answer")
        state = answer.get("state") or response.get("state")
        if isinstance(state, str) and form(state, enum=True) not in self._states[-1:]:
            self._states.append(form(state, enum=True))
        reasons = answer.get("assistSkippedReasons") or response.get("assistSkippedReasons")
        if isinstance(reasons, list):
            self._reasons += [form(str(one), enum=True) for one in reasons]
        session = _object(response, "sessionInfo").get("session")
        self.session = session if isinstance(session, str) else self.session

    def _read(self, element: Any) -> None:
        """As the program reads it."""
        try:
            for event in self._reader.read(element):
                self._events[type(event).__name__] += 1
                if isinstance(event, TextDelta):
                    self._text += event.text
        except UpstreamError as error:
            self._refusal = error

    def _evidence(self) -> dict[str, Any]:
        body = {
            **self._sizes,
            "characters": len(self._text),
            "closed": self._array.closed,
            "members": self._shapes.paths,
        }
        return {
            "call": "widgetStreamAssist",
            "milliseconds": self._times,
            "body": body,
            "states": self._states,
            "events": dict(self._events),
        }


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{what}: {count}" for what, count in counts.items())


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
