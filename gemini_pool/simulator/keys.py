"""The keys that getoxsrf gives out, and the strict reading of tokens signed with them."""

import base64
import binascii
import hashlib
import hmac
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.refusal import unauthenticated

ISSUER = "https://business.gemini.google"
AUDIENCE = "https://biz-discoveryengine.googleapis.com"

KEY_LIFE_S = 300
TOKEN_LIFE_S = 300
SKEW_S = 10
REMEMBERED_TOKENS = 4096

_URL_SAFE_ONLY = b"\xfb\xff\xbf"  # becomes "-_-_": a decoder of plain base64 trips over it
_SECRET_BYTES = (32, 33, 34)  # token lengths 43, 44 and 46: every length mod 4 that can be


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key; `expires` is epoch seconds."""

    kid: str
    account: SimAccount
    csesidx: str
    secret: bytes
    expires: float

    @property
    def xsrf_token(self) -> str:
        """The secret as getoxsrf shows it: base64url without padding."""
        return base64.urlsafe_b64encode(self.secret).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Token:
    """A JWT whose signature and claims have been found good; times are epoch seconds."""

    key: Key
    not_before: int
    expires: int


class KeyRing:
    """Every key still valid, and the tokens already verified."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._tokens: dict[str, Token] = {}
        self._sizes = itertools.cycle(_SECRET_BYTES)

    def issue(self, account: SimAccount, csesidx: str) -> Key:
        """A new key for this session index of the account; the older ones stay valid until they expire."""
        self._drop_expired()
        secret = _URL_SAFE_ONLY + secrets.token_bytes(next(self._sizes) - len(_URL_SAFE_ONLY))
        key = Key(secrets.token_hex(12), account, csesidx, secret, self._clock() + KEY_LIFE_S)
        self._keys[key.kid] = key
        return key

    def revoke(self, jwt: str) -> None:
        """Refuse the key behind this verified token, and all it signed, from now on."""
        self._keys.pop(self._tokens[jwt].key.kid, None)

    def revoke_all(self, account: SimAccount) -> None:
        """Refuse every key of the account from now on."""
        self._keys = {kid: key for kid, key in self._keys.items() if key.account != account}

    def account_of(self, jwt: str) -> SimAccount:
        """The account the token speaks for. Refusal 401 when anything about it is wrong."""
        token = self._tokens.get(jwt) or self._remember(jwt, self._verify(jwt))
        now = self._clock()
        if token.key.kid not in self._keys or now >= token.key.expires + SKEW_S:
            raise unauthenticated("the signing key is unknown or has expired")
        if not token.not_before - SKEW_S <= now < token.expires + SKEW_S:
            raise unauthenticated("the token is expired or not yet valid")
        return token.key.account

    def _drop_expired(self) -> None:
        now = self._clock()
        for kid in tuple(itertools.takewhile(lambda kid: self._is_dead(kid, now), self._keys)):
            del self._keys[kid]

    def _is_dead(self, kid: str, now: float) -> bool:
        return now >= self._keys[kid].expires + SKEW_S

    def _remember(self, jwt: str, token: Token) -> Token:
        if len(self._tokens) >= REMEMBERED_TOKENS:
            self._tokens.clear()
        self._tokens[jwt] = token
        return token

    def _verify(self, jwt: str) -> Token:
        match jwt.split("."):
            case [first, second, third]:
                header, claims = _read_object(first), _read_object(second)
            case _:
                raise unauthenticated("not a token of three parts")
        if header.get("alg") != "HS256" or header.get("typ") != "JWT":
            raise unauthenticated("alg must be HS256 and typ JWT")
        key = self._keys.get(str(header.get("kid")))
        if key is None:
            raise unauthenticated("the signing key is unknown or has expired")
        signature = hmac.digest(key.secret, f"{first}.{second}".encode(), hashlib.sha256)
        if not hmac.compare_digest(signature, _decode(third)):
            raise unauthenticated("the signature does not fit")
        return _read_claims(claims, key)


def _read_claims(claims: dict[str, Any], key: Key) -> Token:
    wanted = {"iss": ISSUER, "aud": AUDIENCE, "sub": f"csesidx/{key.csesidx}"}
    for name, value in wanted.items():
        if claims.get(name) != value:
            raise unauthenticated(f"{name} must be {value}")
    issued, expires, not_before = (_seconds(claims, name) for name in ("iat", "exp", "nbf"))
    if expires - issued > TOKEN_LIFE_S + SKEW_S:
        raise unauthenticated(f"a token lives {TOKEN_LIFE_S} seconds at most")
    return Token(key, not_before, expires)


def _seconds(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int:
        raise unauthenticated(f"{name} must be whole seconds")
    return value


def _read_object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_decode(part))
    except ValueError as error:
        raise unauthenticated("a part of the token is not JSON") from error
    if not isinstance(value, dict):
        raise unauthenticated("a part of the token is not an object")
    return value


def _decode(part: str) -> bytes:
    if "=" in part:
        raise unauthenticated("the parts of a token carry no padding")
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise unauthenticated("a part of the token is not base64url") from error
