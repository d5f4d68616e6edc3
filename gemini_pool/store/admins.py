"""The one administrator: his password, and a second factor if he wants one.

ADMIN_PASSWORD and ADMIN_KEY fix the password; else it lies here as a slow hash. Whatever changes it ends
all sessions in the same transaction.
"""

import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from peewee import IntegerField, Model, TextField

from gemini_pool.errors import Invalid
from gemini_pool.readers import LONGEST_PASSWORD
from gemini_pool.store import passwords, second_factor
from gemini_pool.store.db import Store
from gemini_pool.store.secrets import Vault
from gemini_pool.store.sessions import SessionRow, Sessions
from gemini_pool.store.setup_code import SetupCode

RECOVERY_CODES = 10


class AdminRow(Model):
    id = IntegerField(primary_key=True)
    password = TextField()
    fixed = TextField()
    totp = TextField()
    totp_begun = TextField()
    totp_step = IntegerField()

    class Meta:
        table_name = "admin"


class RecoveryCodeRow(Model):
    digest = TextField(primary_key=True)

    class Meta:
        table_name = "recovery_codes"


class Admins:
    """Thread-safe. `fixed` are the passwords of the environment; empty ones are none."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        setup: SetupCode,
        sessions: Sessions,
        fixed: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._db = store.db
        self._vault = vault
        self._setup = setup
        self._sessions = sessions
        self._fixed = tuple(filter(None, fixed))
        self._clock = clock
        self._hashing = threading.Lock()

    # The password

    @property
    def is_fixed(self) -> bool:
        """Whether the environment says what the password is."""
        return bool(self._fixed)

    def has_password(self) -> bool:
        return self.is_fixed or bool(self._row().password)

    def honour_environment(self) -> None:
        """End all sessions if the environment fixes another password than when they began."""
        mark = self._vault.mark("\n".join(self._fixed)) if self._fixed else ""
        before = self._row().fixed
        if not hmac.compare_digest(before, mark):
            self._change(AdminRow.fixed == before, fixed=mark)  # one worker of all does it

    def verify(self, password: str) -> bool:
        """Whether this is the password. A third of a second, for one at a time: memory is short."""
        if self._fixed:
            return _among(password, self._fixed)
        stored = self._row().password
        if len(password) > LONGEST_PASSWORD:
            return False
        with self._hashing:
            return passwords.matches(stored, password)

    def fault(self, password: str) -> str:
        """Why this cannot become the password, as a sentence; empty when it can."""
        if self.is_fixed:
            return "ADMIN_PASSWORD or ADMIN_KEY fixes the password: change it there and restart."
        return passwords.fault(password)

    def set_password(self, password: str, *, drop_totp: bool = False) -> None:
        """Change the password and end all sessions. Invalid."""
        self._refuse(self.fault(password))
        with self._hashing:
            stored = passwords.hashed(password)
        self._change(password=stored, **_no_totp(drop_totp))
        self._setup.forget()

    def adopt(self, password_hash: str) -> None:
        """Take over the password of another program by its hash, in Werkzeug's forms. Invalid."""
        if not passwords.UNDERSTOOD.fullmatch(password_hash):
            self._refuse("The password's hash is of no form that is known here.")
        self._change(password=password_hash)
        self._setup.forget()

    # The first visit

    def setup_code(self) -> str:
        """What the first visit must present; empty when there is a password."""
        return "" if self.has_password() else self._setup.text()

    def establish(self, code: str, password: str) -> bool:
        """Set the first password; False for a wrong code. Invalid, also when there is a password already."""
        taken = "A password is set already: sign in with it."
        self._refuse(taken if self.has_password() else self.fault(password))
        if not self._setup.matches(code):
            return False
        with self._hashing:
            stored = passwords.hashed(password)
        if not self._change(AdminRow.password == "", password=stored):
            self._refuse(taken)  # another visit was faster
        self._setup.forget()
        return True

    # The second factor

    def has_totp(self) -> bool:
        return bool(self._row().totp)

    def begin_totp(self) -> tuple[str, str]:
        """A new secret, and its address for authenticators; asked for only once it is confirmed. Invalid."""
        if self.has_totp():
            self._refuse("There is a second factor already: switch it off first.")
        secret = second_factor.new_secret()
        self._update(totp_begun=self._vault.seal(secret))
        return secret, second_factor.uri(secret)

    def confirm_totp(self, code: str) -> list[str]:
        """Switch the second factor on; the recovery codes, which are not kept. Empty for a wrong code."""
        begun = self._row().totp_begun
        step = second_factor.step_of(self._vault.open(begun), code, self._clock()) if begun else None
        if step is None:
            return []
        fresh = [passwords.new_code() for _ in range(RECOVERY_CODES)]
        with self._store.writing():
            if not self._put(AdminRow.totp_begun == begun, totp=begun, totp_begun="", totp_step=step):
                return []  # another has been begun meanwhile
            RecoveryCodeRow.delete().execute(self._db)
            rows = [(passwords.code_digest(code),) for code in fresh]
            RecoveryCodeRow.insert_many(rows, (RecoveryCodeRow.digest,)).execute(self._db)
        return fresh

    def verify_code(self, code: str) -> bool:
        """Whether this is a code of the authenticator, or a recovery code; each is good once."""
        return self._spend_totp(code) or self._spend_recovery(code)

    def drop_totp(self) -> None:
        """Switch the second factor off."""
        with self._store.writing():
            self._put(None, **_no_totp(True))
            RecoveryCodeRow.delete().execute(self._db)

    def _spend_totp(self, code: str) -> bool:
        sealed = self._row().totp
        step = second_factor.step_of(self._vault.open(sealed), code, self._clock()) if sealed else None
        return step is not None and self._update(AdminRow.totp_step < step, totp_step=step)

    def _spend_recovery(self, code: str) -> bool:
        this = RecoveryCodeRow.digest == passwords.code_digest(code)
        with self._store.writing(shared=False):
            return bool(RecoveryCodeRow.delete().where(this).execute(self._db))

    def _row(self) -> AdminRow:
        with self._store.reading():
            return next(iter(AdminRow.select().execute(self._db)))

    def _change(self, which: Any = None, **columns: Any) -> bool:
        """Change the password in one way or another, and end all sessions; False when nothing fitted."""
        with self._store.writing():
            if not self._put(which, **columns):
                return False
            if columns.get("totp") == "":
                RecoveryCodeRow.delete().execute(self._db)
            SessionRow.delete().execute(self._db)
        self._sessions.renew()
        return True

    def _update(self, which: Any = None, **columns: Any) -> bool:
        with self._store.writing(shared=False):
            return self._put(which, **columns)

    def _put(self, which: Any, **columns: Any) -> bool:
        update = AdminRow.update(**columns)
        return bool((update if which is None else update.where(which)).execute(self._db))

    def _refuse(self, why: str) -> None:
        if why:
            raise Invalid(why, fields={"password": why})


def _no_totp(drop: bool) -> dict[str, Any]:
    return {"totp": "", "totp_begun": "", "totp_step": 0} if drop else {}


def _among(text: str, secrets: Iterable[str]) -> bool:
    """Whether a text is one of these; all are looked at, so that the time this takes tells nothing."""
    given = _digest(text)
    return sum(hmac.compare_digest(given, _digest(secret)) for secret in secrets) > 0


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
