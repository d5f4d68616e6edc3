"""Pictures and films that the service made, fetched to our own shelf while the answer goes on.

A file can be had only from the session that made it, with the account that asked. No two programs agree on
the address, nor on whether the bytes come as they are, so all that were seen are understood.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urljoin

import orjson

from gemini_pool.dialogue import SILENCE, GeneratedFile, InlineFile, MadeFile, Silence, Waiting
from gemini_pool.errors import BadReply, Busy, CredentialsRejected, SessionLost, Unreachable, UpstreamError
from gemini_pool.roster import Account
from gemini_pool.upstream.calls import DOWNLOADS, GENERATED, Calls
from gemini_pool.upstream.dialler import Origin
from gemini_pool.upstream.refusals import refusal_of_reply
from gemini_pool.upstream.tokens import Token, Tokens
from gemini_pool.upstream.transport import TICK_SECONDS, StreamReply, Transport

T = TypeVar("T")

AT_ONCE = 8
# A file may be there a little later than its name.
PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
FIRST_BYTE_SECONDS = 60.0
PIECE_CHARACTERS = 64 * 1024
REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 3
FULL_NAME = "projects/"


class Kept(Protocol):
    """A file on the shelf."""

    @property
    def folder(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def mime_type(self) -> str: ...
    @property
    def path(self) -> Path: ...


class Slip(Protocol):
    """A file on its way to the shelf. ValueError: it is no picture and no film."""

    def write(self, piece: bytes) -> None: ...
    def keep(self) -> Kept: ...


class Shelf(Protocol):
    """Where files are kept; a slip that is not kept leaves nothing."""

    def new(self) -> AbstractContextManager[Slip]: ...


# Puts a file where everybody can have it, if there is such a place; "" when there is not, or it failed.
Publish = Callable[[MadeFile], str]


class Downloads:
    """Fetches files for all answers. Thread-safe."""

    def __init__(
        self, transport: Transport, calls: Calls, tokens: Tokens, shelf: Shelf, publish: Publish
    ) -> None:
        self._transport = transport
        self._calls = calls
        self._tokens = tokens
        self._shelf = shelf
        self._publish = publish
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="download")

    def of(self, account: Account, session: str) -> "Harvest":
        """The files of one answer in this session."""
        return Harvest(self, account, session)

    def submit(self, account: Account, session: str, file_id: str, stop: threading.Event) -> Future[MadeFile]:
        return self._threads.submit(self._fetched, account, session, file_id, stop)

    def keep(self, file: InlineFile) -> MadeFile:
        """A file that came with the answer; BadReply."""
        data = file.data
        pieces = (data[at : at + PIECE_CHARACTERS] for at in range(0, len(data), PIECE_CHARACTERS))
        return self._shelved(piece.encode("ascii", "replace") for piece in pieces)

    def listed(self, account: Account, session: str) -> Waiting[tuple[str, list[str]]]:
        """The full name of a session, and the ids of the files made in it, as far as the service tells: an
        answer may be whole without that."""
        token = yield from self._tokens.get(account)
        call = self._calls.list_files(account, token.bearer, session, GENERATED)
        reply = yield from self._transport.post(call.url, call.headers, call.body)
        try:
            files = orjson.loads(reply.body)["listSessionFileMetadataResponse"]["fileMetadata"]
            ids = [str(file["fileId"]) for file in files]
            return next((str(file["session"]) for file in files), ""), ids
        except (ValueError, KeyError, TypeError):
            return "", []

    def _fetched(self, account: Account, session: str, file_id: str, stop: threading.Event) -> MadeFile:
        for pause in (*PAUSES_SECONDS, None):
            try:
                return self._from_either(account, session, file_id, stop)
            except UpstreamError as error:
                if pause is None or not isinstance(error, _MAY_PASS) or stop.wait(pause):
                    raise
        raise AssertionError("the last pause is None")

    def _from_either(self, account: Account, session: str, file_id: str, stop: threading.Event) -> MadeFile:
        """From the first of the two addresses that knows the file."""
        token = _patiently(self._tokens.get(account), stop)
        try:
            return self._from(DOWNLOADS[0], account, token, session, file_id, stop)
        except SessionLost:
            return self._from(DOWNLOADS[1], account, token, session, file_id, stop)

    def _from(
        self, under: str, account: Account, token: Token, session: str, file_id: str, stop: threading.Event
    ) -> MadeFile:
        call = self._calls.download(token.bearer, session, file_id, under)
        with closing(self._followed(call.url, call.headers, stop)) as reply:
            if reply.status == 200:
                return self._shelved(_bytes(reply.pieces(), stop))
            error = refusal_of_reply(reply.status, reply.headers, _patiently(reply.rest(), stop))
            if isinstance(error, CredentialsRejected):
                self._tokens.forget(account.id, token)
            raise error

    def _followed(self, url: str, headers: dict[str, str], stop: threading.Event) -> StreamReply:
        """The reply at the end of all redirects. The token goes to the service's own host alone."""
        home = Origin.of(url)
        for _ in range(MOST_REDIRECTS + 1):
            reply = _patiently(self._transport.fetch(url, headers, first=FIRST_BYTE_SECONDS), stop)
            if reply.status not in REDIRECTS:
                return reply
            reply.close()
            url = urljoin(url, reply.headers.get("location", ""))
            if not url.startswith((f"{home.scheme}://", "https://")):
                raise BadReply("The service sends a download on to an address that cannot be followed.")
            if Origin.of(url) != home:
                headers = {name: value for name, value in headers.items() if name != "authorization"}
        raise BadReply("The service sends a download on and on.")

    def _shelved(self, pieces: Iterable[bytes]) -> MadeFile:
        with self._shelf.new() as slip:
            try:
                for piece in pieces:
                    slip.write(piece)
                kept = slip.keep()
            except ValueError:
                raise BadReply("The service made a file that is no picture and no film.") from None
        made = MadeFile(kept.folder, kept.name, kept.mime_type, kept.path)
        return replace(made, url=self._publish(made))


# What may be better a moment later; a token that is refused has been forgotten.
_MAY_PASS = (SessionLost, CredentialsRejected, Busy, Unreachable, BadReply)


class Harvest:
    """The files of one answer, several at once. Whoever has it closes it: then nobody waits for them."""

    def __init__(self, downloads: Downloads, account: Account, session: str) -> None:
        self._downloads = downloads
        self._account = account
        self._session = session
        self._named: set[str] = set()
        self._unasked: list[str] = []  # until the session's full name is known
        self.under_way: set[Future[MadeFile]] = set()
        self._stop = threading.Event()

    def session_is(self, name: str) -> None:
        """The session has this name, or this one too."""
        if not self._session.startswith(FULL_NAME):
            self._session = name
        if self._session.startswith(FULL_NAME):
            unasked, self._unasked = self._unasked, []
            for file_id in unasked:
                self._ask(file_id)

    def want(self, file: GeneratedFile) -> None:
        """Fetch a file that the answer names."""
        if file.file_id not in self._named:
            self._named.add(file.file_id)
            self._unasked.append(file.file_id)
            self.session_is(self._session)

    def kept(self, file: InlineFile) -> MadeFile:
        return self._downloads.keep(file)

    def ripe(self) -> Iterator[MadeFile]:
        """Those that have come since; UpstreamError for one that will not."""
        for download in [one for one in self.under_way if one.done()]:
            self.under_way.discard(download)
            yield download.result()

    def rest(self, *, must_be: bool) -> Generator[MadeFile | Silence]:
        """The others as they come. With `must_be` the service is asked for its list where none was named."""
        if self._unasked or (must_be and not self._named):
            name, listed = yield from self._downloads.listed(self._account, self._session)
            for file_id in listed if not self._named else ():
                self.want(GeneratedFile(file_id, "", ""))
            if name:
                self.session_is(name)
        while self.under_way:
            wait_for(self.under_way, TICK_SECONDS, "FIRST_COMPLETED")
            yield SILENCE
            yield from self.ripe()
        if self._unasked:
            raise BadReply("The service made a file, but does not tell where.")

    def close(self) -> None:
        self._stop.set()
        for download in self.under_way:
            download.cancel()

    def _ask(self, file_id: str) -> None:
        self.under_way.add(self._downloads.submit(self._account, self._session, file_id, self._stop))


def _patiently(call: Waiting[T], stop: threading.Event) -> T:
    """The result of a call, unless nobody waits for it any more."""
    while True:
        try:
            next(call)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if stop.is_set():
            raise Unreachable("Nobody waits for the file any more.")


def _bytes(pieces: Iterable[bytes | Silence], stop: threading.Event) -> Iterator[bytes]:
    for piece in pieces:
        if stop.is_set():
            raise Unreachable("Nobody waits for the file any more.")
        if not isinstance(piece, Silence):
            yield piece
