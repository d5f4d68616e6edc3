"""API keys: shown once, kept as a hash, found without a query.

A key has 192 random bits, so that a plain SHA-256 keeps it safe and costs the request half a
microsecond.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Unpack

from peewee import AutoField, BooleanField, FloatField, IntegerField, Model, ModelSelect, TextField

from gemini_pool.store.db import Cached, Store
from gemini_pool.store.key_windows import KeyWindowRow
from gemini_pool.store.limits import NO_LIMITS, KeyChanges, KeyFields, KeyLimits, columns_of, limits_of
from gemini_pool.store.preferences import PreferenceRow

PREFIX = "sk-gp-"
RANDOM_BYTES = 24
SHOWN_CHARACTERS = len(PREFIX) + 4


class KeyRow(Model):
    id = AutoField()
    name = TextField()
    prefix = TextField()
    digest = TextField()
    active = BooleanField()
    upgrade = BooleanField(default=False)
    created_at = FloatField()
    description = TextField(default="")
    expires_at = FloatField(null=True)
    image_format = TextField(default="")
    models = TextField(default="[]")
    networks = TextField(default="[]")
    per_minute = IntegerField(default=0)
    per_day = IntegerField(default=0)
    concurrent = IntegerField(default=0)
    tokens_per_day = IntegerField(default=0)
    usage_count = IntegerField(default=0)
    last_used_at = FloatField(null=True)

    class Meta:
        table_name = "keys"


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the pool knows it. `id` is None for a key of the environment.

    No two keys share a `scope`; what belongs to one caller alone is kept under it. `upgrade` has the key
    answered by better models than it asks for, `image_format` says how it is shown pictures where a request
    does not. After `expires_at` (epoch seconds) nobody may use it.
    """

    id: int | None
    name: str
    scope: str = ""
    upgrade: bool = False
    image_format: str = ""
    expires_at: float | None = None
    limits: KeyLimits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class KeyListing:
    """A key as the operator sees it; times in epoch seconds. `usage_count` are the calls that the service
    answered or refused."""

    id: int
    name: str
    prefix: str
    active: bool
    created_at: float
    upgrade: bool
    description: str
    expires_at: float | None
    image_format: str
    usage_count: int
    last_used_at: float | None
    limits: KeyLimits

    def expired(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now


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
        """The key with this text, unless it was revoked; no query unless the store has changed."""
        return self._known.get().get(_digest(key))

    def create(self, name: str, **fields: Unpack[KeyFields]) -> tuple[int, str]:
        """A new key's id and its text: the only time that it is seen. BadRequest."""
        text = new_key()
        row = {
            **columns_of({"name": name, **fields}),
            "prefix": text[:SHOWN_CHARACTERS],
            "digest": _digest(text),
            "active": True,
            "created_at": self._clock(),
        }
        with self._store.writing():
            key_id = KeyRow.insert(row).execute(self._db)
        return key_id, text

    def change(self, key_id: int, **fields: Unpack[KeyChanges]) -> bool:
        """Change what is named and leave the rest. False when there is no such key; BadRequest."""
        columns = columns_of(fields)
        return self._update(key_id, **columns) if columns else self.get(key_id) is not None

    def revoke(self, key_id: int) -> bool:
        """Whether there was such a key to revoke."""
        return self._update(key_id, active=False)

    def delete(self, key_id: int) -> bool:
        """Forget a key, but not its calls; its id is never used again. Whether there was such a key."""
        with self._store.writing():
            for kept in (KeyWindowRow, PreferenceRow):
                kept.delete().where(kept.key_id == key_id).execute(self._db)
            return bool(KeyRow.delete().where(KeyRow.id == key_id).execute(self._db))

    def get(self, key_id: int) -> KeyListing | None:
        """One key as the operator sees it."""
        return next(iter(self._listings(KeyRow.select().where(KeyRow.id == key_id))), None)

    def list(self) -> list[KeyListing]:
        return list(self._listings(KeyRow.select().order_by(KeyRow.id)))

    def _update(self, key_id: int, **columns: object) -> bool:
        with self._store.writing():
            return bool(KeyRow.update(columns).where(KeyRow.id == key_id).execute(self._db))

    def _listings(self, rows: "ModelSelect[KeyRow]") -> tuple[KeyListing, ...]:
        with self._store.reading():
            return tuple(map(_listing, rows.execute(self._db)))

    def _read(self) -> dict[str, Key]:
        with self._store.reading():
            rows = KeyRow.select().where(KeyRow.active).execute(self._db)
            return {row.digest: _key(row) for row in rows} | self._fixed


def new_key() -> str:
    """A key's text that nobody can guess; not yet one that is accepted."""
    return PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _key(row: KeyRow) -> Key:
    return Key(
        row.id, row.name, row.digest, row.upgrade, row.image_format, row.expires_at, limits_of(row.__data__)
    )


def _listing(row: KeyRow) -> KeyListing:
    columns = row.__data__
    shown = (name for name in KeyListing.__slots__ if name != "limits")
    return KeyListing(**{name: columns[name] for name in shown}, limits=limits_of(columns))
