"""Copies of the whole database, made before anything is taken over; the newest are kept."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gemini_pool.errors import StoreError
from gemini_pool.store.db import Store

FOLDER = "backups"
KEPT = 10


class Backups:
    """The folder of backups under DATA_DIR. Secrets are sealed in them: the encryption key is not there."""

    def __init__(self, store: Store, data_path: Path, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._folder = data_path / FOLDER
        self._clock = clock

    def make(self) -> Path:
        """A new backup, of the store as it is now; the oldest beyond ten go. StoreError."""
        moment = datetime.fromtimestamp(self._clock(), UTC)
        path = self._folder / f"gemini_pool-{moment:%Y%m%dT%H%M%S.%fZ}.db"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.write(path)
            for old in sorted(self._folder.glob("gemini_pool-*.db"))[:-KEPT]:
                old.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"The folder of backups cannot be used: {error}") from error
        return path

    def listed(self) -> list[tuple[str, int, float]]:
        """Name, size in bytes and time (epoch seconds) of those that are kept, the newest first."""
        found = [
            (path.name, path.stat()) for path in sorted(self._folder.glob("gemini_pool-*.db"), reverse=True)
        ]
        return [(name, known.st_size, known.st_mtime) for name, known in found]

    def write(self, path: Path) -> None:
        """A backup in a file of one's own choice, which only its owner can read."""
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        try:
            self._store.copy_to(fresh)
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
