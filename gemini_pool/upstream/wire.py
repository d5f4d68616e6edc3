"""One element of the answer's array -> events of the middle language.

Every member of an element may be missing, and members nobody knows are ignored. This room keeps only
what one answer needs to be read rightly: which session and which files and sources were named already.
"""

from collections.abc import Iterator
from typing import Any

from gemini_pool.dialogue import (
    Citation,
    Finished,
    GeneratedFile,
    InlineFile,
    Said,
    SessionNamed,
    TextDelta,
    ThoughtDelta,
)
from gemini_pool.errors import BadReply
from gemini_pool.upstream.refusals import refusal_in_stream, skipped

_NOTHING: dict[str, Any] = {}
# Members that few elements have; asking for all at once keeps the many without them cheap.
_MEDIA = frozenset({"inlineData", "attachments", "generatedImages"})
_SOURCES = frozenset({"textGroundingMetadata", "citationMetadata"})


class AnswerReader:
    """Reads the elements of one answer in order."""

    def __init__(self) -> None:
        self.succeeded = False  # the service said that the answer is whole
        self._session = ""
        self._named: set[Any] = set()  # files and citations given already

    def read(self, element: Any) -> Iterator[Said]:
        """The events of one element; raises the UpstreamError it stands for."""
        if not isinstance(element, dict):
            raise BadReply("The service sent an element that is no object.")
        if element.get("error") is not None:
            raise refusal_in_stream(element["error"])
        response = _object(element, "streamAssistResponse")
        answer = _object(response, "answer")
        for reply in _list(answer, "replies"):
            if isinstance(reply, dict):
                yield from self._reply(reply)
        for holder in (element, response, answer):
            if "generatedImages" in holder:
                yield from _images(holder)
        session = _object(response, "sessionInfo").get("session")
        if isinstance(session, str) and session and session != self._session:
            self._session = session
            yield SessionNamed(self._session)
        state = answer.get("state") or response.get("state")
        if state and state != "IN_PROGRESS":
            yield from self._ended(str(state), answer, response)

    def _reply(self, reply: dict[str, Any]) -> Iterator[Said]:
        grounded = _object(reply, "groundedContent")
        content = _object(grounded, "content")
        text, older_thought = content.get("text"), reply.get("thought")
        if isinstance(older_thought, str) and older_thought:
            yield ThoughtDelta(older_thought)
        if isinstance(text, str) and text:
            thinking = content.get("thought") is True or older_thought is True
            yield ThoughtDelta(text) if thinking else TextDelta(text)
        if "file" in content:
            yield from self._file(_object(content, "file"))
        for holder in (content, grounded, reply):
            if not _MEDIA.isdisjoint(holder):
                yield from _inline(holder)
        if not _SOURCES.isdisjoint(grounded):
            yield from self._citations(grounded)

    def _file(self, file: dict[str, Any]) -> Iterator[Said]:
        file_id = str(file.get("fileId") or "")
        if file_id and file_id not in self._named:
            self._named.add(file_id)
            yield GeneratedFile(file_id, str(file.get("mimeType") or ""), str(file.get("name") or ""))

    def _citations(self, grounded: dict[str, Any]) -> Iterator[Said]:
        for citation in _citations(grounded):
            if citation.uri and citation not in self._named:
                self._named.add(citation)
                yield citation

    def _ended(self, state: str, answer: dict[str, Any], response: dict[str, Any]) -> Iterator[Said]:
        if state == "SUCCEEDED":
            self.succeeded = True
            yield Finished()
        elif state == "SKIPPED":
            reasons = _list(answer, "assistSkippedReasons") or _list(response, "assistSkippedReasons")
            enforcement = "customerPolicyEnforcementResult"
            details = answer.get(enforcement) or response.get(enforcement)
            raise skipped([str(reason) for reason in reasons], details)
        elif state in ("FAILED", "CANCELLED"):
            raise BadReply(f"The service gave the answer up ({state}).")


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else _NOTHING


def _list(holder: dict[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _inline(holder: dict[str, Any]) -> Iterator[Said]:
    """Media inside the element itself. Nobody has seen the service do it; older clients read these forms."""
    yield from _data(holder.get("inlineData"))
    for attached in _list(holder, "attachments"):
        yield from _data(attached)
    yield from _images(holder)


def _images(holder: dict[str, Any]) -> Iterator[Said]:
    for generated in _list(holder, "generatedImages"):
        if isinstance(generated, dict):
            yield from _data(generated.get("image"))


def _data(file: Any) -> Iterator[Said]:
    if isinstance(file, dict):
        data = file.get("data") or file.get("bytesBase64Encoded")
        if isinstance(data, str) and data:
            yield InlineFile(str(file.get("mimeType") or ""), data)


def _citations(grounded: dict[str, Any]) -> Iterator[Citation]:
    for cited in _list(_object(grounded, "citationMetadata"), "citations"):
        if isinstance(cited, dict):
            yield _citation(cited, cited)
    grounding = _object(grounded, "textGroundingMetadata")
    references = [
        _object(r, "documentMetadata") for r in _list(grounding, "references") if isinstance(r, dict)
    ]
    cited_by_segment = set()
    for segment in _list(grounding, "segments"):
        for index in _list(segment, "referenceIndices") if isinstance(segment, dict) else []:
            if isinstance(index, int) and 0 <= index < len(references):
                cited_by_segment.add(index)
                yield _citation(references[index], segment)
    for index, document in enumerate(references):
        if index not in cited_by_segment:
            yield _citation(document, _NOTHING)


def _citation(document: dict[str, Any], place: dict[str, Any]) -> Citation:
    return Citation(
        uri=str(document.get("uri") or ""),
        title=str(document.get("title") or ""),
        start=_whole(place.get("startIndex")),
        end=_whole(place.get("endIndex")),
    )


def _whole(value: Any) -> int:
    """64-bit numbers come as strings."""
    try:
        return int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0
