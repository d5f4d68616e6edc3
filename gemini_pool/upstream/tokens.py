"""Tokens: the cookies of an account become a signed JWT, five minutes at a time.

The service gives a key for the cookies (`xsrf`); the token is signed here with that key. A token is used
until it is due, and renewed by one thread a time for each account: the others wait for that one's result,
and no lock is held while it asks.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass

import jwt

from gemini_pool.dialogue import SILENCE, Waiting
from gemini_pool.errors import Busy, UpstreamError
from gemini_pool.roster import Account, Credentials
from gemini_pool.upstream.cookies import with_cookies
from gemini_pool.upstream.transport import TICK_SECONDS, Transport
from gemini_pool.upstream.xsrf import ISSUER, Key, Xsrf, key_of, renews_cookies

# A claim as the service expects it, by whatever address it is reached.
AUDIENCE = "https://biz-discoveryengine.googleapis.com"
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
        self._xsrf = Xsrf(transport, auth_url=auth_url, login_url=login_url, user_agent=user_agent)
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

    def made_of(self, credentials: Credentials) -> Waiting[Token]:
        """A token of credentials that need not be an account's; kept nowhere, told to nobody."""
        given = credentials
        reply = yield from self._xsrf.ask(credentials)
        if renews_cookies(reply):
            hop = yield from self._xsrf.hop(credentials, reply)
            credentials = with_cookies(credentials, (*reply.cookies, *hop.cookies))
            reply = yield from self._xsrf.ask(credentials)
        key = key_of(reply)
        bearer, due = signed(key, credentials.csesidx, now=self._clock())
        return Token(bearer, due, (given, with_cookies(credentials, reply.cookies)))

    def _ask(self, account: Account) -> Waiting[Token]:
        token = yield from self.made_of(account.credentials)
        fresh = token.made_from[-1]
        if fresh != account.credentials:
            self._rotated(account.id, fresh)
        return token


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
