"""The files of a session: what users uploaded, and what the service made, which is never held whole."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

Origin = Literal["USER_UPLOADED", "AI_GENERATED"]

PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that the service makes; `smallest` is a whole one."""

    mime_type: str
    suffix: str
    smallest: bytes


@dataclass(frozen=True, slots=True)
class SimFile:
    """A file as it arrived; `size` in bytes, `sha256` in hex, `at` epoch seconds."""

    id: str
    name: str
    mime_type: str
    size: int
    sha256: str
    at: float
    origin: ClassVar[Origin] = "USER_UPLOADED"

    @property
    def tokens(self) -> int:
        """What the file costs a prompt that shows it."""
        return 1 + self.size // 4


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A picture or film: `size` bytes, those of the smallest of its kind and zeros after. `at` as above."""

    id: str
    name: str
    kind: Kind
    size: int
    at: float
    origin: ClassVar[Origin] = "AI_GENERATED"

    @property
    def mime_type(self) -> str:
        """The MIME type of its kind."""
        return self.kind.mime_type

    @property
    def tokens(self) -> int:
        """What the file costs a prompt that shows it: the same for every picture."""
        return 258

    def raw(self, length: int = PIECE) -> Iterator[bytes]:
        """The bytes, in pieces of this length."""
        for start in range(0, self.size, length):
            end = min(start + length, self.size)
            yield self.kind.smallest[start:end].ljust(end - start, b"\0")

    def in_base64(self) -> Iterator[bytes]:
        """The bytes as one text of base64, in pieces."""
        return map(base64.b64encode, self.raw(PIECE // 4 * 3))  # by threes: no padding before the end

    @property
    def base64_size(self) -> int:
        """The length of that text."""
        return -(-self.size // 3) * 4


HERE = Path(__file__).parent

PICTURE = Kind("image/png", "png", (HERE / "picture.png").read_bytes())
FILM = Kind("video/mp4", "mp4", (HERE / "film.mp4").read_bytes())
