"""What every dialect can do, and what a call carries between reading and writing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gemini_pool.dialogue import Event, FileSource, MadeFile, Model, Prompt, TextDelta, ThoughtDelta, Usage
from gemini_pool.errors import PoolError
from gemini_pool.weights import weight, whole

JSON = Mapping[str, Any]


class Models(Protocol):
    """Whatever knows the models by name."""

    def resolve(self, name: str | None) -> Model: ...


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was read: what to ask, and how the caller wants it answered.

    `conversation` is the caller's own name for it, `anew` that it begins here; `named` that the model was.
    `files` are those of each turn, which are still to be had; `image_format` one of IMAGE_FORMATS.
    """

    prompt: Prompt
    stream: bool = False
    include_usage: bool = False
    conversation: str | None = None
    anew: bool = False
    named: bool = True
    files: tuple[tuple[FileSource, ...], ...] = ()
    image_format: str | None = None


@dataclass(slots=True)
class Meter:
    """Weighs an answer as it passes, and hands its text on when it has passed.

    `finished` is given the text that a caller will send back as the assistant's turn, before the last of it
    is sent, so that a caller who is quick finds it remembered.
    """

    finished: Callable[[str], None] = lambda _: None
    text: int = 0
    thoughts: int = 0
    asked: int | None = None  # weighed once: a long transcript is told of in the answer and in the journal

    def add(self, event: Event) -> None:
        if isinstance(event, TextDelta):
            self.text += weight(event.text)
        elif isinstance(event, ThoughtDelta):
            self.thoughts += weight(event.text)

    def usage(self, prompt: Prompt) -> Usage:
        """Token counts so far. Thoughts are counted as part of the answer, as the field's APIs do."""
        if self.asked is None:
            self.asked = sum(weight(turn.text) for turn in prompt.turns)
        return Usage(whole(self.asked), whole(self.text + self.thoughts), whole(self.thoughts))


@dataclass(frozen=True, slots=True)
class Heading:
    """What all parts of one answer share: its id, when it was made (epoch seconds), the model's name; how
    pictures are shown (IMAGE_FORMATS), and what leads to a file that the model made."""

    id: str
    created: int
    model: str
    image_format: str = "markdown"
    link: Callable[[MadeFile], str] = lambda file: f"/{file.folder}/{file.name}"


class Dialect(Protocol):
    """One file, one row in the table of dialects."""

    def read(self, body: JSON, models: Models) -> Call:
        """The call; BadRequest or UnknownModel for a mistake of the caller's."""
        ...

    def write(self, call: Call, heading: Heading, events: Iterable[Event], meter: Meter) -> bytes:
        """The answer as one JSON body."""
        ...

    def stream(self, call: Call, heading: Heading, events: Iterable[Event], meter: Meter) -> Iterator[bytes]:
        """The answer as frames; a PoolError among the events passes through to whoever iterates."""
        ...

    def write_error(self, error: PoolError, status: int) -> bytes:
        """The error as a JSON body."""
        ...

    def write_stream_error(self, error: PoolError, status: int) -> bytes:
        """The error as the last frame of a stream."""
        ...
