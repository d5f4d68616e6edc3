"""What the pool keeps of its accounts: how they are, what was concluded of them; cookies encrypted."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from gemini_pool.readers import Seat, seat_origin
from gemini_pool.roster import Account, Credentials, QuotaKind, Standing, Verdict
from gemini_pool.store.account_rows import FRESH, AccountRow, CooldownRow, DeletedRow, account_of, columns_of
from gemini_pool.store.db import Store
from gemini_pool.store.history import Chapter, History, What, meaning
from gemini_pool.store.profiles import NewAccount
from gemini_pool.store.secrets import Vault


class Ledger:
    """The pool's ledger. Whatever changes how an account looks goes through `_changing`."""

    def __init__(self, store: Store, vault: Vault, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._db = store.db
        self._vault = vault
        self._clock = clock
        self._watch = store.watch()
        self._history = History(store, clock)
        self._listeners: list[Callable[[int], None]] = []

    def changed(self) -> bool:
        return self._watch.changed()

    def listen(self, told: Callable[[int], None]) -> None:
        """Have `told(account_id)` called for each account that this process changed, once that is on disk.

        It is called on the thread that changed it, which may be a request's.
        """
        self._listeners.append(told)

    def accounts(self) -> list[Account]:
        """All accounts, by id."""
        with self._store.reading():
            return [account_of(row, cooled, self._vault) for row, cooled in self._rows()]

    def add_missing(self, seats: Iterable[Seat]) -> int:
        """Add the seats the store has never had; how many that were. What is there is left alone, and what
        was deleted stays so."""
        seats = list(seats)
        with self._store.reading():
            if all(map(self._known(), seats)):
                return 0
        added = 0
        with self._changing() as chapter:
            for seat in seats:
                if not self._known()(seat):  # by now another process may have been first
                    chapter.note(self._insert(given_by(seat), seat.origin), What.ADDED)
                    added += 1
        return added

    def record(self, account: Account, verdict: Verdict) -> None:
        """Keep what an answer concluded; what it says of cookies, only if they are still the account's."""
        with self._changing() as chapter:
            held = self._held(account.id)
            if held is None or (verdict.standing is not None and held.credentials != account.credentials):
                return
            self._keep(held.after(verdict), verdict.kind)
            what = meaning(held, verdict)
            if what is not None:
                chapter.note(held.id, what, verdict.reason, verdict.kind)

    def claim_probe(self, account: Account, until: float) -> bool:
        """Whether the caller's is the one request that may go ahead when the account's rest is over.

        True for one of all processes; the others then find the account resting until `until`.
        """
        unclaimed = (AccountRow.id == account.id) & (AccountRow.resting_until == account.resting_until)
        with self._store.writing():
            return bool(AccountRow.update(resting_until=until).where(unclaimed).execute(self._db))

    def renew(self, account_id: int, credentials: Credentials) -> None:
        """Keep cookies that the service handed out; they are proof that the account is signed in.

        If it was given another sign-in meanwhile, they are not its any more.
        """
        with self._changing() as chapter:
            held = self._held(account_id)
            if held is None or held.credentials.csesidx != credentials.csesidx:
                return
            AccountRow.update(
                secure_c_ses=self._vault.seal(credentials.secure_c_ses),
                host_c_oses=self._vault.seal(credentials.host_c_oses),
                cookies_at=self._clock(),
                standing=Standing.GOOD.value,
            ).where(AccountRow.id == account_id).execute(self._db)
            if held.standing is not Standing.GOOD:
                chapter.note(account_id, What.RECOVERED)

    # Below, the caller is within a transaction

    @contextmanager
    def _changing(self) -> Iterator[Chapter]:
        """A write transaction with its chapter of the history; who listens is told when it is on disk."""
        with self._store.writing():
            chapter = self._history.begin()
            yield chapter
        for account_id in dict.fromkeys(chapter.touched):
            for listener in self._listeners:
                listener(account_id)

    def _known(self) -> Callable[[Seat], bool]:
        """Tells whether the store has, or had, a seat: by its origin, or by what it signs in to."""
        rows = AccountRow.select(AccountRow.origin, AccountRow.config_id, AccountRow.csesidx)
        known = {row.origin for row in DeletedRow.select(DeletedRow.origin).execute(self._db)}
        for origin, config_id, csesidx in rows.tuples().execute(self._db):
            known |= {origin, f"{config_id}/{csesidx}"}
        return lambda seat: seat.origin in known or seat_origin(seat.credentials) in known

    def _insert(self, given: NewAccount, origin: str | None = None) -> int:
        now = self._clock()
        columns = (
            columns_of(given, self._vault) | FRESH | {"origin": origin, "created_at": now, "cookies_at": now}
        )
        return int(AccountRow.insert(columns).execute(self._db))

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

    def _rows(self) -> list[tuple[AccountRow, list[CooldownRow]]]:
        cooldowns: dict[int, list[CooldownRow]] = defaultdict(list)
        for row in CooldownRow.select().execute(self._db):
            cooldowns[row.account_id].append(row)
        return [
            (row, cooldowns[row.id]) for row in AccountRow.select().order_by(AccountRow.id).execute(self._db)
        ]

    def _row(self, account_id: int) -> AccountRow | None:
        rows = AccountRow.select().where(AccountRow.id == account_id).execute(self._db)
        return rows[0] if len(rows) else None

    def _cooled(self, account_id: int) -> list[CooldownRow]:
        return list(CooldownRow.select().where(CooldownRow.account_id == account_id).execute(self._db))

    def _held(self, account_id: int) -> Account | None:
        row = self._row(account_id)
        return account_of(row, self._cooled(account_id), self._vault) if row else None


def given_by(seat: Seat) -> NewAccount:
    """What the environment gives of an account."""
    return NewAccount(seat.credentials, name=seat.name, expires_at=seat.expires_at, mailbox=seat.mailbox)
