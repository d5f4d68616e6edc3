"""The door to urllib3: it opens connections, through TLS and proxies of every kind, and does no more.

What goes over them is this room's own business (`transport`): an answer that streams must be able to say
that nothing comes, which no HTTP library for threads can.
"""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3.exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection, ProxyConfig
from urllib3.contrib.socks import SOCKSConnection, SOCKSHTTPSConnection, SOCKSProxyManager
from urllib3.util import Url, make_headers, parse_url
from urllib3.util.ssl_ import create_urllib3_context

from gemini_pool.errors import Unreachable

DEFAULT_PORTS = {"http": 80, "https": 443}
# What a connection that breaks, or never comes to be, raises.
BROKEN = (urllib3.exceptions.HTTPError, HTTPException, OSError)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an address leads: scheme, host and port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        parts = urlsplit(url)
        return cls(parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme])

    @property
    def name(self) -> str:
        """As a Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Dialled:
    """An open connection, and what a proxy for plain http wants to be told with each request."""

    sock: socket.socket
    prefix: str  # goes before the path
    headers: Mapping[str, str]


class Dialler:
    """Opens connections. `proxy` has scheme http, https, socks5 or socks5h, or is ""; `timeout` seconds."""

    def __init__(self, *, proxy: str, timeout: float) -> None:
        self._proxy = parse_url(proxy) if proxy else None
        self._socks = SOCKSProxyManager(proxy) if proxy.startswith("socks") else None
        self._timeout = timeout
        self._tls = _trusting(certifi.where())

    def dial(self, origin: Origin) -> Dialled:
        """A new connection to this origin, its certificate checked; Unreachable."""
        connection = self._connection(origin)
        try:
            connection.connect()
        except BROKEN as error:
            connection.close()
            raise unreachable(error, asked=False) from error
        if connection.proxy_is_forwarding:
            return Dialled(connection.sock, f"{origin.scheme}://{origin.name}", self._login())
        return Dialled(connection.sock, "", {})

    def _connection(self, origin: Origin) -> HTTPConnection:
        secure = origin.scheme == "https"
        options: dict[str, Any] = {"timeout": self._timeout}
        if secure:
            options["ssl_context"] = self._tls
        if self._proxy is None:
            return (HTTPSConnection if secure else HTTPConnection)(origin.host, origin.port, **options)
        if self._socks:
            through = SOCKSHTTPSConnection if secure else SOCKSConnection
            options |= self._socks.connection_pool_kw
            return through(host=origin.host, port=origin.port, **options)
        return self._through(self._proxy, origin, options)

    def _through(self, proxy: Url, origin: Origin, options: dict[str, Any]) -> HTTPConnection:
        """Through a proxy that speaks HTTP: https in a tunnel, http handed over request by request."""
        options |= {"proxy": proxy, "proxy_config": ProxyConfig(self._tls, False, None, None)}
        if origin.scheme == "http" and proxy.scheme == "http":
            return HTTPConnection(str(proxy.host), proxy.port, **options)
        connection = HTTPSConnection(str(proxy.host), proxy.port, **options)
        if origin.scheme == "https":
            connection.set_tunnel(origin.host, origin.port, self._login(), scheme=str(proxy.scheme))
        return connection

    def _login(self) -> dict[str, str]:
        """The header for a proxy with a password."""
        user, password = self._proxy.auth_decoded if self._proxy else (None, None)
        return dict(make_headers(proxy_basic_auth=f"{user}:{password or ''}" if user else None))


def unreachable(error: Exception, *, asked: bool = True) -> Unreachable:
    """A broken connection as our error. Its own text names hosts and proxies, so none of it is passed on."""
    late = isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError)
    failure = Unreachable(
        "The service did not answer in time."
        if late
        else f"The connection to the service failed ({type(error).__name__})."
    )
    failure.asked = asked
    return failure


@cache
def _trusting(authorities: str) -> ssl.SSLContext:
    """One for all connections: reading the authorities' certificates takes longer than a handshake."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(authorities)
    return context
