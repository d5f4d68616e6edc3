"""What a browser keeps: styles, scripts, icons and Bootstrap, each at an address that names its bytes.

One digest stands for the whole folder and is a folder of the address itself. So a script may import its
neighbour by a relative name, and both change their address when either changes.
"""

import gzip
import mimetypes
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import flask_bootstrap
import orjson
from babel.messages.pofile import read_po
from flask import Response, abort, request

from gemini_pool.web.console.icons import ICONS

BOOTSTRAP = Path(flask_bootstrap.__file__).parent / "static" / flask_bootstrap.Bootstrap5.static_folder
SCRIPTS = "static/js/"
FOREVER = "public, max-age=31536000, immutable"
_SYMBOL = re.compile(r'<symbol[^>]* id="([\w-]+)".*?</symbol>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    body: bytes
    packed: bytes
    mime_type: str


class Assets:
    """The files of a folder, the icons, the words of the scripts; all read when the first is asked for."""

    def __init__(self, folder: Path, catalogs: Mapping[str, Path]) -> None:
        """`catalogs`: by language, the messages (.po) that hold what the scripts say."""
        self._folder = folder
        self._catalogs = catalogs

    @cached_property
    def files(self) -> Mapping[str, Asset]:
        """Every asset by its name below /static/<version>/."""
        return {name: Asset(body, gzip.compress(body, mtime=0), _type(name)) for name, body in self._read()}

    @cached_property
    def version(self) -> str:
        digest = sha256()
        for name, asset in sorted(self.files.items()):
            digest.update(name.encode() + b"\0" + asset.body)
        return digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """The address of a file, `console.css` say; KeyError when there is none of that name."""
        if name not in self.files:
            raise KeyError(f"static/ has no {name}")
        return f"/static/{self.version}/{name}"

    def send(self, version: str, name: str) -> Response:
        """GET /static/<version>/<name>."""
        asset = self.files.get(name)
        if asset is None:
            abort(404)
        packed = request.accept_encodings.quality("gzip") > 0
        response = Response(asset.packed if packed else asset.body, content_type=asset.mime_type)
        if packed:
            response.headers["content-encoding"] = "gzip"
        response.headers["vary"] = "accept-encoding"
        # While a release is rolled out, a page of one worker may ask another for files it has not.
        response.headers["cache-control"] = FOREVER if version == self.version else "no-cache"
        response.headers["x-content-type-options"] = "nosniff"
        return response

    def _read(self) -> Iterator[tuple[str, bytes]]:
        for path in sorted(self._folder.rglob("*")):
            if path.is_file():
                yield path.relative_to(self._folder).as_posix(), path.read_bytes()
        yield "bootstrap.css", _without_map((BOOTSTRAP / "css" / "bootstrap.min.css").read_bytes())
        yield "icons.svg", _sprite((BOOTSTRAP / "icons" / "bootstrap-icons.svg").read_text(encoding="utf-8"))
        for language, path in self._catalogs.items():
            yield f"words.{language}.js", _words(path)


def _type(name: str) -> str:
    found = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found


def _without_map(css: bytes) -> bytes:
    """The map of its sources is for who works on Bootstrap."""
    return css.rpartition(b"/*# sourceMappingURL=")[0]


def _sprite(all_icons: str) -> bytes:
    """The icons that are used, out of two thousand."""
    found = {match[1]: match[0] for match in _SYMBOL.finditer(all_icons)}
    chosen = "".join(found[name] for name in ICONS)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{chosen}</svg>'.encode()


def _words(path: Path) -> bytes:
    """A script that holds what the scripts say in a language, by what they say in English."""
    with path.open("rb") as file:
        catalog = read_po(file)
    words = {
        _first(message.id): _first(message.string)
        for message in catalog
        if message.id and any(place.startswith(SCRIPTS) for place, _ in message.locations)
    }
    return b"window.words = " + orjson.dumps(words) + b"\n"


def _first(forms: str | Sequence[str] | None) -> str:
    """Of the forms by number the one that names the message; Chinese has no other."""
    return forms if isinstance(forms, str) else forms[0] if forms else ""
