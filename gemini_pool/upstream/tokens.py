"""Tokens: the cookies of an account become a signed JWT, five minutes at a time.

`getoxsrf` gives a key for the cookies; the token is signed here with that key. A token is used until it
is due, and renewed by one thread a time for each account: the others wait for that one's result, and no
lock is held while it asks.
"""

import base64
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urljoin, urlsplit

import jwt
import orjson

from gemini_pool.dialogue import SILENCE, Waiting
from gemini_pool.errors import (
    AccountForbidden,
    BadReply,
    Busy,
    CredentialsRejected,
    QuotaExhausted,
    UpstreamError,
)
from gemini_pool.roster import Account, Credentials
from gemini_pool.upstream.cookies import cookie_header, with_cookies
from gemini_pool.upstream.transport import TICK_SECONDS, Reply, Transport

# Claims and names as the service expects them, whatever address it is reached by.
ISSUER = "https://business.gemini.google"
AUDIENCE = "https://biz-discoveryengine.googleapis.com"
PREFIX = b")]}'"
LIFE_SECONDS = 300
# Peers use a token for 240 to 270 s of its 300; the smaller leaves room for a slow request.
USE_SECONDS = 240
# How long a thread waits for another's renewal before it gives up.
WAIT_SECONDS = 60

Rotated = Callable[[int, Credentials], None]


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token; `due` in epoch seconds. `made_from` are the account's credentials before and after:
    the service may have renewed them on the way."""

    bearer: str
    due: float
    made_from: tuple[Credentials, ...]


class Tokens:
    """Tokens of all accounts. `rotated` is told when the service hands out new cookies for an account."""

    def __init__(
        self,
        transport: Transport,
        *,
        auth_url: str,
        login_url: str,
        user_agent: str,
        rotated: Rotated,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._auth_url = auth_url
        self._own_hosts = {_host(auth_url), _host(login_url)}
        self._user_agent = user_agent
        self._rotated = rotated
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[int, Token] = {}
        self._renewals: dict[tuple[int, Credentials], Future[Token]] = {}

    def get(self, account: Account, *, ahead: float = 0.0) -> Waiting[Token]:
        """A token that is good for `ahead` seconds more; the UpstreamError of a renewal that failed."""
        return self._usable(account, ahead) or (yield from self._renewed(account, ahead))

    def due_within(self, account: Account, ahead: float) -> bool:
        """Whether the account has no token that is good for so many seconds more."""
        return self._usable(account, ahead) is None

    def forget(self, account_id: int, token: Token) -> None:
        """The service refused this token: the next `get` asks for another."""
        with self._lock:
            if self._held.get(account_id) is token:
                del self._held[account_id]

    def _usable(self, account: Account, ahead: float) -> Token | None:
        token = self._held.get(account.id)
        good = token and token.due > self._clock() + ahead and account.credentials in token.made_from
        return token if good else None

    def _renewed(self, account: Account, ahead: float) -> Waiting[Token]:
        # The credentials are part of the key: new cookies must not share the fate of the old ones.
        key = (account.id, account.credentials)
        with self._lock:
            if token := self._usable(account, ahead):  # another thread has just been given it
                return token
            renewal = self._renewals.get(key)
            mine = renewal is None
            if renewal is None:
                renewal = self._renewals[key] = Future()
        if not mine:
            # Whoever renewed it may have been hung up on meanwhile: then it is up to us.
            return (yield from _waited(renewal)) or (yield from self._renewed(account, ahead))
        try:
            token = self._held[account.id] = yield from self._ask(account)
            renewal.set_result(token)
            return token
        except UpstreamError as error:
            renewal.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._renewals[key]
            renewal.cancel()  # nothing, unless something else went wrong: nobody shall wait for ever

    def _ask(self, account: Account) -> Waiting[Token]:
        credentials = account.credentials
        reply = yield from self._getoxsrf(credentials)
        if reply.status == 302 and "refreshcookies" in reply.headers.get("location", ""):
            credentials = yield from self._hop(credentials, reply)
            reply = yield from self._getoxsrf(credentials)
        key = _key(reply)
        fresh = with_cookies(credentials, reply.cookies)
        if fresh != account.credentials:
            self._rotated(account.id, fresh)
        bearer, due = signed(key, credentials.csesidx, now=self._clock())
        return Token(bearer, due, (account.credentials, fresh))

    def _getoxsrf(self, credentials: Credentials) -> Waiting[Reply]:
        url = f"{self._auth_url}/auth/getoxsrf?csesidx={quote(credentials.csesidx)}"
        return self._transport.get(url, self._headers(credentials))

    def _hop(self, credentials: Credentials, reply: Reply) -> Waiting[Credentials]:
        """Follow the one redirect that renews cookies; only to hosts of the service itself."""
        target = urljoin(self._auth_url, reply.headers["location"])
        if _host(target) not in self._own_hosts:
            raise CredentialsRejected(
                "The service sent the cookies to be renewed at a host that is not its own."
            )
        hop = yield from self._transport.get(target, self._headers(credentials))
        return with_cookies(with_cookies(credentials, reply.cookies), hop.cookies)

    def _headers(self, credentials: Credentials) -> dict[str, str]:
        return {
            "cookie": cookie_header(credentials),
            "user-agent": credentials.user_agent or self._user_agent,
            "accept": "*/*",
            "referer": f"{ISSUER}/",
        }


@dataclass(frozen=True, slots=True)
class Key:
    """What getoxsrf gives: the id and bytes of a signing key, and its end in epoch seconds if told."""

    id: str
    secret: bytes
    expires_at: float | None


def signed(key: Key, csesidx: str, *, now: float) -> tuple[str, float]:
    """A bearer token and when it is due: before it, and the key it is signed with, expire."""
    issued = int(now)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": f"csesidx/{csesidx}",
        "iat": issued,
        "exp": issued + LIFE_SECONDS,
        "nbf": issued,
    }
    bearer = jwt.encode(claims, key.secret, algorithm="HS256", headers={"kid": key.id})
    margin = LIFE_SECONDS - USE_SECONDS
    ends = min(issued + LIFE_SECONDS, key.expires_at or issued + LIFE_SECONDS)
    # A clock that differs from the service's must not make every token due at once.
    return bearer, max(ends - margin, now + margin / 2)


def _host(url: str) -> tuple[str, str]:
    """What must be the same for cookies to go there: scheme and host."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _waited(renewal: "Future[Token]") -> Waiting[Token | None]:
    """What another thread's renewal comes to; None when it was given up."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            return renewal.result(timeout=TICK_SECONDS)
        except CancelledError:
            return None
        except TimeoutError:
            yield SILENCE
    raise Busy("Another request has been waiting too long for a token of this account.")


def _key(reply: Reply) -> Key:
    """The key in a reply of getoxsrf, or the error its status or form stands for."""
    if reply.status != 200:
        raise _refused(reply.status)
    body = reply.body.removeprefix(PREFIX).strip()
    try:
        answer = orjson.loads(body)
        secret = decoded(answer["xsrfToken"])
        return Key(str(answer["keyId"]), secret, _moment(answer.get("expirationTime")))
    except (ValueError, KeyError, TypeError, AttributeError):
        # A page instead of JSON, or JSON without a key: what a signed-out browser is given.
        raise CredentialsRejected("The account is signed out: its cookies give no token.") from None


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


def _moment(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp() if text else None
    except ValueError:
        return None
