"""Tokens with which other instances bring us new cookies, and can do nothing else; shown once, kept hashed.

A token has 192 random bits, so that a plain SHA-256 keeps it safe.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from peewee import AutoField, FloatField, Model, TextField

from gemini_pool.store.db import Store

PREFIX = "gp-sync-"
RANDOM_BYTES = 24
SHOWN_CHARACTERS = len(PREFIX) + 4


class TokenRow(Model):
    id = AutoField()
    name = TextField()
    prefix = TextField()
    digest = TextField()
    created_at = FloatField()
    last_used_at = FloatField(null=True)

    class Meta:
        table_name = "sync_tokens"


@dataclass(frozen=True, slots=True)
class SyncToken:
    """A token as the operator sees it; times in epoch seconds."""

    id: int
    name: str
    prefix: str
    created_at: float
    last_used_at: float | None


class SyncTokens:
    """The tokens of this instance."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def create(self, name: str) -> tuple[int, str]:
        """A new token's id and its text: the only time that it is seen."""
        text = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        row = {
            "name": name,
            "prefix": text[:SHOWN_CHARACTERS],
            "digest": _digest(text),
            "created_at": self._clock(),
        }
        with self._store.writing(shared=False):
            return int(TokenRow.insert(row).execute(self._store.db)), text

    def used(self, text: str) -> SyncToken | None:
        """The token with this text, which is in use now; None unless there is one."""
        if not text.startswith(PREFIX):
            return None
        mine = TokenRow.digest == _digest(text)
        with self._store.reading():
            rows = list(TokenRow.select().where(mine).execute(self._store.db))
        if rows:
            with self._store.writing(shared=False):
                TokenRow.update(last_used_at=self._clock()).where(mine).execute(self._store.db)
        return _token(rows[0]) if rows else None

    def list(self) -> list[SyncToken]:
        """All tokens, by id."""
        with self._store.reading():
            return [_token(row) for row in TokenRow.select().order_by(TokenRow.id).execute(self._store.db)]

    def revoke(self, token_id: int) -> str | None:
        """The name of the token that nobody can use any more; None when there was none."""
        with self._store.writing(shared=False):
            rows = list(TokenRow.select().where(TokenRow.id == token_id).execute(self._store.db))
            TokenRow.delete().where(TokenRow.id == token_id).execute(self._store.db)
        return rows[0].name if rows else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _token(row: TokenRow) -> SyncToken:
    return SyncToken(row.id, row.name, row.prefix, row.created_at, row.last_used_at)
