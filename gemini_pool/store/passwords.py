"""What people type to prove who they are: passwords, kept as slow hashes, and codes, which nobody guesses."""

import base64
import hashlib
import re
import secrets

from werkzeug.security import check_password_hash, generate_password_hash

from gemini_pool.readers import LONGEST_PASSWORD, SHORTEST_PASSWORD

# As strong as OWASP's 2^17:8:1 at a quarter of its memory (32 MiB): the machine is a small one.
METHOD = "scrypt:32768:8:3"
# What other programs may have written. Its costs are bounded: they would be ours at every sign-in.
UNDERSTOOD = re.compile(
    r"(?:scrypt:(?:16384|32768|65536|131072):8:[1-8]|pbkdf2:sha(?:256|512):[1-9][0-9]{4,6})"
    r"\$[^$]{1,64}\$[0-9a-f]{64,128}"
)
CODE_BYTES = 10
GROUP = 4


def fault(password: str) -> str:
    """Why a text cannot be a password, as a sentence; empty when it can."""
    if len(password) < SHORTEST_PASSWORD:
        return f"The password is too short: it needs at least {SHORTEST_PASSWORD} characters."
    if len(password) > LONGEST_PASSWORD:
        return f"The password is too long: it may have at most {LONGEST_PASSWORD:,} characters."
    return ""


def hashed(password: str) -> str:
    """A third of a second of work, and 32 MiB."""
    return generate_password_hash(password, METHOD)


def matches(stored: str, password: str) -> bool:
    """Whether a password is the one that a hash was made of; as slow as making it."""
    return bool(UNDERSTOOD.fullmatch(stored)) and check_password_hash(stored, password)


def new_code() -> str:
    """A code to be typed, of 80 random bits: `ABCD-EFGH-IJKL-MNOP`."""
    text = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def code_digest(code: str) -> str:
    """What is kept of a code: the same however it is typed. A plain hash will do for so many bits."""
    return hashlib.sha256(re.sub(r"[\s-]", "", code).upper().encode()).hexdigest()
