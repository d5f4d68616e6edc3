"""Who is signed in to the console: a random token each, kept as a hash, found without a query.

A session ends a day after it was last used, a month after it began, or when somebody ends it.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from peewee import AutoField, FloatField, Model, TextField, fn

from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Cached, Store

PREFIX = "gp-admin-"
RANDOM_BYTES = 32
TOKEN_LENGTH = len(PREFIX) + 43
IDLE_SECONDS = 24 * 3600
LONGEST_SECONDS = 30 * 24 * 3600
SEEN_EVERY_SECONDS = 60
LONGEST_AGENT = 200


class SessionRow(Model):
    id = AutoField()
    digest = TextField()
    kind = TextField()
    address = TextField()
    agent = TextField()
    created_at = FloatField()
    last_seen = FloatField()

    class Meta:
        table_name = "admin_sessions"


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the operator sees it. `kind` is `browser` or `program`; times in epoch seconds."""

    id: int
    kind: str
    address: str
    agent: str
    created_at: float
    last_seen: float

    @property
    def expires_at(self) -> float:
        return min(self.last_seen + IDLE_SECONDS, self.created_at + LONGEST_SECONDS)


class Sessions:
    """Thread-safe; no query unless the store has changed, or a token is not known here yet."""

    def __init__(self, store: Store, behind: WriteBehind, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._db = store.db
        self._behind = behind
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[int, float] = {}
        self._waiting: dict[int, float] = {}
        self._known = Cached(store, self._read)
        behind.add(self.flush)

    def open(self, kind: str, address: str, agent: str) -> str:
        """Begin a session; its token, which is not kept. Sessions that are over are deleted."""
        token, now = PREFIX + secrets.token_urlsafe(RANDOM_BYTES), self._clock()
        over = (SessionRow.last_seen < now - IDLE_SECONDS) | (SessionRow.created_at < now - LONGEST_SECONDS)
        with self._store.writing():
            SessionRow.delete().where(over).execute(self._db)
            SessionRow.insert(
                digest=_digest(token),
                kind=kind,
                address=address,
                agent=agent[:LONGEST_AGENT],
                created_at=now,
                last_seen=now,
            ).execute(self._db)
        return token

    def find(self, token: str) -> Session | None:
        """The session of this token, if it goes on; that it was used is written down once a minute."""
        if not is_token(token):
            return None
        digest = _digest(token)
        found = self._known.get().get(digest)
        if found is None or not self._goes_on(found):
            # It may have begun, or been used, in another process a moment ago.
            found = self._read(SessionRow.digest == digest).get(digest)
        if found is None or not self._goes_on(found):
            return None
        self._see(found)
        return found

    def list(self) -> list[Session]:
        """Those that go on, the last used first."""
        going_on = filter(self._goes_on, map(self._fresh, self._read().values()))
        return sorted(going_on, key=lambda session: session.last_seen, reverse=True)

    def end(self, session_id: int) -> bool:
        """Whether there was such a session to end."""
        return self._delete(SessionRow.id == session_id) > 0

    def end_others(self, session_id: int | None) -> int:
        """End all but one; how many those were."""
        return self._delete(SessionRow.id != session_id if session_id is not None else SessionRow.id > 0)

    def renew(self) -> None:
        """Look anew which sessions there are."""
        self._known.renew()

    def flush(self) -> None:
        """Write when sessions were last used. StoreError: what could not be written waits."""
        with self._lock:
            seen = dict(self._waiting)
        if not seen:
            return
        with self._store.writing(shared=False):
            for session_id, at in seen.items():
                SessionRow.update(last_seen=fn.MAX(SessionRow.last_seen, at)).where(
                    SessionRow.id == session_id
                ).execute(self._db)
        with self._lock:
            self._waiting = {one: at for one, at in self._waiting.items() if at != seen.get(one)}

    def _goes_on(self, session: Session) -> bool:
        return self._clock() < self._fresh(session).expires_at

    def _fresh(self, session: Session) -> Session:
        """With the use that is not written yet."""
        return replace(session, last_seen=max(session.last_seen, self._seen.get(session.id, 0.0)))

    def _see(self, session: Session) -> None:
        now = self._clock()
        with self._lock:
            if now - self._fresh(session).last_seen < SEEN_EVERY_SECONDS:
                return
            self._seen[session.id] = self._waiting[session.id] = now
        self._behind.wake()

    def _delete(self, which: Any) -> int:
        with self._store.writing():
            ended = int(SessionRow.delete().where(which).execute(self._db))
        self.renew()  # here at once; elsewhere when the store is seen moving
        return ended

    def _read(self, which: Any = None) -> dict[str, Session]:
        with self._store.reading():
            rows = SessionRow.select() if which is None else SessionRow.select().where(which)
            return {
                row.digest: Session(row.id, row.kind, row.address, row.agent, row.created_at, row.last_seen)
                for row in rows.execute(self._db)
            }


def is_token(text: str) -> bool:
    """Whether a text has the form of a session's token."""
    return len(text) == TOKEN_LENGTH and text.startswith(PREFIX)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
