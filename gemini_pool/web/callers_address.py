"""Where a caller is: the peer's address, or what trusted proxies say of whoever called them."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Protocol

from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class Trusting(Protocol):
    """Whatever knows which proxies are believed: the settings."""

    @property
    def trusted_proxies(self) -> tuple[Network, ...]: ...


def caller_address(request: Request, settings: Trusting) -> str:
    """The address of the last hop that is no proxy of ours, as `192.0.2.7` or `2001:db8::7`.

    A proxy adds who called it behind what it was told, so the hops are believed from the right as long as
    those who name them are trusted. Empty where the peer has no address, as on a socket of files.
    """
    caller = parsed(request.environ.get("REMOTE_ADDR", ""))
    hops = _hops(request.headers)
    while caller and hops and is_within(caller, settings.trusted_proxies):
        told = parsed(hops.pop())
        if told is None:
            break
        caller = told
    return str(caller or "")


def parsed(text: str) -> Address | None:
    """An address, also with a port, a zone or in brackets; None for anything else."""
    host = text.strip().strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:  # as a socket for both kinds shows IPv4
        return address.ipv4_mapped
    return address


def is_within(address: Address | None, networks: Sequence[Network]) -> bool:
    """Whether an address is in one of the networks."""
    return address is not None and any(address in network for network in networks)


def _hops(headers: Headers) -> list[str]:
    """Who called whom, the nearest last. Most proxies set `X-Forwarded-For` and may let the other through as
    the caller sent it, so `Forwarded` is looked at only where that is not there."""
    if forwarded_for := headers.getlist("X-Forwarded-For"):
        return ",".join(forwarded_for).split(",")
    elements = [part for part in ",".join(headers.getlist("Forwarded")).split(",") if part.strip()]
    return [parse_options_header(f"forwarded;{element}")[1].get("for", "") for element in elements]
