"""The bytes of uploaded files: one file each in a folder, written as they come and never whole in memory."""

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

from gemini_pool.errors import NoSuchFile, StoreError, TooLarge
from gemini_pool.settings import MEGABYTE

PREFIX = "file-"
RANDOM_BYTES = 12
UNFINISHED = ".part"
# Longer than a sender may be silent (READ_TIMEOUT): then nobody writes to it any more.
UNFINISHED_SECONDS = 2 * 3600


class Incoming(FileIO):
    """A file that is being received, to be written from its beginning to its end. TooLarge, StoreError.

    `bytes` and `digest` (SHA-256 in hex) are those of what was written so far.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.id = f"{PREFIX}{secrets.token_hex(RANDOM_BYTES)}"
        self.path = folder / self.id
        self.part = folder / f"{self.id}{UNFINISHED}"
        self.bytes = 0
        self._most_bytes = most_bytes
        self._hash = hashlib.sha256()
        super().__init__(self.part, "x")

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: Any) -> int:
        """Write all of it."""
        rest = memoryview(data)
        written = len(rest)
        if self.bytes + written > self._most_bytes:
            raise _too_large(self._most_bytes)
        with _on_disk():
            while rest:
                rest = rest[super().write(rest) :]
        self._hash.update(data)
        self.bytes += written
        return written

    def keep(self) -> None:
        """From now on it lies under its id, also after a power cut."""
        with _on_disk():
            os.fsync(self.fileno())
            self.part.rename(self.path)
            _sync_names(self.path.parent)


class Depot:
    """A folder of files by their ids, none larger than `most_bytes`. Thread-safe, and so for processes."""

    def __init__(self, folder: Path, *, most_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self.most_bytes = most_bytes
        self._folder = folder
        self._clock = clock

    def check_size(self, size: int) -> None:
        """TooLarge when a file may not have so many bytes."""
        if size > self.most_bytes:
            raise _too_large(self.most_bytes)

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A new file to write to. In the end it is gone, unless it was kept."""
        with _on_disk():
            self._folder.mkdir(mode=0o700, exist_ok=True)
            file = Incoming(self._folder, self.most_bytes)
        try:
            with file:
                yield file
        finally:
            file.part.unlink(missing_ok=True)

    def path(self, file_id: str) -> Path:
        """Where the bytes are; the id must be one of ours."""
        return self._folder / file_id

    def open(self, file_id: str) -> BinaryIO:
        """The bytes, to be read and closed; NoSuchFile when they are gone."""
        try:
            with _on_disk():
                return self.path(file_id).open("rb")
        except FileNotFoundError:
            raise NoSuchFile(f"The bytes of {file_id} are gone. Delete it, and upload it again.") from None

    def delete(self, file_id: str) -> None:
        """Forget the bytes, if they are here."""
        with _on_disk():
            self.path(file_id).unlink(missing_ok=True)

    def prune(self, before: float) -> int:
        """Delete what was written before a moment (epoch seconds), and what nobody will finish; how many."""
        deleted = 0
        for path in self._folder.glob(f"{PREFIX}*"):
            abandoned = path.suffix == UNFINISHED
            end = self._clock() - UNFINISHED_SECONDS if abandoned else before
            with suppress(FileNotFoundError), _on_disk():  # somebody was faster
                if path.stat().st_mtime < end:
                    path.unlink()
                    deleted += 1
        return deleted


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"The file is over the limit of {most_bytes // MEGABYTE} MB (MAX_FILE_MB).", param="file")


@contextmanager
def _on_disk() -> Iterator[None]:
    """StoreError for what the disk refuses; a file that is not there is the caller's to judge."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(
            f"The folder of uploaded files (in DATA_DIR) cannot be used: {error.strerror}"
        ) from error


def _sync_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
