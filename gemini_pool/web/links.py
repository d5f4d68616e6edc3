"""Where callers reach this service: the beginning of every link that we hand out.

`BASE_URL` says it for good. Without it a link is built from what the request says of itself, and from what
a reverse proxy says of it only where that proxy is one of `TRUSTED_PROXIES`.
"""

import re
from dataclasses import dataclass

from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

from gemini_pool.dialogue import MadeFile
from gemini_pool.web.callers_address import is_within, parsed
from gemini_pool.wiring import Services

DEFAULT_PORTS = {"http": "80", "https": "443"}
# What may stand in a link. A host goes into texts that are shown as Markdown, so nothing else is let through.
HOST = re.compile(r"([A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
PORT = re.compile(r"[0-9]{1,5}")
PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")


@dataclass(frozen=True, slots=True)
class Told:
    """What one source says of how the caller came here; empty where it says nothing."""

    scheme: str = ""
    host: str = ""
    port: str = ""
    prefix: str = ""


def public_base(request: Request, s: Services) -> str:
    """`https://pool.example.com`, without a slash at its end: put a path behind it.

    Empty when the request names no host that could be linked to; the link is then the bare path.
    """
    settings = s.settings
    if settings.base_url:
        return settings.base_url
    told = _told(request, s)
    scheme = scheme_of(request, s)
    named = HOST.fullmatch(told.host) or HOST.fullmatch(request.headers.get("host", ""))
    if not named:
        return ""
    host, port = named[1].lower(), named[2] or (told.port if PORT.fullmatch(told.port) else "")
    place = host if port in ("", DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    prefix = told.prefix.rstrip("/")
    return f"{scheme}://{place}{prefix if PREFIX.fullmatch(prefix) else request.root_path}"


def scheme_of(request: Request, s: Services) -> str:
    """`http` or `https`: how the caller came here, whatever BASE_URL says of others."""
    told = _told(request, s).scheme
    return told if told in DEFAULT_PORTS else str(request.environ["wsgi.url_scheme"])


def _told(request: Request, s: Services) -> Told:
    """What a proxy says, if we trust it."""
    if is_within(parsed(request.environ.get("REMOTE_ADDR", "")), s.settings.trusted_proxies):
        return _told_by_proxy(request.headers)
    return Told()


def _told_by_proxy(headers: Headers) -> Told:
    """What the nearest proxy says: the last of several values, for the others may be the caller's.

    A proxy sets one family of headers and may let the other one through as the caller sent it. Most set
    `X-Forwarded-…`, so `Forwarded` is looked at only where nothing of that is there.
    """
    said = [_last(headers.get(f"X-Forwarded-{name}", "")) for name in ("Proto", "Host", "Port", "Prefix")]
    told = Told(said[0].lower(), *said[1:])
    return told if told != Told() else _of_forwarded(_last(headers.get("Forwarded", "")))


def _of_forwarded(element: str) -> Told:
    """One element of RFC 7239: `for=192.0.2.60;proto=https;host="pool.example.com:8443"`."""
    _, pairs = parse_options_header(f"forwarded;{element}")
    return Told(scheme=pairs.get("proto", "").lower(), host=pairs.get("host", ""))


def _last(values: str) -> str:
    return values.rpartition(",")[2].strip()


def link_to(request: Request, s: Services, file: MadeFile) -> str:
    """Where whoever made this request has a file: on the image host, if it was put there, or here."""
    return file.url or f"{public_base(request, s)}/{file.folder}/{file.name}"
