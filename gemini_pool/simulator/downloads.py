"""…:downloadFile, under its two addresses, and the one-time addresses that it may send callers on to."""

import itertools
from collections.abc import Iterator
from types import MappingProxyType
from urllib.parse import parse_qs

from gemini_pool.simulator.behaviour import Behaviour, DownloadOnly
from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.files import MadeFile
from gemini_pool.simulator.http import Request, response_head
from gemini_pool.simulator.refusal import Refusal, file_not_found, invalid
from gemini_pool.simulator.script import NO_HEADERS, Script, plain, redirect
from gemini_pool.simulator.world import World

ONE_TIME = "/download/once/"

_METHOD = ":downloadFile"
_ADDRESSES: MappingProxyType[str, DownloadOnly] = MappingProxyType(
    {"/v1alpha/": "plain", "/download/v1alpha/": "download"}
)
_MEMBERS = frozenset({"fileId", "alt"})


def is_download(path: str) -> bool:
    """Whether this is a path of the method, under either address."""
    return path.endswith(_METHOD) and path.startswith(tuple(_ADDRESSES))


def download_file(world: World, account: SimAccount, request: Request) -> Script:
    """The bytes of a file that the service made; an upload cannot be had back. Refusals as for any method."""
    behaviour, path = world.behaviour(account.name), request.head.path
    prefix = next(prefix for prefix in _ADDRESSES if path.startswith(prefix))
    if behaviour.download_only not in ("", _ADDRESSES[prefix]):
        raise Refusal(404, f"Nothing is served at {path}.")
    file_id, media = _read_query(request.head.query)
    session = world.book.existing(path.removeprefix(prefix).removesuffix(_METHOD), account, full=True)
    file = session.made.get(file_id)
    if file is None:
        raise file_not_found(file_id)
    if not media:
        return plain(200, b"")
    if behaviour.download_redirect:
        return redirect(request.origin + ONE_TIME + world.tickets.issue(account, file))
    return _bytes_of(file, behaviour)


def redeem(world: World, request: Request) -> tuple[str | None, Script]:
    """Whose one-time address this was (None: nobody's, or no more), and the bytes behind it."""
    found = world.tickets.redeem(request.head.path.removeprefix(ONE_TIME))
    if found is None:
        return None, Refusal(404, "This address is good for one download.").script()
    owner, file = found
    return owner.name, _bytes_of(file, world.behaviour(owner.name))


def _read_query(query: str) -> tuple[str, bool]:
    """The file id, and whether the bytes themselves are wanted."""
    told = parse_qs(query, keep_blank_values=True)
    for name, values in told.items():
        if name not in _MEMBERS or len(values) > 1:
            raise invalid(f'Invalid query: unknown or repeated name "{name}".')
    if "fileId" not in told:
        raise invalid('Missing required parameter "fileId".')
    return told["fileId"][0], told.get("alt") == ["media"]


def _bytes_of(file: MadeFile, behaviour: Behaviour) -> Script:
    packed = behaviour.download_as == "base64"
    length, pieces = (file.base64_size, file.in_base64()) if packed else (file.size, file.raw())
    head = response_head(200, file.mime_type, NO_HEADERS, length)
    writes: Iterator[bytes] = itertools.chain([head], pieces)
    return Script(200, ((data, 0.0) for data in writes))
