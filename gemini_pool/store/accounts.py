"""Accounts and their state in the store; cookies encrypted."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from peewee import (
    EXCLUDED,
    AutoField,
    BooleanField,
    CompositeKey,
    FloatField,
    IntegerField,
    Model,
    TextField,
    fn,
)

from gemini_pool.readers import Seat
from gemini_pool.roster import Account, Credentials, QuotaKind, Standing, Verdict
from gemini_pool.store.db import Store
from gemini_pool.store.secrets import Vault

# What new cookies leave as it is.
KEPT = ("origin", "name", "enabled", "created_at")


class AccountRow(Model):
    id = AutoField()
    origin = TextField(null=True)
    name = TextField()
    config_id = TextField()
    csesidx = TextField()
    secure_c_ses = TextField()
    host_c_oses = TextField()
    user_agent = TextField()
    expires_at = FloatField(null=True)
    enabled = BooleanField()
    standing = TextField()
    reason = TextField()
    resting_until = FloatField()
    created_at = FloatField()

    class Meta:
        table_name = "accounts"


class CooldownRow(Model):
    account_id = IntegerField()
    kind = TextField()
    until = FloatField()

    class Meta:
        table_name = "cooldowns"
        primary_key = CompositeKey("account_id", "kind")


class Accounts:
    """The pool's ledger."""

    def __init__(self, store: Store, vault: Vault, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._db = store.db
        self._vault = vault
        self._clock = clock
        self._watch = store.watch()

    def changed(self) -> bool:
        return self._watch.changed()

    def accounts(self) -> list[Account]:
        """All accounts, by id."""
        cooldowns: dict[int, dict[QuotaKind, float]] = defaultdict(dict)
        with self._store.reading():
            for row in CooldownRow.select().execute(self._db):
                cooldowns[row.account_id][QuotaKind(row.kind)] = row.until
            rows = list(AccountRow.select().order_by(AccountRow.id).execute(self._db))
        return [self._account(row, cooldowns.get(row.id, {})) for row in rows]

    def add_missing(self, seats: Iterable[Seat]) -> int:
        """Add the seats the store has never had; how many that were. What is there is left alone."""
        with self._store.reading():
            known = {row.origin for row in AccountRow.select(AccountRow.origin).execute(self._db)}
        missing = [seat for seat in seats if seat.origin not in known]
        if not missing:
            return 0
        with self._store.writing():
            for seat in missing:  # another process may have been first
                AccountRow.insert(self._columns(seat)).on_conflict_ignore().execute(self._db)
        return len(missing)

    def put(self, seats: Sequence[Seat]) -> tuple[int, int]:
        """Add seats, or give new cookies to those that are there: how many were added, and how many renewed.

        New cookies wipe away what was said of the old ones.
        """
        added = self.add_missing(seats)
        with self._store.writing():
            for seat in seats:
                fresh = {k: v for k, v in self._columns(seat).items() if k not in KEPT}
                AccountRow.update(fresh).where(AccountRow.origin == seat.origin).execute(self._db)
        return added, len(seats) - added

    def switch(self, account_id: int, *, enabled: bool) -> bool:
        """Switch an account on or off; on also ends its rests. False when there is no such account."""
        changes: dict[str, object] = {"enabled": enabled}
        if enabled:
            changes |= {"standing": Standing.GOOD.value, "reason": "", "resting_until": 0.0}
        with self._store.writing():
            if enabled:
                CooldownRow.delete().where(CooldownRow.account_id == account_id).execute(self._db)
            return bool(AccountRow.update(changes).where(AccountRow.id == account_id).execute(self._db))

    def record(self, account: Account, verdict: Verdict) -> None:
        """Keep what a failure concluded; what it says of cookies, only if they are still the account's."""
        changes: dict[str, object] = {"reason": verdict.reason}
        if verdict.standing is not None:
            changes["standing"] = verdict.standing.value
        if verdict.until is not None and verdict.kind is None:
            changes["resting_until"] = verdict.until
        with self._store.writing():
            held = self._credentials(account.id)
            if held is None or (verdict.standing is not None and held != account.credentials):
                return
            AccountRow.update(changes).where(AccountRow.id == account.id).execute(self._db)
            if verdict.until is not None and verdict.kind is not None:
                self._cool(account.id, verdict.kind, verdict.until)

    def claim_probe(self, account: Account, until: float) -> bool:
        return True

    def _cool(self, account_id: int, kind: QuotaKind, until: float) -> None:
        """Of two limits met at once the longer counts."""
        CooldownRow.insert(account_id=account_id, kind=kind.value, until=until).on_conflict(
            conflict_target=[CooldownRow.account_id, CooldownRow.kind],
            update={CooldownRow.until: fn.MAX(CooldownRow.until, EXCLUDED.until)},
        ).execute(self._db)

    def renew(self, account_id: int, credentials: Credentials) -> None:
        """Keep cookies that the service handed out; they are proof that the account is signed in."""
        with self._store.writing():
            AccountRow.update(
                secure_c_ses=self._vault.seal(credentials.secure_c_ses),
                host_c_oses=self._vault.seal(credentials.host_c_oses),
                standing=Standing.GOOD.value,
            ).where(AccountRow.id == account_id).execute(self._db)

    def _columns(self, seat: Seat) -> dict[str, object]:
        return {
            "origin": seat.origin,
            "name": seat.name,
            "config_id": seat.credentials.config_id,
            "csesidx": seat.credentials.csesidx,
            "secure_c_ses": self._vault.seal(seat.credentials.secure_c_ses),
            "host_c_oses": self._vault.seal(seat.credentials.host_c_oses),
            "user_agent": seat.credentials.user_agent,
            "expires_at": seat.expires_at,
            "enabled": True,
            "standing": Standing.GOOD.value,
            "reason": "",
            "resting_until": 0.0,
            "created_at": self._clock(),
        }

    def _credentials(self, account_id: int) -> Credentials | None:
        rows = AccountRow.select().where(AccountRow.id == account_id).execute(self._db)
        return self._opened(rows[0]) if len(rows) else None

    def _opened(self, row: AccountRow) -> Credentials:
        return Credentials(
            secure_c_ses=self._vault.open(row.secure_c_ses),
            csesidx=row.csesidx,
            config_id=row.config_id,
            host_c_oses=self._vault.open(row.host_c_oses),
            user_agent=row.user_agent,
        )

    def _account(self, row: AccountRow, cooldowns: dict[QuotaKind, float]) -> Account:
        return Account(
            id=row.id,
            name=row.name,
            credentials=self._opened(row),
            enabled=row.enabled,
            standing=Standing(row.standing),
            reason=row.reason,
            expires_at=row.expires_at,
            resting_until=row.resting_until,
            cooldowns=cooldowns,
        )
