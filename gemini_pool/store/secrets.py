"""Secrets at rest: encrypted on the way in, decrypted on the way out.

The key comes from API_KEY_ENCRYPTION_KEY (several, the first encrypts: that is how one is replaced) or
from a file beside the database that only its owner can read, made at the first start.
"""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from gemini_pool.errors import StoreError

KEY_FILE = "encryption.key"


class Vault:
    """Encrypts and decrypts short texts."""

    def __init__(self, keys: str) -> None:
        several = [key.strip() for key in keys.split(",") if key.strip()]
        self._fernet = MultiFernet([Fernet(key) for key in several])
        self._marking = hashlib.sha256(b"mark " + several[0].encode()).digest()

    def seal(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode() if secret else ""

    def mark(self, secret: str) -> str:
        """What tells a secret from another, and nothing of it to who lacks the key."""
        return hmac.new(self._marking, secret.encode(), hashlib.sha256).hexdigest()

    def open(self, sealed: str) -> str:
        if not sealed:
            return ""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise StoreError(
                "A stored secret cannot be decrypted: the encryption key is not the one it was stored with. "
                f"Put the old key back ({KEY_FILE} or API_KEY_ENCRYPTION_KEY)."
            ) from None


def open_vault(keys: str, data_path: Path) -> Vault:
    """The vault for these keys, or for the key file, which is made if it is missing."""
    if keys:
        return Vault(keys)
    try:
        return Vault(_key_file(data_path / KEY_FILE))
    except ValueError:
        raise StoreError(
            f"The key file {KEY_FILE} is damaged. Put a copy of it back: without it stored cookies are lost."
        ) from None


def _key_file(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(Fernet.generate_key())
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # fails when another process was first: then its key is ours
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text()
