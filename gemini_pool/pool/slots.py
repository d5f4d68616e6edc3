"""How much somebody has open at once, counted over all processes of this machine.

A slot is one byte of a file, locked for as long as the request lasts. The system takes the locks of a
process that dies away, so that a killed worker leaves nobody half full.
"""

import fcntl
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from gemini_pool.errors import StoreError

ROOM = 1024  # bytes an owner has in the file: more than any limit may be
UNBOUNDED = -1  # the slot of who has no limit
# Who has an answer whole may ask again before its slot is free.
GRACE_SECONDS = 0.05
LOOKS = 10


class Slots:
    """Slots for each owner, an account or a key. Not thread-safe: its user's lock guards it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._mine: dict[int, set[int]] = defaultdict(set)

    def take(self, owner_id: int, limit: int) -> int | None:
        """A free one of the owner's `limit` slots (0: no bound); None when all are taken. Never waits.
        StoreError."""
        if not limit:
            return UNBOUNDED
        mine = self._mine[owner_id]
        for slot in range(limit):
            if slot not in mine and self._locked(owner_id * ROOM + slot):
                mine.add(slot)
                return slot
        return None

    def free(self, owner_id: int, slot: int) -> None:
        if slot != UNBOUNDED:
            self._mine[owner_id].discard(slot)
            fcntl.lockf(self._fd(), fcntl.LOCK_UN, 1, owner_id * ROOM + slot)

    def _locked(self, at: int) -> bool:
        try:
            fcntl.lockf(self._fd(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, at)
        except BlockingIOError:
            return False
        except OSError as error:
            raise StoreError(f"The file of the slots (in DATA_DIR) cannot be used: {error}") from error
        return True

    def _fd(self) -> int:
        """Opened by the process that uses it, and never closed: closing would give all slots away."""
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._file


class KeySlots:
    """The slots of keys. Thread-safe."""

    def __init__(self, path: Path, pause: Callable[[float], None] = time.sleep) -> None:
        self._slots = Slots(path)
        self._pause = pause
        self._lock = threading.Lock()

    def take(self, key_id: int, limit: int) -> int | None:
        """As Slots.take, but for a moment of grace."""
        for look in range(LOOKS + 1):
            if look:
                self._pause(GRACE_SECONDS / LOOKS)
            with self._lock:
                slot = self._slots.take(key_id, limit)
            if slot is not None:
                return slot
        return None

    def free(self, key_id: int, slot: int) -> None:
        with self._lock:
            self._slots.free(key_id, slot)
