"""Which process runs the background jobs: the one that holds the lock file."""

import fcntl
import os
import re
import time
from contextlib import suppress
from pathlib import Path

LOCK_FILE = "jobs.lock"


class Leader:
    """One process's claim to lead. The lock goes with the process, however that ends.

    The file says who leads, for people who look: the process id, and since when. Only the lock decides.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None  # a bare descriptor: an object would unlock when it is collected

    def try_lead(self) -> bool:
        """Whether this process leads, from now or already. OSError when the file cannot be used."""
        if self._held is None:
            self._held = self._lock()
        return self._held is not None

    def resign(self) -> None:
        """Let another process lead; nothing for one that does not."""
        if self._held is not None:
            held, self._held = self._held, None
            with suppress(OSError):
                os.ftruncate(held, 0)
            os.close(held)

    def leading(self) -> int | None:
        """The id of the process that leads, be it this one or another; None when nobody does."""
        if self._held is not None:
            return os.getpid()
        try:
            file = os.open(self._path, os.O_RDONLY)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # those who only look do not hinder each other
            return None
        except OSError:
            named = re.match(rb"pid (\d+) ", os.read(file, 64))
            return int(named[1]) if named else 0
        finally:
            os.close(file)

    def _lock(self) -> int | None:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            if not isinstance(error, BlockingIOError):
                raise
            return None
        with suppress(OSError):  # the lock is what counts: on a full disk the sweep is needed most
            os.ftruncate(file, 0)
            os.write(file, _introduction().encode())
        return file


def _introduction() -> str:
    return f"pid {os.getpid()} since {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n"
