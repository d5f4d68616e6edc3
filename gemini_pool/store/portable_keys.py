"""API keys on the way from one instance to another: by their hash they go on working there."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gemini_pool.store.db import Store
from gemini_pool.store.keys import SHOWN_CHARACTERS, KeyRow
from gemini_pool.store.limits import limits_of

# What a file holds of a key.
FIELDS = (
    KeyRow.name,
    KeyRow.prefix,
    KeyRow.digest,
    KeyRow.active,
    KeyRow.upgrade,
    KeyRow.created_at,
    KeyRow.description,
    KeyRow.expires_at,
    KeyRow.image_format,
    KeyRow.models,
    KeyRow.networks,
    KeyRow.per_minute,
    KeyRow.per_day,
    KeyRow.concurrent,
    KeyRow.tokens_per_day,
    KeyRow.usage_count,
    KeyRow.last_used_at,
)
TEXTS = ("description", "image_format")
MOMENTS = ("expires_at", "last_used_at", "created_at")
NUMBERS = ("per_minute", "per_day", "concurrent", "tokens_per_day", "usage_count")
NO_LIMITS = MappingProxyType({"models": "[]", "networks": "[]", **dict.fromkeys(NUMBERS, 0)})
DIGEST = re.compile(r"[0-9a-f]{64}")


class PortableKeys:
    """The keys of a store, for a file."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def exported(self) -> list[dict[str, Any]]:
        """The keys with their hashes, and without their texts, which nobody has."""
        with self._store.reading():
            rows = KeyRow.select(*FIELDS).order_by(KeyRow.id).dicts().execute(self._store.db)
            return [dict(row) for row in rows]

    def take_over(self, keys: Sequence[Mapping[str, Any]]) -> int:
        """Add the keys that are not there; how many those were. What cannot be read is passed over."""
        wanted = {row["digest"]: row for row in map(_row, keys) if row}
        with self._store.writing():
            for (digest,) in list(KeyRow.select(KeyRow.digest).tuples().execute(self._store.db)):
                wanted.pop(digest, None)
            for row in wanted.values():
                KeyRow.insert({"created_at": self._clock(), **row}).execute(self._store.db)
        return len(wanted)


def _row(key: Mapping[str, Any]) -> dict[str, Any] | None:
    """The row of a key from a file; None for what is none. An older program's names are taken as well."""
    digest, name = key.get("digest", key.get("key_hash")), key.get("name")
    if not (isinstance(name, str) and isinstance(digest, str) and DIGEST.fullmatch(digest)):
        return None
    row = {field.name: key[field.name] for field in FIELDS if key.get(field.name) is not None}
    row["digest"] = digest
    row["prefix"] = str(key.get("prefix", ""))[:SHOWN_CHARACTERS]
    row["active"] = key.get("active", key.get("is_active", True)) is True
    row["upgrade"] = key.get("upgrade") is True
    return row if _is_sound(row) else None


def _is_sound(row: Mapping[str, Any]) -> bool:
    whole = {**NO_LIMITS, **row}
    if not all(isinstance(whole[name], int) and 0 <= whole[name] < 2**53 for name in NUMBERS):
        return False
    if not all(isinstance(row.get(name, ""), str) for name in TEXTS):
        return False
    if not all(isinstance(row.get(name, 0.0), int | float) for name in MOMENTS):
        return False
    try:
        limits_of(whole)
    except (ValueError, TypeError):
        return False
    return True
