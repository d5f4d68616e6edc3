"""Addresses that callers name: how one is read, what its host is found at, and which hosts are public."""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from string import punctuation
from threading import Thread
from typing import Any
from urllib.parse import quote, urlsplit

from gemini_pool.errors import BadRequest, CallerError

Address = IPv4Address | IPv6Address
Resolve = Callable[..., Sequence[tuple[Any, ...]]]  # as socket.getaddrinfo

PORTS = {"http": 80, "https": 443}
LONGEST_URL = 8192
LONGEST_NAME = 253

# What is not the open internet, after IANA's registries of special addresses.
CLOSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and the metadata of one cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # what Azure tells its machines, at an address that looks public
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
OPEN_V6 = IPv6Network("2000::/3")  # the only unicast addresses that are routed
CLOSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID and their like
        "2001:db8::/32",
        "2002::/16",  # 6to4: carries any IPv4 address
        "3fff::/20",
    )
)
NAT64 = IPv6Network("64:ff9b::/96")  # on a network without IPv4, every IPv4 host is seen here

_NETLOC = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@%]+)(?::([0-9]{0,5}))?")
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


class Refusal(Exception):
    """Why an address is not fetched; the text reads on from "The address in `…` "."""

    def __init__(
        self, reason: str, *, code: str = "unfetchable_url", kind: type[CallerError] = BadRequest
    ) -> None:
        super().__init__(reason)
        self._code = code
        self._kind = kind

    def told(self, param: str) -> CallerError:
        """The error for the caller, whose field `param` named the address."""
        return self._kind(f"The address in `{param}` {self}", param=param, code=self._code)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a URL leads. `host` is an ASCII name or an IP address without brackets, `target` the path and
    query as they go into a request."""

    scheme: str
    host: str
    port: int
    target: str


def is_public(address: Address, port: int) -> bool:
    """Whether a stranger may have us call there: a host of the open internet, at a port of the web."""
    if port not in PORTS.values():
        return False
    if isinstance(address, IPv6Address) and address in NAT64:
        address = IPv4Address(int(address) & 0xFFFFFFFF)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in CLOSED_V4)
    return address in OPEN_V6 and not any(address in network for network in CLOSED_V6)


def read_site(url: str) -> Site:
    """The parts of an http or https URL; Refusal for any other and for every form that readers differ on."""
    url = url.strip()
    if url.partition(":")[0].lower() not in PORTS:
        raise Refusal(
            "is neither http nor https. Send an address of the web, or the file itself as a data URL.",
            code="url_not_allowed",
        )
    if len(url) > LONGEST_URL:
        raise Refusal(f"is longer than {LONGEST_URL} characters. Send a shorter one.", code="invalid_url")
    try:
        return _parted(url)
    except ValueError:
        raise Refusal(
            "cannot be read. Write it as https://host/path, with a plain host name or IP address.",
            code="invalid_url",
        ) from None


def _parted(url: str) -> Site:
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise Refusal(
            "holds a user name or a password, and none is sent. Leave it out.", code="url_not_allowed"
        )
    netloc = _NETLOC.fullmatch(parts.netloc)
    if not netloc or _CONTROL.search(url):
        raise ValueError(parts.netloc)
    port = int(netloc[2] or PORTS[parts.scheme])
    if not 0 < port < 65536:
        raise ValueError(port)
    # Only what may not stand in a request is quoted: signed addresses must stay as they are.
    target = quote(parts.path or "/", safe=punctuation)
    if parts.query:
        target += f"?{quote(parts.query, safe=punctuation)}"
    return Site(parts.scheme, _host(netloc[1]), port, target)


def _host(written: str) -> str:
    """A host as it is looked up; ValueError."""
    if written.startswith("["):
        return str(IPv6Address(written[1:-1]))
    if len(written) > LONGEST_NAME:
        raise ValueError(written)
    name = written.encode("idna").decode("ascii").lower()
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return str(IPv4Address(name))  # 127.1, 0x7f.1 and 2130706433 end here
    return name


def addresses_of(site: Site, resolve: Resolve, seconds: float) -> tuple[Address, ...]:
    """Every address of the host, looked up once; Refusal when there is none, TimeoutError after `seconds`."""
    try:
        return (ip_address(site.host),)
    except ValueError:
        pass
    # A look-up cannot be interrupted, so it is left to end by itself when it takes too long.
    found: SimpleQueue[tuple[Address, ...]] = SimpleQueue()
    Thread(target=lambda: found.put(_looked_up(site, resolve)), name="look-up", daemon=True).start()
    try:
        addresses = found.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if not addresses:
        raise Refusal("names a host that cannot be found. Check the address, or send the file itself.")
    return addresses


def _looked_up(site: Site, resolve: Resolve) -> tuple[Address, ...]:
    try:
        rows = resolve(site.host, site.port, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(ip_address(row[4][0]) for row in rows))
    except (OSError, ValueError):
        return ()
