"""getoxsrf: the cookies of an account in, a signing key out, or the error that its answer stands for."""

import base64
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urljoin, urlsplit

import orjson

from gemini_pool.dialogue import Waiting
from gemini_pool.errors import (
    AccountForbidden,
    BadReply,
    Busy,
    CredentialsRejected,
    QuotaExhausted,
    UpstreamError,
)
from gemini_pool.roster import Credentials
from gemini_pool.upstream.cookies import cookie_header
from gemini_pool.upstream.transport import Reply, Transport

# The web page's own origin, by whatever address it is reached.
ISSUER = "https://business.gemini.google"
PREFIX = b")]}'"


class Xsrf:
    """Asks the service for keys. Redirects are not followed, so that what they say can be told apart."""

    def __init__(self, transport: Transport, *, auth_url: str, login_url: str, user_agent: str) -> None:
        self._transport = transport
        self._auth_url = auth_url
        self._own_hosts = {_host(auth_url), _host(login_url)}
        self._user_agent = user_agent

    def ask(self, credentials: Credentials) -> Waiting[Reply]:
        """Whatever the service answers to these cookies."""
        url = f"{self._auth_url}/auth/getoxsrf?csesidx={quote(credentials.csesidx)}"
        return self._transport.get(url, self._headers(credentials))

    def hop(self, credentials: Credentials, reply: Reply) -> Waiting[Reply]:
        """Follow the one redirect that renews cookies; only to hosts of the service itself."""
        try:
            target = urljoin(self._auth_url, reply.headers["location"])
            own = _host(target) in self._own_hosts
        except ValueError:  # no address at all
            own = False
        if not own:
            raise CredentialsRejected(
                "The service sent the cookies to be renewed at a host that is not its own."
            )
        return (yield from self._transport.get(target, self._headers(credentials)))

    def _headers(self, credentials: Credentials) -> dict[str, str]:
        return {
            "cookie": cookie_header(credentials),
            "user-agent": credentials.user_agent or self._user_agent,
            "accept": "*/*",
            "referer": f"{ISSUER}/",
        }


def renews_cookies(reply: Reply) -> bool:
    """Whether the service first wants the cookies to be renewed by a hop of their own."""
    return reply.status == 302 and "refreshcookies" in reply.headers.get("location", "")


@dataclass(frozen=True, slots=True)
class Key:
    """What getoxsrf gives: the id and bytes of a signing key, and its end in epoch seconds if told."""

    id: str
    secret: bytes
    expires_at: float | None


def key_of(reply: Reply) -> Key:
    """The key in a reply of getoxsrf, or the error its status or form stands for."""
    if reply.status != 200:
        raise _refused(reply.status)
    try:
        answer = orjson.loads(without_prefix(reply.body))
        secret = decoded(answer["xsrfToken"])
        return Key(str(answer["keyId"]), secret, moment(answer.get("expirationTime")))
    except (ValueError, KeyError, TypeError, AttributeError):
        # A page instead of JSON, or JSON without a key: what a signed-out browser is given.
        raise CredentialsRejected("The account is signed out: its cookies give no token.") from None


def without_prefix(body: bytes) -> bytes:
    """The JSON behind the mark that keeps other pages from running it as a script."""
    return body.removeprefix(PREFIX).strip()


def decoded(token: str) -> bytes:
    """Base64url without padding; a length that no bytes can have is a ValueError."""
    if len(token) % 4 == 1 or not token:
        raise ValueError("no base64url text has this length")
    return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)


def _refused(status: int) -> UpstreamError:
    """Which error a status of getoxsrf is. A redirect leads to the sign-in page."""
    if status in (301, 302, 303, 307, 308, 401):
        return CredentialsRejected("The account is signed out: its cookies are no longer accepted.")
    if status == 403:
        return AccountForbidden("The service refuses the account a token (403).", certain=True)
    if status == 429:
        return QuotaExhausted("The account asked for too many tokens (429).")
    if status >= 500:
        return Busy(f"The service could not give a token ({status}).")
    return BadReply(f"The service answered the request for a token with status {status}.")


def moment(text: object) -> float | None:
    """Epoch seconds of a time as the service writes it; None when it is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp() if text else None
    except ValueError:
        return None


def _host(url: str) -> tuple[str, str]:
    """What must be the same for cookies to go there: scheme and host."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
