"""Which model each key was last answered with."""

import threading

from peewee import IntegerField, Model, TextField

from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Cached, Store


class PreferenceRow(Model):
    key_id = IntegerField(primary_key=True)
    model = TextField()

    class Meta:
        table_name = "preferences"


class Preferences:
    """Thread-safe; no query unless the store has changed."""

    def __init__(self, store: Store, behind: WriteBehind) -> None:
        self._store = store
        self._behind = behind
        self._known = Cached(store, self._read)
        self._lock = threading.Lock()
        self._waiting: dict[int, str] = {}
        behind.add(self.flush)

    def of(self, key_id: int) -> str | None:
        """The model that a key was last answered with."""
        return self._waiting.get(key_id) or self._known.get().get(key_id)

    def keep(self, key_id: int, model: str) -> None:
        """Keep that a key was answered with a model; returns at once."""
        if self.of(key_id) == model:
            return
        with self._lock:
            self._waiting[key_id] = model
        self._behind.wake()

    def flush(self) -> None:
        """Write what was kept. StoreError: what could not be written waits for the next time."""
        with self._lock:
            rows = list(self._waiting.items())
        if not rows:
            return
        with self._store.writing():
            PreferenceRow.replace_many(rows, (PreferenceRow.key_id, PreferenceRow.model)).execute(
                self._store.db
            )
        self._known.renew()  # before it is forgotten here, lest the old shows through
        with self._lock:
            for key_id, model in rows:
                if self._waiting.get(key_id) == model:
                    del self._waiting[key_id]

    def _read(self) -> dict[int, str]:
        with self._store.reading():
            return {row.key_id: row.model for row in PreferenceRow.select().execute(self._store.db)}
