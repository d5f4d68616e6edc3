"""The files of a call, brought to our disk: decoded, fetched or found, and told what they are.

They lie there until the call ends. Of files that are fetched several come at once.
"""

import base64
import binascii
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from gemini_pool.dialogue import Attachment, FileSource, Role, Turn
from gemini_pool.errors import BadRequest, TooLarge
from gemini_pool.media.fetch import Fetched, Fetcher
from gemini_pool.media.kinds import kind_of, suffix_for
from gemini_pool.media.shelf import Shelf
from gemini_pool.settings import MEGABYTE

MOST_FILES = 64
AT_ONCE = 4
MOST_DIGESTS = 1024
HEAD_BYTES = 4096
PIECE_CHARACTERS = 64 * 1024  # divides by four
# Our own links, wherever the service was reached: names on the shelf cannot be guessed.
OWN_LINK = re.compile(r"/(image|video)/([\w.-]{16,})")

# The file that a caller uploaded before, with nothing but its place told; raises for one that is not his.
Uploaded = Callable[[FileSource], Attachment]


@dataclass(slots=True)
class Gathered:
    """Turns with their files. Whoever has it closes it."""

    turns: tuple[Turn, ...]
    _files: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        self._files.close()


NONE_CAME: Mapping[str, Attachment] = MappingProxyType({})


class Gather(Protocol):
    """The turns with the files that each names, of which those that were uploaded must be of this scope;
    `came` are those, by id, that came with the request itself. Whoever has them closes them; BadRequest,
    TooLarge or NoSuchFile."""

    def __call__(
        self,
        turns: Sequence[Turn],
        sources: Sequence[Sequence[FileSource]],
        scope: str,
        came: Mapping[str, Attachment] = NONE_CAME,
    ) -> Gathered: ...


class Intake:
    """Thread-safe. `folder` is where files lie meanwhile; one may have `most_bytes`."""

    def __init__(self, folder: Path, fetcher: Fetcher, shelf: Shelf, *, most_bytes: int) -> None:
        self._folder = folder
        self._fetcher = fetcher
        self._shelf = shelf
        self._most_bytes = most_bytes
        # What a name on the shelf names never changes, and a conversation shows it again with every turn.
        self._digest = lru_cache(MOST_DIGESTS)(_digest_of)

    def gather(
        self, turns: Sequence[Turn], sources: Sequence[Sequence[FileSource]], uploaded: Uploaded
    ) -> Gathered:
        """The turns with the files that each names, and with pictures that an answer of ours shows.

        Raises BadRequest or TooLarge, by the field of the request.
        """
        wanted = [source for of_turn in sources for source in of_turn]
        if len(wanted) > MOST_FILES:
            raise BadRequest(f"A request may name up to {MOST_FILES} files; these are {len(wanted)}.")
        with ExitStack() as on_failure:
            found = dict(zip(wanted, self._all(wanted, uploaded, on_failure), strict=True))
            files = [tuple(found[source] for source in of_turn) for of_turn in sources]
            whole = tuple(
                replace(turn, files=all_files) if (all_files := (*own, *self._shown(turn))) else turn
                for turn, own in zip(turns, files or ((),) * len(turns), strict=True)
            )
            return Gathered(whole, on_failure.pop_all())

    def _all(self, wanted: list[FileSource], uploaded: Uploaded, stack: ExitStack) -> Iterable[Attachment]:
        if not wanted:
            return []
        self._folder.mkdir(parents=True, exist_ok=True)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self._folder)))

        def brought(number: int, source: FileSource) -> Attachment:
            return self._brought(source, folder / str(number), uploaded)

        if sum(bool(source.url) for source in wanted) < 2:
            return [brought(number, source) for number, source in enumerate(wanted)]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="intake") as threads:
            return list(threads.map(brought, range(len(wanted)), wanted))

    def _brought(self, source: FileSource, into: Path, uploaded: Uploaded) -> Attachment:
        if source.file_id:
            return _described(uploaded(source), source)
        own = self._own(source.url)
        if own:
            return own
        fetched = (
            self._fetcher.fetch(source.url, into, source.param) if source.url else self._decoded(source, into)
        )
        name, mime_type = source.name or fetched.name, source.mime_type or fetched.mime_type
        return _described(Attachment(name, mime_type, into, fetched.size, fetched.digest), source)

    def _decoded(self, source: FileSource, into: Path) -> Fetched:
        """The bytes of a file that came in base64, of either alphabet."""
        data = "".join(source.data.split()).translate(_STANDARD).rstrip("=")
        if len(data) * 3 // 4 > self._most_bytes:
            most = f"{self._most_bytes // MEGABYTE} MB (MAX_FILE_MB)"
            raise TooLarge(f"The file in `{source.param}` is over the limit of {most}.", param=source.param)
        digest, size = hashlib.sha256(), 0
        with into.open("wb") as file:
            for at in range(0, len(data), PIECE_CHARACTERS):
                piece = _bytes_of(data[at : at + PIECE_CHARACTERS], source.param)
                digest.update(piece)
                size += file.write(piece)
        return Fetched("", "", size, digest.hexdigest())

    def _shown(self, turn: Turn) -> tuple[Attachment, ...]:
        """The pictures that an answer of ours shows, so that another session can go on with them."""
        if turn.role is not Role.ASSISTANT or "/image/" not in turn.text:
            return ()
        links = (match.group() for match in OWN_LINK.finditer(turn.text))
        return tuple(file for link in dict.fromkeys(links) if (file := self._own(link)))

    def _own(self, url: str) -> Attachment | None:
        link = OWN_LINK.search(url)
        file = self._shelf.find(link[1], link[2]) if link else None
        if file is None:
            return None
        return Attachment(file.name, file.mime_type, file.path, file.size, self._digest(file.path))


def _digest_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


_STANDARD = str.maketrans("-_", "+/")


def _bytes_of(data: str, param: str) -> bytes:
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"The data in `{param}` is not base64.", param=param) from None


def _described(file: Attachment, source: FileSource) -> Attachment:
    """The same file with what it is, by its own bytes first; BadRequest for what nobody can tell."""
    if not file.size:
        raise BadRequest(f"The file in `{source.param}` is empty.", param=source.param)
    with file.path.open("rb") as content:
        head = content.read(HEAD_BYTES)
    kind = kind_of(head, file.mime_type, file.name)
    if kind is None:
        raise BadRequest(
            f"What the file in `{source.param}` is cannot be told. Declare its type, or give it a name.",
            param=source.param,
        )
    name = file.name or f"file-{file.digest[:8]}{suffix_for(kind.mime_type)}"
    return replace(file, name=name, mime_type=kind.mime_type, advice=kind.advice)
