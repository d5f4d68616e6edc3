"""The door to mail services that speak JSON over HTTP. The operator has named them: they may be anywhere."""

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox.base import NoService

CONNECT_SECONDS = 8.0
READ_SECONDS = 12.0
WHOLE_SECONDS = 25.0
MOST_BYTES = 4 * 1024 * 1024
MOST_HOPS = 3
PIECE = 64 * 1024
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered: `value` is its JSON, None where it is none; `html` where it is a page."""

    status: int
    value: Any = field(repr=False)
    html: bool = False

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


def origin_of(address: str) -> str:
    """Scheme, host and port of an address. MailboxFailed where it is none."""
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise MailboxFailed(
            "The mailbox's address of the service cannot be read; enter it as https://host.", settled=True
        )
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"


def trust() -> ssl.SSLContext:
    """Trusts the public authorities, and those that this machine's own store adds."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def unsafe(host: str, error: Exception) -> MailboxFailed:
    """What to say where TLS does not come about; whether for a moment, is told by the reason."""
    return MailboxFailed(
        f"There is no safe connection to {host}: its certificate is not valid, or it speaks no TLS. That is "
        "never overlooked; mend it, or add its authority to this machine's own.",
        settled="CERTIFICATE_VERIFY_FAILED" in str(error),
    )


class MailService:
    """One service. `headers` and `query` carry what it lets us in by, and go to no other host."""

    def __init__(
        self, base: str, *, headers: Mapping[str, str] = NOTHING, query: Mapping[str, str] = NOTHING
    ) -> None:
        self._origin = origin_of(base)
        self._base = self._origin + urlsplit(base.strip()).path.rstrip("/")
        self._headers = {"accept": "application/json", "user-agent": "gemini_pool", **headers}
        self._query = dict(query)
        if any(not value.isascii() or not value.isprintable() for value in self._headers.values()):
            raise MailboxFailed(f"A key or password for {self.host} holds odd characters.", settled=True)

    @property
    def host(self) -> str:
        return self._origin.partition("://")[2]

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON at a path. MailboxFailed where it cannot be had."""
        return self.good(self.ask("GET", path, params={**self._query, **query}))

    def find(self, path: str, **query: str | int) -> Any:
        """The JSON at a path, None where there is nothing. MailboxFailed as above."""
        reply = self.ask("GET", path, params={**self._query, **query})
        return None if reply.status == 404 else self.good(reply)

    def good(self, reply: Reply) -> Any:
        """The JSON of a good reply. MailboxFailed for any other, with what to do."""
        if reply.status in (401, 403):
            raise MailboxFailed(
                f"{self.host} refused the mailbox's key or password (status {reply.status}). Enter it again.",
                settled=True,
            )
        if reply.status == 429:
            raise MailboxFailed(f"{self.host} has been asked too often (status 429). It is tried again.")
        if reply.status >= 500:
            raise MailboxFailed(f"{self.host} failed (status {reply.status}). Look into its own log.")
        if reply.html:
            raise NoService(
                f"{self.host} answered with a web page: that is the page, not the worker behind it. "
                "Set TEMP_MAIL_URL (or the mailbox's mail_base_url) to the worker's address.",
                settled=True,
            )
        if reply.status == 404:
            raise NoService(f"{self.host} has no such mailbox or service (status 404).", settled=True)
        if not reply.good or reply.value is None:
            raise MailboxFailed(f"{self.host} answered what is not understood (status {reply.status}).")
        return reply.value

    def ask(self, method: str, path: str, **sent: Any) -> Reply:
        """Any reply of the service itself. MailboxFailed where there is none."""
        try:
            with requests.Session() as session:
                # Neither another proxy nor another password than what was given here.
                session.trust_env = False
                session.mount("https://", _Trusting())
                return self._asked(session, method, self._base + path, sent)
        except requests.exceptions.SSLError as error:
            raise unsafe(self.host, error) from None
        except requests.exceptions.Timeout:
            raise NoService(f"{self.host} did not answer in time.") from None
        except requests.exceptions.ConnectionError:
            raise NoService(f"{self.host} cannot be reached. Check the address of the service.") from None
        except (requests.exceptions.RequestException, ValueError) as error:
            raise MailboxFailed(
                f"{self.host} could not be asked ({type(error).__name__}). Check the address of the service."
            ) from None

    def _asked(self, session: requests.Session, method: str, url: str, sent: dict[str, Any]) -> Reply:
        """Follow the service within its own origin, and no further: what we carry is for it alone."""
        for _ in range(MOST_HOPS):
            with session.request(
                method,
                url,
                headers=self._headers,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                **sent,
            ) as response:
                there = response.headers.get("location", "") if response.is_redirect else ""
                if not there:
                    return _read(response, self.host)
            url, sent = urljoin(url, there), {}
            if origin_of(url) != self._origin or method != "GET":
                raise MailboxFailed(
                    f"{self.host} sends on to {origin_of(url)}. If that is meant, enter that address.",
                    settled=True,
                )
        raise MailboxFailed(f"{self.host} sends on and on. Check the address of the service.", settled=True)


class _Trusting(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=trust())


def _read(response: requests.Response, host: str) -> Reply:
    body, ends = b"", time.monotonic() + WHOLE_SECONDS
    for piece in response.iter_content(PIECE):
        body += piece
        if len(body) > MOST_BYTES:
            raise MailboxFailed(f"{host} answered with more than {MOST_BYTES >> 20} MB. Empty the mailbox.")
        if time.monotonic() > ends:
            raise MailboxFailed(f"{host} took longer than {WHOLE_SECONDS:g} s for its answer.")
    html = "html" in response.headers.get("content-type", "") or body.lstrip()[:1] == b"<"
    try:
        return Reply(response.status_code, json.loads(body))
    except (ValueError, RecursionError):
        return Reply(response.status_code, None, html)
