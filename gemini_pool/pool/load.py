"""How many answers are under way at this moment, over all processes of this machine.

Each process has a file of its own, which it keeps locked and writes its number into, in memory that all can
see. The system takes the lock of a process that dies away, and whoever looks next deletes its file.
"""

import fcntl
import logging
import mmap
import secrets
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

CELL = struct.Struct("II")  # answers under way, places for them
SUFFIX = ".load"


@dataclass(frozen=True, slots=True)
class LoadNow:
    """Answers under way, the places for them, and the processes that give them."""

    open: int = 0
    places: int = 0
    processes: int = 0


class Load:
    """This process's number, and everybody's. Not thread-safe: its owner's lock guards `tell`.

    A disk that refuses costs the number, never an answer.
    """

    def __init__(self, folder: Path, places: int) -> None:
        self._folder = folder
        self._places = places
        self._cell: mmap.mmap | None = None
        self._joined = False

    def tell(self, open_now: int) -> None:
        """This process has so many answers under way. The first time it joins the others."""
        cell = self._cell or self._join()
        if cell is not None:
            CELL.pack_into(cell, 0, open_now, self._places)

    def now(self) -> LoadNow:
        """What all processes have told that live."""
        told = list(self._told())
        return LoadNow(sum(one[0] for one in told), sum(one[1] for one in told), len(told))

    def close(self) -> None:
        """This process counts no more."""
        self._cell = None

    def _join(self) -> mmap.mmap | None:
        """This process's cell; None when there is none to be had, which is tried once."""
        if self._joined:
            return None
        self._joined = True
        new = self._folder / secrets.token_hex(8)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with new.open("x+b") as file:
                file.truncate(CELL.size)
                fcntl.flock(file, fcntl.LOCK_EX)
                self._cell = mmap.mmap(file.fileno(), CELL.size)  # holds the file open, and so locked
            new.rename(new.with_suffix(SUFFIX))  # not seen before it is locked
        except OSError:
            log.warning("the answers under way in this process cannot be counted", exc_info=True)
        return self._cell

    def _told(self) -> Iterator[tuple[int, int]]:
        for path in self._folder.glob(f"*{SUFFIX}"):
            with suppress(FileNotFoundError), path.open("rb") as file:  # somebody else deleted it
                if _is_held(file.fileno()):
                    yield CELL.unpack(file.read(CELL.size))
                else:
                    path.unlink()


def _is_held(file: int) -> bool:
    """Whether a process that lives has the file locked."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
