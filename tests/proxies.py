"""Tiny local servers that stand between a client and the simulator, or at a place it does not play."""

import base64
import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BufferedReader
from typing import Self
from urllib.parse import urlsplit

JOIN_S = 5.0


class Server:
    """Listens on a free local port while entered; every connection is served by a thread of its own.

    With `tls` it speaks TLS. `connections` counts those made, `departures` those that have ended.
    """

    scheme = "http"

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self.departures = 0
        self._tls = tls
        if tls:
            self.scheme = "https"
        self._plugs: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self.spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for plug in [self._door, *self._plugs]:
            hang_up(plug)
        for thread in self._threads:
            thread.join(JOIN_S)
        for plug in [self._door, *self._plugs]:
            plug.close()

    def serve(self, plug: socket.socket) -> None:
        """Talk to one client; the connection is closed afterwards."""
        raise NotImplementedError

    def spawn(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def dial(self, host: str, port: int) -> socket.socket:
        plug = socket.create_connection((host, port), JOIN_S)
        plug.settimeout(None)
        self._plugs.append(plug)
        return plug

    def pipe(self, one: socket.socket, other: socket.socket) -> None:
        """Carry bytes both ways until either side ends. In one thread, since TLS does not bear two."""
        ways = {one: other, other: one}
        with contextlib.suppress(OSError):
            while True:
                held = [plug for plug in ways if isinstance(plug, ssl.SSLSocket) and plug.pending()]
                for source in held or select.select(list(ways), [], [])[0]:
                    if not (data := source.recv(65536)):
                        return hang_up(other)
                    ways[source].sendall(data)
        return hang_up(other)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                plug, _ = self._door.accept()
            except OSError:
                return
            self.connections += 1
            self._plugs.append(plug)
            if self._closing.is_set():  # it came too late to be hung up with the others
                hang_up(plug)
            self.spawn(self._served, plug)

    def _served(self, plug: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            if self._tls:
                served = opened.enter_context(self._tls.wrap_socket(plug.dup(), server_side=True))
            self.serve(served if self._tls else plug)
        hang_up(plug)
        self.departures += 1


def hang_up(plug: socket.socket) -> None:
    with contextlib.suppress(OSError):
        plug.shutdown(socket.SHUT_RDWR)


def carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    hang_up(sink)


class Relay(Server):
    """Passes bytes on to one address. With `tls` it makes an HTTPS server, or proxy, of a plain one."""

    def __init__(self, target: str, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        parts = urlsplit(target)
        self._target = parts.hostname or "", parts.port or 80

    def serve(self, plug: socket.socket) -> None:
        self.pipe(plug, self.dial(*self._target))


@dataclass(frozen=True)
class Heard:
    """One request as it came in; header names are lower-case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


def read_request(reader: BufferedReader) -> Heard | None:
    """The next request; None when the client has gone."""
    first = reader.readline().decode("latin-1").split(" ")
    if len(first) != 3:
        return None
    headers = {}
    while line := reader.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return Heard(first[0], first[1], headers, reader.read(int(headers.get("content-length", "0"))))


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Peer(Server):
    """An HTTP or HTTPS server that answers each request with the bytes a function gives, all at once or bit
    by bit.

    After an answer that says `Connection: close`, it closes.
    """

    def __init__(
        self, say: Callable[[Heard], bytes | Iterable[bytes]], tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(tls)
        self.requests: list[Heard] = []
        self.say = say

    def serve(self, plug: socket.socket) -> None:
        with plug.makefile("rb") as reader:
            while request := read_request(reader):
                self.requests.append(request)
                said, closes = self.say(request), False
                for piece in (said,) if isinstance(said, bytes) else said:
                    plug.sendall(piece)
                    closes = closes or b"connection: close" in piece.lower()
                if closes:
                    return


class HttpProxy(Server):
    """Forwards absolute-form requests and tunnels CONNECT; with a login ("user:password") it wants it."""

    def __init__(self, login: str = "") -> None:
        super().__init__()
        self.requests: list[Heard] = []
        self._wanted = "Basic " + base64.b64encode(login.encode()).decode() if login else ""

    def serve(self, plug: socket.socket) -> None:
        upstream: socket.socket | None = None
        with plug.makefile("rb") as reader:
            while request := read_request(reader):
                if self._wanted and request.headers.get("proxy-authorization") != self._wanted:
                    plug.sendall(answer(407))
                    continue
                self.requests.append(request)
                if request.method == "CONNECT":
                    host, _, port = request.target.partition(":")
                    upstream = self.dial(host, int(port))
                    plug.sendall(b"HTTP/1.1 200 Established\r\n\r\n")
                    self.pipe(plug, upstream)
                    return
                parts = urlsplit(request.target)
                if upstream is None:
                    upstream = self.dial(parts.hostname or "", parts.port or 80)
                    self.spawn(carry, upstream, plug)
                upstream.sendall(_forwarded(request))
        if upstream is not None:
            hang_up(upstream)


def _forwarded(request: Heard) -> bytes:
    parts = urlsplit(request.target)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    headers = {n: v for n, v in request.headers.items() if not n.startswith("proxy-")}
    lines = [f"{request.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + request.body


class Socks5Proxy(Server):
    """A SOCKS 5 proxy for CONNECT; with a login ("user:password") it wants it."""

    scheme = "socks5"

    def __init__(self, login: str = "") -> None:
        super().__init__()
        self.targets: list[str] = []
        self._login = login

    def serve(self, plug: socket.socket) -> None:
        with plug.makefile("rb") as reader:
            if not self._greeted(plug, reader):
                return
            _, _, _, kind = reader.read(4)
            host = socket.inet_ntoa(reader.read(4)) if kind == 1 else reader.read(reader.read(1)[0]).decode()
            (port,) = struct.unpack(">H", reader.read(2))
        self.targets.append(f"{host}:{port}")
        upstream = self.dial(host, port)
        plug.sendall(b"\x05\x00\x00\x01" + bytes(6))
        self.pipe(plug, upstream)

    def _greeted(self, plug: socket.socket, reader: BufferedReader) -> bool:
        _, count = reader.read(2)
        methods = reader.read(count)
        method = 2 if self._login else 0
        if method not in methods:
            plug.sendall(b"\x05\xff")
            return False
        plug.sendall(bytes([5, method]))
        if not self._login:
            return True
        reader.read(1)
        user, password = (reader.read(reader.read(1)[0]).decode() for _ in range(2))
        good = f"{user}:{password}" == self._login
        plug.sendall(b"\x01\x00" if good else b"\x01\x01")
        return good


class Mute(Server):
    """Takes everything and says nothing."""

    def serve(self, plug: socket.socket) -> None:
        while plug.recv(65536):
            pass


class Deaf(Server):
    """Takes the connection and nothing that comes over it."""

    def serve(self, plug: socket.socket) -> None:
        self._closing.wait()
