"""The middle language: what was asked (Prompt) and the pieces of the answer (events).

Every dialect reads into these values and writes from them; the pool and the upstream client know
nothing else of a conversation. Pure values, no I/O.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from gemini_pool.roster import QuotaKind

# How a picture is shown in an answer's text: as Markdown, as its bare address, as a part of its own, or as
# Markdown that holds the picture itself. Films are always linked.
IMAGE_FORMATS = ("markdown", "url", "array", "base64")


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class FinishReason(StrEnum):
    """Why an answer ended: by itself, or at a bound that the caller set."""

    STOP = "stop"
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file as a caller names it: one of `data` (base64), `url` and `file_id`. What he says of it besides
    may be wrong or missing; `param` is the field of his request."""

    param: str
    data: str = field(default="", repr=False)
    url: str = ""
    file_id: str = ""
    name: str = ""
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a turn, on our own disk until the request ends; `size` in bytes, `digest` (of the
    bytes, SHA-256 in hex) tells it from others, `advice` what to do where the service does not take it."""

    name: str
    mime_type: str
    path: Path
    size: int
    digest: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the transcript. `name` is the speaker or the tool, where the caller gave one."""

    role: Role
    text: str
    name: str = ""
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """One row of the catalogue. `upstream_id` None lets the service choose; `created` epoch seconds."""

    id: str
    upstream_id: str | None
    kind: QuotaKind
    created: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation stands upstream; `digest` is of all that was said in it, `files` the ids that the
    service gave to those it was sent, by their own digests."""

    account_id: int
    session: str
    digest: str
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the caller asks: the whole transcript, oldest turn first, and the bounds of the answer. With
    `must_make` words are no answer: it must hold a picture or film."""

    model: Model
    turns: tuple[Turn, ...]
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    must_make: bool = False

    @property
    def said(self) -> tuple[Turn, ...]:
        """What was said up to the latest answer; nothing in a conversation that begins here."""
        return self.turns[: len(self.turns) - len(self.asked)]

    @property
    def asked(self) -> tuple[Turn, ...]:
        """What has been said since the latest answer: the new turn, and what came with it."""
        answers = (at for at, turn in enumerate(reversed(self.turns)) if turn.role is Role.ASSISTANT)
        since = next(answers, len(self.turns))
        return self.turns[len(self.turns) - since :]


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    text: str


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A picture or film the model made, on our own shelf: `folder` is "image" or "video". `url` is where it
    lies elsewhere, if it was put there."""

    folder: str
    name: str
    mime_type: str
    path: Path
    url: str = ""


@dataclass(frozen=True, slots=True)
class FileSent:
    """A file of the prompt lies in the answer's session now, under an id of the service's."""

    digest: str
    file_id: str


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A picture or film the model made, by reference; it lives in the session that made it."""

    file_id: str
    mime_type: str
    name: str


@dataclass(frozen=True, slots=True)
class InlineFile:
    """A file inside the answer itself; `data` is standard base64, not decoded."""

    mime_type: str
    data: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A source. `start` and `end` count UTF-8 bytes of the answer's text, as the service does."""

    uri: str
    title: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class SessionNamed:
    """The service's full name of the session the answer belongs to."""

    name: str


@dataclass(frozen=True, slots=True)
class Finished:
    reason: FinishReason = FinishReason.STOP


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came for a moment. Whoever waits for long can be told that we are still there."""


SILENCE = Silence()

# What an answer's reader is told.
Event = TextDelta | ThoughtDelta | MadeFile | Citation | SessionNamed | FileSent | Finished | Silence
# What the service says: there a file is still to be fetched.
Said = Event | GeneratedFile | InlineFile

T = TypeVar("T")
# A call that takes its time: `x = yield from call()` hands every silence on to whoever waits for the result.
Waiting = Generator[Silence, None, T]


def patiently(call: Waiting[T]) -> T:
    """The result of a call, however long it takes."""
    while True:
        try:
            next(call)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


# What a caller can see: the first of these makes an answer an answer.
CONTENT = (TextDelta, ThoughtDelta, MadeFile)
# What an answer must hold in the end; thoughts alone are not one.
SUBSTANCE = (TextDelta, MadeFile)


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts; estimates, since the service tells none."""

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens
