"""The AccountManager: which account answers next, and what became of those that did.

One lock guards the seats; it is held for a look and a count, never across a call, a query or a callback.
What must outlive the process goes to the ledger after the lock is free.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from gemini_pool.errors import Cost, NoAccountAvailable, PoolError, StoreError
from gemini_pool.pool.policy import Policy
from gemini_pool.roster import Account, Credentials, QuotaKind, Verdict

log = logging.getLogger(__name__)


class Ledger(Protocol):
    """Where the accounts and their state are kept."""

    def accounts(self) -> Iterable[Account]: ...
    def record(self, account: Account, verdict: Verdict) -> None:
        """Keep a verdict on the account as it was asked: cookies that were replaced since are not meant."""
        ...

    def changed(self) -> bool:
        """Whether something this process has not read was written; cheap enough for every request."""
        ...


class Strategy(Enum):
    ROUND_ROBIN = "round_robin"  # the longest unpicked among those with the fewest open requests
    FIRST_AVAILABLE = "first_available"


@dataclass(slots=True)
class _Seat:
    """An account and what only this process knows of it."""

    account: Account
    open: int = 0
    picked: int = 0  # the turn it was last picked in
    strikes: int = 0  # failures in a row
    probe: "Lease | None" = None  # after a rest one request goes ahead of all others


@dataclass(frozen=True, slots=True, eq=False)
class Lease:
    """The right to ask an account once. Returned with `settle`, exactly once."""

    account: Account
    kind: QuotaKind


class AccountManager:
    """Shares requests out over the accounts. Thread-safe."""

    def __init__(
        self,
        ledger: Ledger,
        policy: Policy,
        *,
        strategy: Strategy = Strategy.ROUND_ROBIN,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._policy = policy
        self._strategy = strategy
        self._clock = clock
        self._lock = threading.Lock()
        self._seats: dict[int, _Seat] = {}
        self._turn = 0
        self._readings = 0  # begun
        self._reading_held = 0  # the newest whose result is held
        self._stale = False
        self.reload()

    def reload(self) -> None:
        """Read the accounts anew; open requests and strikes of those that remain are kept."""
        with self._lock:
            self._readings += 1
            reading = self._readings
        accounts = list(self._ledger.accounts())
        with self._lock:
            if reading < self._reading_held:  # another thread began later and was faster
                return
            self._reading_held = reading
            old = self._seats
            self._seats = {a.id: old.get(a.id) or _Seat(a) for a in accounts}
            for account in accounts:
                self._seats[account.id].account = account

    def lease(self, kind: QuotaKind, tried: frozenset[int] = frozenset()) -> Lease:
        """An account for one request; never one of `tried`. NoAccountAvailable when none is usable."""
        self._refresh()
        now = self._clock()
        with self._lock:
            usable = [
                seat
                for seat in self._seats.values()
                if seat.probe is None and seat.account.id not in tried and seat.account.usable(kind, now)
            ]
            if not usable:
                raise self._nobody(kind, now)
            seat = min(usable, key=self._order)
            return self._taken(seat, kind)

    def settle(self, lease: Lease, error: PoolError | None = None) -> None:
        """Give a lease back: with the error that ended the answer, or None when it was good."""
        account_id = lease.account.id
        with self._lock:
            seat = self._seats.get(account_id)
            if seat is None:  # deleted while it answered
                return
            seat.open = max(0, seat.open - 1)
            if seat.probe is lease:
                seat.probe = None
            verdict = self._judge(seat, lease, error)
        if verdict:
            self._record(lease.account, verdict)

    def renew(self, account_id: int, credentials: Credentials) -> None:
        """The service renewed an account's cookies: use them from now on."""
        with self._lock:
            seat = self._seats.get(account_id)
            if seat:
                seat.account = seat.account.with_credentials(credentials)

    def _refresh(self) -> None:
        """Read the accounts if the ledger has moved on; what cannot be read now, at the next request."""
        if not (self._ledger.changed() or self._stale):
            return
        self._stale = False
        try:
            self.reload()
        except StoreError:
            self._stale = True
            log.warning("the accounts could not be read; going on with those in memory", exc_info=True)

    def _record(self, account: Account, verdict: Verdict) -> None:
        """Keep a verdict; one that cannot be written holds in this process and costs no request."""
        log.warning("account %d (%s): %s", account.id, account.name, verdict.reason)
        try:
            self._ledger.record(account, verdict)
        except StoreError:
            log.warning("the state of account %d could not be written", account.id, exc_info=True)

    def _taken(self, seat: _Seat, kind: QuotaKind) -> Lease:
        lease = Lease(seat.account, kind)
        self._turn += 1
        seat.picked = self._turn
        seat.open += 1
        if seat.strikes >= self._policy.failure_threshold:
            seat.probe = lease
        return lease

    def _order(self, seat: _Seat) -> tuple[int, int]:
        if self._strategy is Strategy.FIRST_AVAILABLE:
            return (0, seat.account.id)
        return (seat.open, seat.picked)

    def _judge(self, seat: _Seat, lease: Lease, error: PoolError | None) -> Verdict | None:
        if error is None:
            seat.strikes, seat.probe = 0, None
            return None
        now = self._clock()
        if (
            error.cost in (Cost.SIGN_IN, Cost.FORBIDDEN)
            and lease.account.credentials != seat.account.credentials
        ):
            return None  # the cookies that failed have been replaced since
        if error.cost in (Cost.STRIKE, Cost.FORBIDDEN):
            if seat.account.resting_until > now:
                return None  # of many requests that one outage ends, the first few have said it all
            seat.strikes += 1
        verdict = self._policy.verdict(error, lease.kind, strikes=seat.strikes, now=now)
        if verdict:
            seat.account = seat.account.after(verdict)
        return verdict

    def _nobody(self, kind: QuotaKind, now: float) -> NoAccountAvailable:
        """The reason nobody can answer, and when somebody can again."""
        if not self._seats:
            return NoAccountAvailable("The pool has no accounts yet. Add one and ask again.")
        soft = [seat for seat in self._seats.values() if not seat.account.hard_out(now)]
        waits = [seat.account.free_at(kind) - now for seat in soft if seat.account.free_at(kind) > now]
        waits += [1.0 for seat in soft if seat.probe]
        if not waits:
            return NoAccountAvailable(
                "No account can answer: those that are left need a sign-in, are disabled or were tried."
            )
        return NoAccountAvailable(
            f"All accounts are resting. The first is back in {max(1, round(min(waits)))} s.",
            retry_after=max(1.0, min(waits)),
            limited=all(seat.account.resting_until <= now < seat.account.free_at(kind) for seat in soft),
        )
