"""The AccountManager: which account answers next, and what became of those that did.

One lock guards the seats; it is held for a look and a count, never across a call, a query or a callback.
What must outlive the process goes to the ledger after the lock is free. A second lock lets one
thread at a time read what is new there.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Protocol

from gemini_pool.errors import Blame, PoolError, StoreError
from gemini_pool.pool.judge import Judge, sentenced
from gemini_pool.pool.policy import Policy
from gemini_pool.pool.seats import Lease, Seat
from gemini_pool.pool.unavailable import full, nobody
from gemini_pool.roster import Account, Credentials, QuotaKind, Verdict

log = logging.getLogger(__name__)

# How long the one request that probes a broken account keeps the others away from it.
PROBE_SECONDS = 30.0
# How long a request waits while another reads the accounts anew.
PATIENCE_SECONDS = 0.5


class Ledger(Protocol):
    """Where the accounts and their state are kept."""

    def accounts(self) -> Iterable[Account]: ...
    def record(self, account: Account, verdict: Verdict) -> None:
        """Keep a verdict on the account as it was asked: cookies that were replaced since are not meant."""
        ...

    def claim_probe(self, account: Account, until: float) -> bool:
        """Let the account, whose rest is over, rest until then for all but one: whether we are the one."""
        ...

    def changed(self) -> bool:
        """Whether something this process has not read was written; cheap enough for every request."""
        ...


class Counter(Protocol):
    """Who counts answers and failures."""

    def count(self, account_id: int, kind: QuotaKind, *, failed: bool) -> None: ...


class Slots(Protocol):
    """Who bounds how many requests an account has open."""

    def take(self, account_id: int, limit: int) -> int | None: ...
    def free(self, account_id: int, slot: int) -> None: ...


class Strategy(Enum):
    ROUND_ROBIN = "round_robin"  # the longest unpicked among those with the fewest open requests
    FIRST_AVAILABLE = "first_available"


class AccountManager:
    """Shares requests out over the accounts. Thread-safe."""

    def __init__(
        self,
        ledger: Ledger,
        policy: Policy,
        *,
        slots: Slots,
        counter: Counter,
        strategy: Strategy = Strategy.ROUND_ROBIN,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._policy = policy
        self._slots = slots
        self._counter = counter
        self._strategy = strategy
        self._clock = clock
        self._lock = threading.Lock()
        self._seats: dict[int, Seat] = {}
        self._judge = Judge(policy, self._seats)
        self._turn = 0
        self._readings = 0  # begun
        self._reading_held = 0  # the newest whose result is held
        self._refreshing = threading.Lock()
        self._stale = False
        self.reload()

    @property
    def outage(self) -> bool:
        """Whether the service cannot be reached from here, whichever account asks."""
        return self._judge.outage

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
            for gone in self._seats.keys() - {account.id for account in accounts}:
                del self._seats[gone]
            for account in accounts:
                seat = self._seats.setdefault(account.id, Seat(account, strikes=account.strikes))
                if not seat.adopt(account, reading):
                    self._stale = True

    def lease(
        self, kind: QuotaKind, tried: frozenset[int] = frozenset(), *, prefer: int | None = None
    ) -> Lease:
        """An account for one request, `prefer` if it is usable; never one of `tried`.

        NoAccountAvailable when there is none, `busy` when one that is usable is only full.
        """
        self._refresh()
        while True:
            with self._lock:
                lease = self._leased(kind, tried, prefer)
            if not lease.probe or self._claimed(lease):
                return lease
            with self._lock:
                self._released(lease)  # another process is probing it
            self._stale = True
            self._refresh()

    def settle(self, lease: Lease, error: PoolError | None = None, *, answered: bool = True) -> None:
        """Give a lease back: with the error that ended the answer, or None.

        `answered` is false when nobody knows how it would have gone: the caller went away before.
        """
        with self._lock:
            seat = self._released(lease)
            if seat is None:  # deleted while it answered
                return
            sentences = self._judge.judge(seat, lease, error, answered=answered, now=self._clock())
        if error is None and answered:
            self._counter.count(lease.account.id, lease.kind, failed=False)
        elif error and error.blame in (Blame.ACCOUNT, Blame.UPSTREAM):
            self._counter.count(lease.account.id, lease.kind, failed=True)
        for sentence in sentences:
            self._record(*sentence)

    def counted(self, account_id: int, kind: QuotaKind, answers: int) -> None:
        """So many answers of a kind has an account given today, over all processes."""
        now = self._clock()
        verdict = self._policy.spent(kind, answers, now)
        with self._lock:
            seat = self._seats.get(account_id)
            if verdict is None or seat is None or seat.account.hard_out(now):
                return
            if seat.account.after(verdict).cooldowns == seat.account.cooldowns:
                return  # concluded before: it is told of the answers that were under way then as well
            sentence = sentenced(seat, verdict)
        self._record(*sentence)

    def renew(self, account_id: int, credentials: Credentials) -> None:
        """The service renewed an account's cookies: use them from now on."""
        with self._lock:
            seat = self._seats.get(account_id)
            if seat:
                seat.account = seat.account.with_credentials(credentials)

    def _refresh(self) -> None:
        """Read the accounts if the ledger has moved on; what cannot be read now, at the next request.

        Who comes meanwhile waits: what a process holds that was idle may be as old as its last request.
        """
        if not self._refreshing.acquire(timeout=PATIENCE_SECONDS):
            return
        try:
            if self._ledger.changed() or self._stale:
                self._stale = False
                self.reload()
        except StoreError:
            self._stale = True
            log.warning("the accounts could not be read; going on with those in memory", exc_info=True)
        finally:
            self._refreshing.release()

    # Choosing

    def _leased(self, kind: QuotaKind, tried: frozenset[int], prefer: int | None) -> Lease:
        now = self._clock()
        seats = [seat for seat in self._seats.values() if seat.account.id not in tried]
        usable = [seat for seat in seats if seat.alone is None and seat.account.usable(kind, now)]
        if not usable:
            return self._panic(seats, kind, now)
        seat, slot = self._first_with_room(usable, lambda seat: self._order(seat, prefer))
        return self._taken(seat, kind, slot, probe=self._policy.opens(seat.strikes))

    def _order(self, seat: Seat, prefer: int | None) -> tuple[bool, int, int]:
        preferred = seat.account.id != prefer
        if self._strategy is Strategy.FIRST_AVAILABLE:
            return (preferred, 0, seat.account.id)
        return (preferred, seat.open, seat.picked)

    def _panic(self, seats: list[Seat], kind: QuotaKind, now: float) -> Lease:
        """When all rest, the one that is back first is tried rather than nothing, one request at a time."""
        able = [seat for seat in seats if seat.can_panic(kind, now)]
        if not able:
            accounts = [seat.account for seat in self._seats.values()]
            raise full() if any(seat.alone for seat in seats) else nobody(accounts, kind, now)
        seat, slot = self._first_with_room(able, lambda seat: seat.account.free_at(kind))
        seat.panicked(now)
        seat.alone = lease = self._taken(seat, kind, slot)
        return lease

    def _first_with_room(self, seats: list[Seat], order: Callable[[Seat], Any]) -> tuple[Seat, int]:
        """The first by an order that may have one more request, and the slot for it."""
        while seats:
            seat = min(seats, key=order)
            slot = self._slots.take(seat.account.id, self._policy.most_open)
            if slot is not None:
                return seat, slot
            seats.remove(seat)
        raise full()

    def _taken(self, seat: Seat, kind: QuotaKind, slot: int, *, probe: bool = False) -> Lease:
        self._turn += 1
        seat.picked = self._turn
        seat.open += 1
        lease = Lease(seat.account, kind, slot, self._turn, probe)
        if probe:
            seat.alone = lease
        return lease

    def _claimed(self, lease: Lease) -> bool:
        """Whether ours is the one request, over all processes, that probes a broken account."""
        until = self._clock() + PROBE_SECONDS
        try:
            return self._ledger.claim_probe(lease.account, until)
        except StoreError:
            log.warning("the probe of account %d could not be claimed", lease.account.id, exc_info=True)
            return True

    def _released(self, lease: Lease) -> Seat | None:
        self._slots.free(lease.account.id, lease.slot)
        seat = self._seats.get(lease.account.id)
        if seat:
            seat.open = max(0, seat.open - 1)
            if seat.alone is lease:
                seat.alone = None
        return seat

    def _record(self, account: Account, verdict: Verdict) -> None:
        """Keep a verdict; one that cannot be written holds in this process and costs no request."""
        if verdict.reason:
            log.warning("account %d (%s): %s", account.id, account.name, verdict.reason)
        else:
            log.info("account %d (%s) answers again", account.id, account.name)
        try:
            self._ledger.record(account, verdict)
        except StoreError:
            log.warning("the state of account %d could not be written", account.id, exc_info=True)
        finally:
            with self._lock:
                seat = self._seats.get(account.id)
                if seat:
                    seat.verdict_kept(self._readings)
