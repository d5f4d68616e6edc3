"""Chat sessions and the files uploaded into them; each belongs to one account."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field

from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.refusal import Refusal, invalid, session_not_found, session_not_owned

MAX_SESSIONS = 200_000
NEW = "-"

_COLLECTION = "collections/default_collection/engines/agentspace-engine/sessions/"
_NAME = re.compile(rf"(?:projects/(?P<project>\d+)/locations/global/)?{_COLLECTION}(?P<id>\d{{19}}|-)")


@dataclass(frozen=True, slots=True)
class SimFile:
    """A file as it arrived; `size` in bytes, `sha256` in hex."""

    id: str
    name: str
    mime_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt as heard; `model` is "auto" when none was named."""

    prompt: str
    model: str
    file_ids: tuple[str, ...]


@dataclass(slots=True)
class Session:
    """A conversation. `streaming` counts the answers being sent in it now."""

    id: str
    owner: SimAccount
    turns: list[Turn] = field(default_factory=list)
    files: dict[str, SimFile] = field(default_factory=dict)
    streaming: int = 0

    @property
    def short_name(self) -> str:
        """As the answer to a create request names it."""
        return _COLLECTION + self.id

    @property
    def full_name(self) -> str:
        """As streams name it."""
        return f"projects/{self.owner.project}/locations/global/{_COLLECTION}{self.id}"

    def add_file(self, name: str, mime_type: str, content: bytes) -> SimFile:
        """Keep an upload; its id is good in this session only."""
        digest = hashlib.sha256(content).hexdigest()
        file = SimFile(new_id(), name, mime_type, len(content), digest)
        self.files[file.id] = file
        return file

    def hear(self, turn: Turn) -> int:
        """Remember a turn; gives its number, from 1. Refusal 404 for a file of another session."""
        for file_id in turn.file_ids:
            if file_id not in self.files:
                raise Refusal(404, f'File with ID "{file_id}" not found in the session.')
        self.turns.append(turn)
        return len(self.turns)


class SessionBook:
    """All sessions of all accounts; beyond MAX_SESSIONS the oldest are forgotten."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def create(self, owner: SimAccount) -> Session:
        """A new, empty session."""
        if len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        session = Session(new_id(), owner)
        self._sessions[session.id] = session
        return session

    def find(self, name: str, account: SimAccount) -> Session:
        """The session of this short or full name; the id `-` makes one.

        Refusal 400 for a malformed name, 404 for an unknown session, 403 for another account's.
        """
        match = _NAME.fullmatch(name) if name != NEW else None
        if match is None and name != NEW:
            raise invalid(f'Invalid session name "{name}".')
        if match is None or match["id"] == NEW:
            return self.create(account)
        session = self._sessions.get(match["id"])
        if session is None or match["project"] not in (None, session.owner.project):
            raise session_not_found(name)
        if session.owner is not account:
            raise session_not_owned()
        return session

    def all(self) -> list[Session]:
        """Every session, oldest first."""
        return list(self._sessions.values())


def new_id() -> str:
    """A fresh id of 19 decimal digits."""
    return str(10**18 + secrets.randbelow(9 * 10**18))
