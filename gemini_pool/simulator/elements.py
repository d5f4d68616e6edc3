"""The elements of an answer stream, as pretty-printed JSON."""

import functools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
ThoughtMark = Literal["none", "content", "reply"]

_SESSION, _ANSWER, _TEXT = "@session@", "@answer@", "@text@"

_EMPTY_REPLIES: tuple[tuple[Json, ...], ...] = (
    (),
    ({"groundedContent": {}},),
    ({"groundedContent": {"contentMetadata": {"contentKind": "ANSWER", "contentId": "1"}}},),
)


@dataclass(frozen=True, slots=True)
class Style:
    """What all elements of one answer have in common."""

    session_info: bool  # in the elements before the last, too
    unknown_members: bool


@dataclass(frozen=True, slots=True)
class Stationery:
    """Writes the elements of one answer: `session` is the full name, `answer` the answer's id."""

    session: str
    answer: str
    style: Style

    def texts(self, deltas: Iterable[str], thought: ThoughtMark = "none") -> Iterator[bytes]:
        """An element for each delta of text or of thought."""
        before, after = (self._fill(half).encode() for half in _text_form(self.style, thought))
        for delta in deltas:
            yield before + _to_json(delta).encode() + after

    def empties(self, count: int) -> Iterator[bytes]:
        """Elements that say nothing: without replies, with an empty reply, with metadata only."""
        for number in range(count):
            yield self._fill(_empty_form(self.style, number % len(_EMPTY_REPLIES))).encode()

    def replies(self, *replies: Json) -> bytes:
        """An element IN_PROGRESS with these replies."""
        return self._fill(_dump(_element(self.style, list(replies)))).encode()

    def ending(self, state: str, *, session_info: bool, answer: Json | None = None) -> bytes:
        """The last element: a final state, and members that only the answer's end has."""
        if answer is None:
            return self._fill(_last_form(self.style, state, session_info)).encode()
        return self._fill(_dump(_last(self.style, state, session_info, answer))).encode()

    def _fill(self, form: str) -> str:
        return form.replace(_SESSION, self.session).replace(_ANSWER, self.answer)


def error_element(envelope: Json) -> bytes:
    """An error in the place of an element."""
    return _dump(envelope).encode()


def reply(content: Json, **grounded: Any) -> Json:
    """A reply with this content; `grounded` are further members of groundedContent."""
    return {"replyId": f"reply-{_ANSWER}", "groundedContent": {"content": content, **grounded}}


def grounding_reply(end: int, title: str, uri: str) -> Json:
    """A reply of grounding alone, for the first `end` bytes of the answer."""
    document = {"title": title, "uri": uri, "domain": "example.com", "document": "documents/1"}
    segment = {"startIndex": "0", "endIndex": str(end), "groundingScore": 0.9, "referenceIndices": [0]}
    metadata = {"segments": [segment], "references": [{"content": title, "documentMetadata": document}]}
    return {"groundedContent": {"textGroundingMetadata": metadata}}


@functools.lru_cache(maxsize=64)
def _text_form(style: Style, thought: ThoughtMark) -> tuple[str, str]:
    content: Json = {"role": "model", "text": _TEXT}
    if thought == "content":
        content["thought"] = True
    message = reply(content)
    if thought == "reply":
        message["thought"] = True
    before, after = _dump(_element(style, [message])).split(f'"{_TEXT}"')
    return before, after


@functools.lru_cache(maxsize=64)
def _empty_form(style: Style, kind: int) -> str:
    return _dump(_element(style, list(_EMPTY_REPLIES[kind])))


@functools.lru_cache(maxsize=64)
def _last_form(style: Style, state: str, session_info: bool) -> str:
    return _dump(_last(style, state, session_info, {}))


def _last(style: Style, state: str, session_info: bool, members: Json) -> Json:
    element = _element(style, [reply({"role": "model", "text": ""})], state)
    response = element["streamAssistResponse"]
    response["answer"] |= members
    response["assistToken"] = f"AT-{_ANSWER}"
    response.pop("sessionInfo", None)
    if session_info:
        response["sessionInfo"] = _session_info()
    return element


def _element(style: Style, replies: list[Json], state: str = "IN_PROGRESS") -> Json:
    answer: Json = {"name": f"{_SESSION}/assistAnswers/{_ANSWER}", "state": state}
    if replies:
        answer["replies"] = replies
    response: Json = {"answer": answer}
    if style.session_info:
        response["sessionInfo"] = _session_info()
    element = {"uToken": f"UT-{_ANSWER}", "streamAssistResponse": response}
    return _with_unknown_members(element) if style.unknown_members else element


def _session_info() -> Json:
    return {"session": _SESSION, "queryId": f"{_SESSION}/queries/{_ANSWER}"}


def _with_unknown_members(element: Json) -> Json:
    response = element["streamAssistResponse"]
    response["answer"]["diagnosticInfo"] = {"plannerSteps": [{"queryStep": {"query": "{[,]}"}}]}
    response |= {"invokedSkills": [], "statusUpdates": [{"novelty": None}], "yetUnheardOf": 1e-3}
    return {**element, "futureMember": {"nested": [[], {}, "]"]}}


def _dump(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


_to_json = json.JSONEncoder(ensure_ascii=False).encode
