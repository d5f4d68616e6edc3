"""Accounts and their state in the store; cookies encrypted."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from peewee import AutoField, BooleanField, CompositeKey, FloatField, IntegerField, Model, TextField

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
    strikes = IntegerField()
    created_at = FloatField()

    class Meta:
        table_name = "accounts"


class CooldownRow(Model):
    account_id = IntegerField()
    kind = TextField()
    until = FloatField()
    firm = BooleanField()

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
        cooldowns: dict[int, list[CooldownRow]] = defaultdict(list)
        with self._store.reading():
            for row in CooldownRow.select().execute(self._db):
                cooldowns[row.account_id].append(row)
            rows = list(AccountRow.select().order_by(AccountRow.id).execute(self._db))
        return [self._account(row, cooldowns[row.id]) for row in rows]

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
            changes |= {"standing": Standing.GOOD.value, "reason": "", "resting_until": 0.0, "strikes": 0}
        with self._store.writing():
            if enabled:
                CooldownRow.delete().where(CooldownRow.account_id == account_id).execute(self._db)
            return bool(AccountRow.update(changes).where(AccountRow.id == account_id).execute(self._db))

    def record(self, account: Account, verdict: Verdict) -> None:
        """Keep what an answer concluded; what it says of cookies, only if they are still the account's."""
        with self._store.writing():
            held = self._held(account.id)
            if held is None or (verdict.standing is not None and held.credentials != account.credentials):
                return
            self._keep(held.after(verdict), verdict.kind)

    def claim_probe(self, account: Account, until: float) -> bool:
        """Whether the caller's is the one request that may go ahead when the account's rest is over.

        True for one of all processes; the others then find the account resting until `until`.
        """
        unclaimed = (AccountRow.id == account.id) & (AccountRow.resting_until == account.resting_until)
        with self._store.writing():
            return bool(AccountRow.update(resting_until=until).where(unclaimed).execute(self._db))

    def renew(self, account_id: int, credentials: Credentials) -> None:
        """Keep cookies that the service handed out; they are proof that the account is signed in."""
        with self._store.writing():
            AccountRow.update(
                secure_c_ses=self._vault.seal(credentials.secure_c_ses),
                host_c_oses=self._vault.seal(credentials.host_c_oses),
                standing=Standing.GOOD.value,
            ).where(AccountRow.id == account_id).execute(self._db)

    def _keep(self, account: Account, cooled: QuotaKind | None) -> None:
        AccountRow.update(
            standing=account.standing.value,
            reason=account.reason,
            resting_until=account.resting_until,
            strikes=account.strikes,
        ).where(AccountRow.id == account.id).execute(self._db)
        if cooled is not None and cooled in account.cooldowns:
            CooldownRow.replace(
                account_id=account.id,
                kind=cooled.value,
                until=account.cooldowns[cooled],
                firm=cooled in account.firm,
            ).execute(self._db)

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
            "strikes": 0,
            "created_at": self._clock(),
        }

    def _held(self, account_id: int) -> Account | None:
        rows = AccountRow.select().where(AccountRow.id == account_id).execute(self._db)
        cooldowns = CooldownRow.select().where(CooldownRow.account_id == account_id).execute(self._db)
        return self._account(rows[0], list(cooldowns)) if len(rows) else None

    def _opened(self, row: AccountRow) -> Credentials:
        return Credentials(
            secure_c_ses=self._vault.open(row.secure_c_ses),
            csesidx=row.csesidx,
            config_id=row.config_id,
            host_c_oses=self._vault.open(row.host_c_oses),
            user_agent=row.user_agent,
        )

    def _account(self, row: AccountRow, cooldowns: Sequence[CooldownRow]) -> Account:
        return Account(
            id=row.id,
            name=row.name,
            credentials=self._opened(row),
            enabled=row.enabled,
            standing=Standing(row.standing),
            reason=row.reason,
            expires_at=row.expires_at,
            resting_until=row.resting_until,
            cooldowns={QuotaKind(one.kind): one.until for one in cooldowns},
            strikes=row.strikes,
            firm=frozenset(QuotaKind(one.kind) for one in cooldowns if one.firm),
        )
