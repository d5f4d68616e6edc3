"""Chat sessions, with what was said, uploaded and made in them; each belongs to one account."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field

from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.files import Kind, MadeFile, SimFile
from gemini_pool.simulator.refusal import file_not_found, invalid, session_not_found, session_not_owned

MAX_SESSIONS = 200_000
NEW = "-"

_COLLECTION = "collections/default_collection/engines/agentspace-engine/sessions/"
_NAME = re.compile(rf"(?:projects/(?P<project>\d+)/locations/global/)?{_COLLECTION}(?P<id>\d{{19}}|-)")


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
    made: dict[str, MadeFile] = field(default_factory=dict)
    streaming: int = 0

    @property
    def short_name(self) -> str:
        """As the answer to a create request names it."""
        return _COLLECTION + self.id

    @property
    def full_name(self) -> str:
        """As streams name it."""
        return f"projects/{self.owner.project}/locations/global/{_COLLECTION}{self.id}"

    def add_file(self, name: str, mime_type: str, content: bytes, at: float) -> SimFile:
        """Keep an upload; its id is good in this session only."""
        digest = hashlib.sha256(content).hexdigest()
        file = SimFile(new_id(), name, mime_type, len(content), digest, at)
        self.files[file.id] = file
        return file

    def make_file(self, kind: Kind, size: int, at: float) -> MadeFile:
        """A new picture or film of so many bytes; 0 for the smallest there is."""
        name = f"generated_{len(self.made) + 1}.{kind.suffix}"
        file = MadeFile(new_id(), name, kind, size or len(kind.smallest), at)
        self.made[file.id] = file
        return file

    def hear(self, turn: Turn) -> int:
        """Remember a turn; gives its number, from 1. Refusal 404 for a file of another session."""
        for file_id in turn.file_ids:
            if file_id not in self.files:
                raise file_not_found(file_id)
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
        match = _NAME.fullmatch(name)
        if name == NEW or (match is not None and match["id"] == NEW):
            return self.create(account)
        return self.existing(name, account)

    def existing(self, name: str, account: SimAccount, *, full: bool = False) -> Session:
        """The session of this name, which must be the full one if `full`. Refusals as in `find`."""
        match = _NAME.fullmatch(name)
        if match is None or (full and match["project"] is None):
            raise invalid(f'Invalid session name "{name}".')
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
