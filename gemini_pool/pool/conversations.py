"""Conversations: a transcript that goes on is sent to the session that has heard it.

What a caller sends is a whole transcript. Its digest, up to the latest answer, names the session that said
that answer; only the caller's own key can make the digest, so that two callers never meet in a session, and
history that was edited or branched names none. A session is claimed by the one request that goes on with
it, and named anew by all that it then has heard, told to it by this request or by those before.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gemini_pool.dialogue import Place, Prompt, Role, Turn

DIGEST_BYTES = 20


class Memory(Protocol):
    """Where sessions are remembered, for all processes."""

    def find(self, digest: str, hint: str | None) -> Place | None: ...
    def claim(self, place: Place) -> bool:
        """Take a session for oneself; false when another was faster."""
        ...

    def remember(self, place: Place, hint: str | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """Who heard a prompt: a session, which went on from `since` or was new, and the files it holds by now."""

    account_id: int
    session: str
    files: Mapping[str, str] = field(default_factory=dict)
    since: Place | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """A prompt, and whose: `scope` tells callers apart, `hint` is the name one gives his conversation.

    With `anew` the hint is for later: this prompt begins a conversation.
    """

    prompt: Prompt
    scope: str
    hint: str | None = None
    anew: bool = False

    def place(self, memory: Memory) -> Place | None:
        """Where the conversation stands, so that only its new turn need be sent."""
        if not any(turn.text or turn.files for turn in self.prompt.asked):
            return None
        if self.prompt.said:
            return memory.find(self._digest(self.prompt.said), None)
        # Nothing was said before, as far as the caller tells: then his name for it must do.
        return memory.find("", self._named()) if self.hint and not self.anew else None

    def remember(self, memory: Memory, heard: Heard, answer: str) -> None:
        """The session has now heard the prompt and said this."""
        since = heard.since
        turns = (*(self.prompt.asked if since else self.prompt.turns), Turn(Role.ASSISTANT, answer))
        digest = self._digest(turns, since.digest if since else "")
        memory.remember(Place(heard.account_id, heard.session, digest, heard.files), self._named())

    def _digest(self, turns: Iterable[Turn], digest: str = "") -> str:
        """Turn by turn, from the digest of what was said before."""
        empty = self._hash(b"transcript")
        for turn in turns:
            told = empty.copy()
            # Clients trim what they send back.
            for text in (digest, turn.role, turn.name, turn.text.strip(), *_attached(turn)):
                data = text.encode("utf-8", "surrogatepass")
                told.update(b"%d:" % len(data) + data)
            digest = told.hexdigest()
        return digest

    def _named(self) -> str | None:
        if self.hint is None:
            return None
        told = self._hash(b"hint")
        told.update(self.hint.encode("utf-8", "surrogatepass"))
        return told.hexdigest()

    def _hash(self, purpose: bytes) -> "hashlib.blake2b":
        owner = hashlib.blake2b(f"{self.scope}\n{self.prompt.model.id}".encode(), digest_size=32).digest()
        return hashlib.blake2b(purpose, digest_size=DIGEST_BYTES, key=owner)


def _attached(turn: Turn) -> Iterable[str]:
    """What tells a turn's files from others. Those of an answer its text names already."""
    return () if turn.role is Role.ASSISTANT else (file.digest for file in turn.files)
