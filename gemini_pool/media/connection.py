"""The door to urllib3: one exchange over one connection, all of it within one span of time.

No pool, no proxy, no cookies, no redirects, and nothing of the surroundings (netrc, variables) has a say.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from http.client import HTTPException
from typing import Any

import certifi
import urllib3.exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse
from urllib3.util.ssl_ import create_urllib3_context

from gemini_pool.media.addresses import Site

# What a connection that breaks, or never comes to be, raises.
BROKEN = (urllib3.exceptions.HTTPError, HTTPException, OSError)
LATE = (TimeoutError, urllib3.exceptions.TimeoutError)
CONNECT_SECONDS = 5.0  # for one address of several: the next may answer


class Deadline:
    """The moment, `seconds` from now, at which all must have ended."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """In seconds; TimeoutError when it has passed."""
        left = self._end - self._clock()
        if left <= 0:
            raise TimeoutError("the time is over")
        return left


class TimedSocket(socket.socket):
    """A socket that reads and writes until a deadline: a plain time-out begins anew with every byte."""

    deadline: Deadline

    def recv_into(self, *args: Any) -> int:
        self.settimeout(self.deadline.left())
        return super().recv_into(*args)

    def sendall(self, *args: Any) -> None:
        self.settimeout(self.deadline.left())
        super().sendall(*args)


class TimedTlsSocket(TimedSocket, ssl.SSLSocket):
    """The same through TLS."""


class _Given(HTTPConnection):
    """A connection over a socket that was opened before, whatever its host's name leads to by now."""

    given: socket.socket

    def _new_conn(self) -> socket.socket:
        return self.given

    def forget_target(self) -> None:
        """urllib3 logs the target beside a reply's malformed headers, and ours may hold a secret."""
        if self._response_options:
            self._response_options = self._response_options._replace(request_url="")


class _GivenTls(_Given, HTTPSConnection):
    """The same through TLS, with the certificate checked for the host's name."""


def tls_context() -> ssl.SSLContext:
    """Trusts the public authorities and nobody else."""
    return _trusting(certifi.where())


@cache
def _trusting(authorities: str) -> ssl.SSLContext:
    """One for all connections: reading the authorities' certificates takes longer than a handshake."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(authorities)
    context.sslsocket_class = TimedTlsSocket
    return context


def dial(hosts: Iterable[str], port: int, deadline: Deadline) -> TimedSocket:
    """A connection to the first of these hosts that takes one; ConnectionError, TimeoutError."""
    failure = OSError("no host")
    for host in hosts:
        try:
            plain = socket.create_connection((host, port), min(CONNECT_SECONDS, deadline.left()))
        except OSError as error:
            failure = error
        else:
            sock = TimedSocket(fileno=plain.detach())
            sock.deadline = deadline
            return sock
    deadline.left()
    # Not the TimeoutError of one attempt: the time of the whole is not over.
    raise ConnectionError("nobody took the connection") from failure


@contextmanager
def exchange(
    site: Site,
    sock: TimedSocket,
    tls: ssl.SSLContext,
    method: str,
    headers: Mapping[str, str],
    body: Iterable[bytes] | None = None,
) -> Iterator[HTTPResponse]:
    """Ask over this socket and read the answer, not decoded, within the block; BROKEN. Closes the socket."""
    with ExitStack() as opened:
        opened.callback(sock.close)
        sock.settimeout(timeout := sock.deadline.left())
        connection = (
            _GivenTls(site.host, site.port, timeout=timeout, ssl_context=tls)
            if site.scheme == "https"
            else _Given(site.host, site.port, timeout=timeout)
        )
        connection.given = sock
        opened.callback(connection.close)
        connection.connect()
        if isinstance(connection.sock, TimedSocket):
            connection.sock.deadline = sock.deadline
        # Who refuses a body may answer, and hang up, before it has come whole.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(
                method, site.target, body, headers, preload_content=False, decode_content=False
            )
        connection.forget_target()
        with closing(connection.getresponse()) as response:
            yield response
