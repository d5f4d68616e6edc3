"""OpenAI's chat completions: events -> `chat.completion`, whole or in chunks, and errors.

Reading is in `chat_request`. Chunks of one answer differ only in their delta, so everything else of a
frame is made once.
"""

from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

import orjson

from gemini_pool.dialects.base import JSON, Call, Heading, Meter, Models
from gemini_pool.dialects.chat_request import read_call
from gemini_pool.dialects.pictures import Shown, as_text, show
from gemini_pool.dialogue import (
    Citation,
    Event,
    Finished,
    FinishReason,
    MadeFile,
    Silence,
    TextDelta,
    ThoughtDelta,
    Usage,
)
from gemini_pool.errors import (
    CallerError,
    KeyRefused,
    LimitReached,
    NoAccountAvailable,
    Overloaded,
    PolicyRefused,
    PoolError,
)

FINISH = {FinishReason.STOP: "stop", FinishReason.STOP_SEQUENCE: "stop", FinishReason.LENGTH: "length"}
DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


class ChatDialect:
    """`POST /v1/chat/completions`. It keeps no state; one object serves all threads."""

    def read(self, body: JSON, models: Models) -> Call:
        return read_call(body, models)

    def write(self, call: Call, heading: Heading, events: Iterable[Event], meter: Meter) -> bytes:
        folded = _Folded(heading)
        for event in events:
            meter.add(event)
            folded.add(event)
        meter.finished(folded.text)
        return orjson.dumps(
            {
                "id": heading.id,
                "object": "chat.completion",
                "created": heading.created,
                "model": heading.model,
                "choices": [
                    {
                        "index": 0,
                        "message": folded.message(),
                        "logprobs": None,
                        "finish_reason": folded.finish,
                    }
                ],
                "usage": _usage(meter.usage(call.prompt)),
            }
        )

    def stream(self, call: Call, heading: Heading, events: Iterable[Event], meter: Meter) -> Iterator[bytes]:
        frames = _Frames(heading, usage_follows=call.include_usage)
        folded = _Folded(heading)
        yield frames.delta({"role": "assistant", "content": ""})
        for event in events:
            meter.add(event)
            folded.add(event)
            if isinstance(event, TextDelta):
                yield frames.text(event.text)
            elif isinstance(event, ThoughtDelta):
                yield frames.delta({"reasoning_content": event.text})
            elif isinstance(event, MadeFile):
                yield frames.delta({"content": folded.shown[-1]})
            elif isinstance(event, Silence):
                yield KEEP_ALIVE
        meter.finished(folded.text)
        if annotations := folded.annotations():
            yield frames.delta({"annotations": annotations})
        yield frames.last(folded.finish)
        if call.include_usage:
            yield frames.usage(meter.usage(call.prompt))
        yield DONE

    def write_error(self, error: PoolError, status: int) -> bytes:
        return orjson.dumps({"error": _error(error, status)})

    def write_stream_error(self, error: PoolError, status: int) -> bytes:
        return b"data: " + self.write_error(error, status) + b"\n\n"


class _Folded:
    """An answer's events folded together."""

    def __init__(self, heading: Heading) -> None:
        self.finish = FINISH[FinishReason.STOP]
        self.shown: list[Shown] = []  # the files
        self._heading = heading
        self._text = StringIO()  # a list of its pieces would weigh several times as much
        self._notes: list[tuple[int, int]] = []  # what in it is ours and not the service's: place and length
        self._thoughts: list[str] = []
        self._citations: list[Citation] = []

    def add(self, event: Event) -> None:
        if isinstance(event, TextDelta):
            self._text.write(event.text)
        elif isinstance(event, ThoughtDelta):
            self._thoughts.append(event.text)
        elif isinstance(event, Finished):
            self.finish = FINISH[event.reason]
        elif isinstance(event, Citation):
            self._citations.append(event)
        elif isinstance(event, MadeFile):
            self.shown.append(show(event, self._heading))
            at = self._text.tell()
            self._notes.append((at, self._text.write(as_text(self.shown[-1]))))

    @property
    def text(self) -> str:
        return self._text.getvalue()

    def message(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self._content(), "refusal": None}
        if self._thoughts:
            message["reasoning_content"] = "".join(self._thoughts)
        if annotations := self.annotations():
            message["annotations"] = annotations
        return message

    def _content(self) -> str | list[dict[str, Any]]:
        """A text, or parts where pictures are wanted as such."""
        parts = [part for shown in self.shown if isinstance(shown, list) for part in shown]
        if not parts:
            return self.text
        return [{"type": "text", "text": text}, *parts] if (text := self._own().strip()) else parts

    def annotations(self) -> list[dict[str, Any]]:
        """The sources, in OpenAI's form."""
        own = self._own().encode() if self._citations else b""
        return [
            {
                "type": "url_citation",
                "url_citation": {"url": c.uri, "title": c.title, **self._span(own, c)},
            }
            for c in self._citations
        ]

    def _own(self) -> str:
        """The service's own text."""
        text = self.text
        for at, length in reversed(self._notes):
            text = text[:at] + text[at + length :]
        return text

    def _span(self, own: bytes, citation: Citation) -> dict[str, int]:
        """Where in our content, in characters, stands what the service knows by the bytes of its own text."""
        start, end = (len(own[:offset].decode(errors="ignore")) for offset in (citation.start, citation.end))
        for at, length in self._notes:
            start += length if at <= start else 0
            end += length if at < end else 0
        return {"start_index": start, "end_index": max(start, end)}


class _Frames:
    """The frames of one stream; their common beginning and end are made once."""

    def __init__(self, heading: Heading, *, usage_follows: bool) -> None:
        shared = orjson.dumps(
            {
                "id": heading.id,
                "object": "chat.completion.chunk",
                "created": heading.created,
                "model": heading.model,
            }
        )
        self._head = b"data: " + shared[:-1] + b',"choices":[{"index":0,"delta":'
        self._text_head = self._head + b'{"content":'
        # OpenAI sends `usage: null` on every chunk of a stream that ends with a usage chunk.
        usage = b',"usage":null' if usage_follows else b""
        self._tail = b',"logprobs":null,"finish_reason":null}]' + usage + b"}\n\n"
        self._text_tail = b"}" + self._tail
        self._usage_head = b"data: " + shared[:-1] + b',"choices":[],"usage":'
        self._last_tail = b"}]" + usage + b"}\n\n"

    def text(self, text: str) -> bytes:
        return self._text_head + orjson.dumps(text) + self._text_tail

    def delta(self, delta: dict[str, Any]) -> bytes:
        return self._head + orjson.dumps(delta) + self._tail

    def last(self, finish: str) -> bytes:
        return self._head + b'{},"logprobs":null,"finish_reason":' + orjson.dumps(finish) + self._last_tail

    def usage(self, usage: Usage) -> bytes:
        return self._usage_head + orjson.dumps(_usage(usage)) + b"}\n\n"


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _error(error: PoolError, status: int) -> dict[str, Any]:
    """The four keys that every OpenAI client reads."""
    mistake = error if isinstance(error, CallerError) else None
    return {
        "message": str(error),
        "type": _type(error, status),
        "param": mistake.param if mistake else None,
        "code": mistake.code if mistake else _code(error),
    }


def _type(error: PoolError, status: int) -> str:
    if isinstance(error, LimitReached) or status == 429:
        return "rate_limit_error"
    if isinstance(error, KeyRefused):
        return "authentication_error"
    return "invalid_request_error" if status < 500 else "api_error"


def _code(error: PoolError) -> str | None:
    if isinstance(error, PolicyRefused):
        return "content_filter"
    if isinstance(error, NoAccountAvailable):
        return "rate_limit_exceeded" if error.limited else "no_account_available"
    if isinstance(error, Overloaded):
        return "overloaded"
    return None
