"""How many requests an account has open at once, counted over all processes of this machine.

A slot is one byte of a file, locked for as long as the request lasts. The system takes the locks of a
process that dies away, so that a killed worker leaves no account half full.
"""

import fcntl
import os
from collections import defaultdict
from pathlib import Path

from gemini_pool.errors import StoreError

ROOM = 1024  # bytes an account has in the file: more than the setting may allow


class Slots:
    """`limit` slots for each account; 0: no bound. Not thread-safe: its owner's lock guards it."""

    def __init__(self, path: Path, limit: int) -> None:
        self._limit = limit
        self._path = path
        self._file: int | None = None
        self._mine: dict[int, set[int]] = defaultdict(set)

    def take(self, account_id: int) -> int | None:
        """A free slot of the account; None when all are taken. Never waits. StoreError."""
        if not self._limit:
            return 0
        mine = self._mine[account_id]
        for slot in range(self._limit):
            if slot not in mine and self._locked(account_id * ROOM + slot):
                mine.add(slot)
                return slot
        return None

    def free(self, account_id: int, slot: int) -> None:
        if self._limit:
            self._mine[account_id].discard(slot)
            fcntl.lockf(self._fd(), fcntl.LOCK_UN, 1, account_id * ROOM + slot)

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
