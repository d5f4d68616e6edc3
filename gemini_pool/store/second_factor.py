"""The second factor: codes that an authenticator shows for half a minute each (TOTP, RFC 6238)."""

import base64
import hmac
import secrets

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECRET_BYTES = 20
DIGITS = 6
STEP_SECONDS = 30
# Clocks differ, and people type slowly: the code before and the one after are good as well.
SKEW = (-1, 0, 1)
ISSUER = "gemini_pool"


def new_secret() -> str:
    """A secret as authenticators take it: base32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def uri(secret: str) -> str:
    """The `otpauth://` address that an authenticator reads from a QR code."""
    return _totp(secret).get_provisioning_uri("admin", ISSUER)


def step_of(secret: str, code: str, now: float) -> int | None:
    """The half minute that a code belongs to, counted since 1970; None when it is none of about now."""
    typed = "".join(code.split()).encode()
    step = int(now // STEP_SECONDS)
    # All are looked at, so that the time this takes tells nothing.
    good = [step + skew for skew in SKEW if hmac.compare_digest(_code(secret, step + skew), typed)]
    return max(good, default=None)


def _code(secret: str, step: int) -> bytes:
    return _totp(secret).generate(step * STEP_SECONDS)


def _totp(secret: str) -> TOTP:
    # SHA-1 is what authenticators know, and as a keyed hash it is as good as ever.
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303
