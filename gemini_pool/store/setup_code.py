"""The code that whoever sets the first password must present: who may read the log or the disk has it."""

import hmac
import os
from pathlib import Path

from gemini_pool.errors import StoreError
from gemini_pool.store.passwords import code_digest, new_code

SETUP_FILE = "setup-code"


class SetupCode:
    """One for all processes, in a file that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / SETUP_FILE

    def text(self) -> str:
        """The code, made if there is none. StoreError."""
        try:
            return self._read() or self._make()
        except OSError as error:
            raise StoreError(f"The set-up code cannot be kept under DATA_DIR: {error}") from error

    def matches(self, typed: str) -> bool:
        return hmac.compare_digest(code_digest(typed), code_digest(self.text()))

    def forget(self) -> None:
        """It has served: a password is set."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> str:
        try:
            return self._path.read_text().strip()
        except FileNotFoundError:
            return ""

    def _make(self) -> str:
        fresh = self._path.with_name(f"{SETUP_FILE}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(new_code() + "\n")
            os.fsync(file.fileno())
        try:
            os.link(fresh, self._path)  # fails when another process was first: then its code is ours
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        return self._path.read_text().strip()
