"""The shelf: pictures and films that the service made, as files with names that nobody can guess.

A name is all that guards a file, so it is never told to anybody but the caller it was made for.
"""

import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gemini_pool.media.unwrap import HEAD, IMAGE, KINDS, VIDEO, Kind, NotMedia, Unwrap, recognised

__all__ = ["NotMedia", "Shelf", "Shelved", "Slip"]

PIECE = 64 * 1024
NAME_BYTES = 24  # 192 random bits, which are 32 characters
TEMPORARY_SECONDS = 3600  # nothing is written to an unfinished file for so long unless its process has died

BY_PLACE = {(kind.folder, kind.suffix): kind for kind in KINDS}
NAME = re.compile(r"[A-Za-z0-9_-]{32}\.([a-z0-9]+)")
TEMPORARY = re.compile(rf"\.{NAME.pattern}\.part")

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Shelved:
    """A file on the shelf; `size` in bytes, `made_at` in epoch seconds."""

    folder: str  # "image" or "video"
    name: str
    mime_type: str
    size: int
    path: Path
    made_at: float


class Shelf:
    """The folders `image` and `video` below a root, which are made when the first file comes."""

    def __init__(self, root: Path, clock: Clock = time.time) -> None:
        self._root = root
        self._clock = clock

    def new(self) -> "Slip":
        """A place for one more file; a context manager."""
        return Slip(self._root)

    def find(self, folder: str, name: str) -> Shelved | None:
        """The file of this name, if it is one that the shelf gave and the file is still there."""
        form = NAME.fullmatch(name)
        kind = BY_PLACE.get((folder, form[1])) if form else None
        return _shelved(self._root / folder / name, kind) if kind else None

    def delete(self, folder: str, name: str) -> None:
        """Take a file off the shelf, if it is there."""
        if file := self.find(folder, name):
            _unlink(file.path)

    def prune(self, *, images_seconds: float, videos_seconds: float, most_bytes: int) -> int:
        """Delete what is older than its kind is kept, then the oldest until the rest fits; how many files.

        Negative seconds keep for ever, as long as it fits. Unfinished files whose writer died go as well.
        """
        now = self._clock()
        lives = {IMAGE: images_seconds, VIDEO: videos_seconds}
        removed, kept = 0, []
        for file in self._files():
            if 0 <= lives[file.folder] < now - file.made_at:
                removed += _unlink(file.path)
            else:
                kept.append(file)
        excess = sum(file.size for file in kept) - most_bytes
        for file in sorted(kept, key=lambda file: file.made_at):
            if excess <= 0:
                break
            removed += _unlink(file.path)
            excess -= file.size
        return removed + sum(_unlink(path) for path in self._leftovers(now - TEMPORARY_SECONDS))

    def _files(self) -> Iterator[Shelved]:
        for path in self._entries():
            if file := self.find(path.parent.name, path.name):
                yield file

    def _leftovers(self, before: float) -> Iterator[Path]:
        for path in self._entries():
            if TEMPORARY.fullmatch(path.name) and (file := _regular(path)) and file.st_mtime < before:
                yield path

    def _entries(self) -> Iterator[Path]:
        for folder in (self._root / IMAGE, self._root / VIDEO):
            if folder.is_dir():
                yield from folder.iterdir()


class Slip:
    """One file that is being made. Unless it is kept, nothing of it stays.

    Not for several threads. OSError when the disk refuses.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._head = b""
        self._file: _Unfinished | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.abandon()

    def write(self, piece: bytes) -> None:
        """Take in the next piece of the body, of any size. NotMedia as soon as it shows."""
        if self._file:
            self._file.write(piece)
            return
        self._head += piece
        if len(self._head) >= HEAD:
            self._begin()

    def keep(self) -> Shelved:
        """The body is complete: put the file on the shelf. NotMedia, and nothing stays."""
        return (self._file or self._begin()).finish()

    def _begin(self) -> "_Unfinished":
        kind, unwrap = recognised(self._head)
        self._file = _Unfinished(self._root / kind.folder, kind, unwrap)
        self._file.write(self._head)
        return self._file


class _Unfinished:
    """A file under a temporary name, beside its final place, since a rename cannot leave a disk."""

    def __init__(self, folder: Path, kind: Kind, unwrap: Unwrap) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._kind = kind
        self._unwrap = unwrap
        self._path = folder / f"{secrets.token_urlsafe(NAME_BYTES)}.{kind.suffix}"
        self._temporary = folder / f".{self._path.name}.part"
        self._file = self._temporary.open("xb", buffering=PIECE)

    def write(self, piece: bytes) -> None:
        self._file.write(self._unwrap.feed(piece))

    def finish(self) -> Shelved:
        self._file.write(self._unwrap.end())
        self._file.close()
        self._temporary.rename(self._path)
        file = _shelved(self._path, self._kind)
        if file is None:
            raise FileNotFoundError(f"{self._path} went as soon as it was there; look who else cleans up")
        return file

    def abandon(self) -> None:
        """Nothing when it is finished."""
        with suppress(OSError):  # what could not be written is not wanted any more
            self._file.close()
        self._temporary.unlink(missing_ok=True)


def _shelved(path: Path, kind: Kind) -> Shelved | None:
    found = _regular(path)
    if found is None:
        return None
    return Shelved(kind.folder, path.name, kind.mime_type, found.st_size, path, found.st_mtime)


def _regular(path: Path) -> os.stat_result | None:
    """How a file is; nothing when it is not there, or not a plain file."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _unlink(path: Path) -> bool:
    """Delete a file; false when it had gone already."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
