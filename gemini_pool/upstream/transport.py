"""The door to urllib3: requests out, replies in, every failure translated.

TLS is always verified, redirects are never followed, nothing is retried here: whoever calls decides.
Connections are kept alive and shared by all threads and accounts; no cookie is kept.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import certifi
import urllib3
from urllib3.contrib.socks import SOCKSProxyManager
from urllib3.exceptions import HTTPError, TimeoutError
from urllib3.util import Timeout, make_headers, parse_url

from gemini_pool.errors import BadReply, Unreachable

MAX_REPLY_BYTES = 32 * 1024 * 1024
PIECE_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that was read whole. Header names are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()  # the Set-Cookie lines


class StreamReply:
    """A reply that is read as it comes. Whoever has it closes it, once, whatever happened."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    def pieces(self) -> Iterator[bytes]:
        """Decoded bytes in the pieces they arrive in; Unreachable when the connection breaks."""
        with _translated():
            yield from self._response.stream(PIECE_BYTES, decode_content=True)

    def rest(self) -> bytes:
        """All that is left, for replies that turn out to be errors; bounded."""
        with _translated():
            return self._response.read(MAX_REPLY_BYTES, decode_content=True)

    def close(self) -> None:
        """Hand a connection that was read to its end back for reuse; break any other."""
        if self._response.closed:
            self._response.release_conn()
        else:
            self._response.close()


class Transport:
    """HTTP calls to the service, through the proxy where one is set.

    `proxy` is an address with scheme http, https, socks5 or socks5h, or "". `connections` bounds how many
    idle connections a host keeps. Thread-safe.
    """

    def __init__(self, *, proxy: str, connect_timeout: float, read_timeout: float, connections: int) -> None:
        self._timeout = Timeout(connect=connect_timeout, read=read_timeout)
        self._manager = _manager(proxy, maxsize=connections, timeout=self._timeout)
        self._pools: dict[str, urllib3.HTTPConnectionPool] = {}

    def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """A whole reply; Unreachable or BadReply."""
        return self._whole("GET", url, headers, None)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """A whole reply; Unreachable or BadReply."""
        return self._whole("POST", url, headers, body)

    def stream(self, url: str, headers: Mapping[str, str], body: bytes) -> StreamReply:
        """A reply to be read piece by piece and closed by the caller; Unreachable."""
        return StreamReply(self._send("POST", url, headers, body))

    def close(self) -> None:
        self._manager.clear()

    def _whole(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        response = self._send(method, url, headers, body)
        try:
            with _translated():
                data = response.read(MAX_REPLY_BYTES, decode_content=True)
                if len(data) == MAX_REPLY_BYTES:
                    raise BadReply("The service sent a reply that is too large to read.")
            return Reply(
                response.status, response.headers, data, tuple(response.headers.getlist("set-cookie"))
            )
        finally:
            StreamReply(response).close()

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        opener, target = self._opener(url)
        with _translated():
            return opener.urlopen(
                method,
                target,
                headers=headers,
                body=body,
                redirect=False,
                retries=False,
                preload_content=False,
            )

    def _opener(self, url: str) -> "tuple[urllib3.PoolManager | urllib3.HTTPConnectionPool, str]":
        """Who opens this address, and by what name. A host's own pool spares a third of the manager's work,
        but a proxy for plain http must be given the whole address, which the manager sees to."""
        if isinstance(self._manager, urllib3.ProxyManager):
            return self._manager, url
        path_at = url.index("/", len("https://"))
        origin = url[:path_at]
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = self._manager.connection_from_url(origin)
        return pool, url[path_at:]


def _manager(proxy: str, **options: Any) -> urllib3.PoolManager:
    options |= {"cert_reqs": "CERT_REQUIRED", "ca_certs": certifi.where()}
    if not proxy:
        return urllib3.PoolManager(**options)
    if proxy.startswith("socks"):
        return SOCKSProxyManager(proxy, **options)
    user, password = parse_url(proxy).auth_decoded
    login = f"{user}:{password or ''}" if user else None
    return urllib3.ProxyManager(proxy, proxy_headers=make_headers(proxy_basic_auth=login), **options)


@contextmanager
def _translated() -> Iterator[None]:
    """urllib3's errors as ours. Their texts name hosts and proxies, so none of it is passed on."""
    try:
        yield
    except TimeoutError as error:
        raise Unreachable("The service did not answer in time.") from error
    except (HTTPError, OSError) as error:
        raise Unreachable(f"The connection to the service failed ({type(error).__name__}).") from error
