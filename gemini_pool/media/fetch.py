"""Fetches the files that callers name by address, without ever being sent where they could not go themselves.

An address is read once, its host looked up once, every address of the host checked, and the connection goes
to what was checked. Size and time are bounded over all of it, and what arrives goes straight to disk.
"""

import hashlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urljoin

from urllib3.response import HTTPResponse

from gemini_pool.errors import StoreError, TooLarge
from gemini_pool.media.addresses import (
    PORTS,
    Address,
    Refusal,
    Resolve,
    Site,
    addresses_of,
    is_public,
    read_site,
)
from gemini_pool.media.connection import BROKEN, LATE, Deadline, TimedSocket, dial, exchange, tls_context
from gemini_pool.media.names import file_name, header_text

MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PIECE = 64 * 1024
# A compressed body could unfold to any size.
HEADERS = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "gemini_pool", "connection": "close"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched: `size` in bytes, `digest` of the bytes (SHA-256 in hex). `mime_type` is what
    the site declared, without parameters; "" when it declared none."""

    name: str
    mime_type: str
    size: int
    digest: str


class Fetcher:
    """`most_bytes` bounds a file, `seconds` all that it takes to fetch one. `permits` says whether an address
    and port may be called. Thread-safe."""

    def __init__(
        self,
        *,
        most_bytes: int,
        seconds: float,
        permits: Callable[[Address, int], bool] = is_public,
        resolve: Resolve = socket.getaddrinfo,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._permits = permits
        self._resolve = resolve
        self._clock = clock
        self._tls = tls_context()

    def fetch(self, url: str, into: Path, param: str) -> Fetched:
        """Fetch a file into `into`, where nothing is left on failure; BadRequest or TooLarge for the field
        `param`, StoreError when the disk does not take it."""
        with ExitStack() as on_failure:
            on_failure.callback(into.unlink, missing_ok=True)
            try:
                fetched = self._followed(url, into)
            except Refusal as refusal:
                raise refusal.told(param) from refusal
            on_failure.pop_all()
        return fetched

    def _followed(self, url: str, into: Path) -> Fetched:
        """Through redirects, each of which is checked like the first address."""
        deadline = Deadline(self._seconds, self._clock)
        for _ in range(1 + MOST_REDIRECTS):
            site = read_site(url)
            with self._asked(site, deadline) as answer:
                if answer.status not in REDIRECTS:
                    return self._kept(site, answer, into)
                url = _next(url, answer)
        raise Refusal(f"redirects more than {MOST_REDIRECTS} times. Send the address of the file itself.")

    @contextmanager
    def _asked(self, site: Site, deadline: Deadline) -> Iterator[HTTPResponse]:
        """The site's answer, to be read within the block; Refusal."""
        try:
            with exchange(site, self._line(site, deadline), self._tls, "GET", HEADERS) as answer:
                yield answer
        except LATE:
            raise Refusal(
                f"did not deliver the file within {self._seconds:g} s. Try again, or send the file itself."
            ) from None
        except ssl.SSLCertVerificationError:
            raise Refusal("leads to a site whose certificate is not valid. Send the file itself.") from None
        except BROKEN:
            raise Refusal(
                "leads to a site to which no connection holds. Try again, or send the file itself."
            ) from None

    def _line(self, site: Site, deadline: Deadline) -> TimedSocket:
        """A connection to an address of the host, all of which are permitted."""
        if site.host == "localhost" or site.host.endswith(".localhost"):
            raise _closed(site)
        addresses = addresses_of(site, self._resolve, deadline.left())
        if not all(self._permits(address, site.port) for address in addresses):
            raise _closed(site)
        sock = dial(map(str, addresses), site.port, deadline)
        if ip_address(sock.getpeername()[0]) not in addresses:
            sock.close()
            raise _closed(site)
        return sock

    def _kept(self, site: Site, answer: HTTPResponse, into: Path) -> Fetched:
        """The body, on disk."""
        self._check(answer)
        digest, size = hashlib.sha256(), 0
        try:
            with into.open("wb", buffering=PIECE) as file:
                # Not read(): it takes a chunk of negative size, which never ends, into memory at once.
                while piece := answer.read1(PIECE, decode_content=False):
                    size += len(piece)
                    if size > self._most_bytes:
                        raise self._too_large()
                    digest.update(piece)
                    file.write(piece)
        except OSError as error:  # the disk's: urllib3 has translated those of the connection
            raise StoreError(f"A file cannot be written on the server's disk: {error.strerror}.") from error
        mime_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Fetched(file_name(answer.headers, site.target), mime_type, size, digest.hexdigest())

    def _check(self, answer: HTTPResponse) -> None:
        """Whether the body is worth reading, by all that the head says; Refusal."""
        if answer.status != 200:
            raise Refusal(
                f"was answered with status {answer.status}. Send one that all may open, or the file itself."
            )
        codings = {answer.headers.get("content-encoding", "identity").strip().lower()}
        codings |= {answer.headers.get("transfer-encoding", "chunked").strip().lower()}
        if not codings <= {"", "identity", "chunked"}:
            raise Refusal("delivers the file compressed only, which is not read. Send the file itself.")
        length = answer.headers.get("content-length", "")
        if length.isdecimal() and (len(length) > 18 or int(length) > self._most_bytes):
            raise self._too_large()

    def _too_large(self) -> Refusal:
        most = f"{self._most_bytes / 2**20:.3g} MB"
        return Refusal(
            f"leads to a file of more than {most}. Send a smaller one.", code="file_too_large", kind=TooLarge
        )


def _next(url: str, answer: HTTPResponse) -> str:
    location = header_text(answer.headers.get("location", ""))
    if not location:
        raise Refusal("is redirected to nowhere. Send the address of the file itself.")
    try:
        return urljoin(url, location)
    except ValueError:
        raise Refusal("is redirected to an address that cannot be read. Send the file itself.") from None


def _closed(site: Site) -> Refusal:
    reason = (
        "leads into a private network and is not fetched."
        if site.port in PORTS.values()
        else "leads to a port other than 80 and 443 and is not fetched."
    )
    return Refusal(f"{reason} Send the file itself as a data URL.", code="url_not_allowed")
