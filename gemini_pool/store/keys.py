"""API keys: shown once, kept as a hash, found without a query.

A key has 192 random bits, so that a plain SHA-256 keeps it safe and costs the request half a
microsecond.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from peewee import AutoField, BooleanField, FloatField, Model, TextField

from gemini_pool.store.db import Cached, Store

PREFIX = "sk-gp-"
RANDOM_BYTES = 24
SHOWN_CHARACTERS = len(PREFIX) + 4


class KeyRow(Model):
    id = AutoField()
    name = TextField()
    prefix = TextField()
    digest = TextField()
    active = BooleanField()
    upgrade = BooleanField()
    created_at = FloatField()

    class Meta:
        table_name = "keys"


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the pool knows it. `id` is None for a key of the environment.

    No two keys share a `scope`; what belongs to one caller alone is kept under it. `upgrade` has the key
    answered by better models than it asks for.
    """

    id: int | None
    name: str
    scope: str = ""
    upgrade: bool = False


@dataclass(frozen=True, slots=True)
class KeyListing:
    """A key as the operator sees it; `created_at` in epoch seconds."""

    id: int
    name: str
    prefix: str
    active: bool
    created_at: float
    upgrade: bool


class Keys:
    """Who may call. Keys of the environment are accepted besides those of the store."""

    def __init__(
        self, store: Store, from_environment: Iterable[str], clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._db = store.db
        self._clock = clock
        digests = map(_digest, from_environment)
        self._fixed = {digest: Key(None, "API_KEY", digest) for digest in digests}
        self._known = Cached(store, self._read)

    def find(self, key: str) -> Key | None:
        """The key with this text, if it may be used; no query unless the store has changed."""
        return self._known.get().get(_digest(key))

    def create(self, name: str) -> str:
        """A new key's text: the only time that it is seen."""
        text = new_key()
        with self._store.writing():
            KeyRow.insert(
                name=name,
                prefix=text[:SHOWN_CHARACTERS],
                digest=_digest(text),
                active=True,
                upgrade=False,
                created_at=self._clock(),
            ).execute(self._db)
        return text

    def revoke(self, key_id: int) -> bool:
        """Whether there was such a key to revoke."""
        with self._store.writing():
            changed = KeyRow.update(active=False).where(KeyRow.id == key_id).execute(self._db)
        return bool(changed)

    def switch_upgrade(self, key_id: int, on: bool) -> bool:
        """Have a key answered by better models, or by those it asks for. False when there is no such key."""
        with self._store.writing():
            changed = KeyRow.update(upgrade=on).where(KeyRow.id == key_id).execute(self._db)
        return bool(changed)

    def list(self) -> list[KeyListing]:
        with self._store.reading():
            rows = KeyRow.select().order_by(KeyRow.id).execute(self._db)
            return [KeyListing(r.id, r.name, r.prefix, r.active, r.created_at, r.upgrade) for r in rows]

    def _read(self) -> dict[str, Key]:
        with self._store.reading():
            rows = KeyRow.select().where(KeyRow.active).execute(self._db)
            known = {row.digest: Key(row.id, row.name, row.digest, row.upgrade) for row in rows}
        return known | self._fixed


def new_key() -> str:
    """A key's text that nobody can guess; not yet one that is accepted."""
    return PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
