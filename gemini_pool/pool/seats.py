"""A seat: an account, and what only this process knows of it. Guarded by the manager's lock."""

from dataclasses import dataclass

from gemini_pool.roster import Account, QuotaKind, Standing

# After the first try of an account that should rest the next waits a second, then two, four, …
FIRST_PANIC_PAUSE = 1.0
LONGEST_PANIC_PAUSE = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Lease:
    """The right to ask an account once. Returned with `settle`, exactly once.

    `probe` marks the one request that finds out whether a broken account answers again.
    """

    account: Account
    kind: QuotaKind
    slot: int
    turn: int  # leases are counted
    probe: bool


@dataclass(slots=True)
class Seat:
    """An account in the pool, with its open requests and its failures in a row."""

    account: Account
    open: int = 0
    picked: int = 0  # the turn it was last picked in
    strikes: int = 0
    refused: int = 0  # its latest failure was a 403, which the leases up to this turn have met as well
    alone: Lease | None = None  # while this request is under way no other goes to the account
    _panic_at: float = 0.0  # no panic before
    _panic_pause: float = FIRST_PANIC_PAUSE
    _verdicts: int = 0  # not yet written
    _known_since: int = 0  # readings of the ledger up to this one do not show the latest verdict

    def can_panic(self, kind: QuotaKind, now: float) -> bool:
        """Whether it may be tried although it rests: nobody told when its rest ends, we only guessed."""
        account = self.account
        if account.hard_out(now) or self.alone or self._panic_at > now:
            return False
        firm = (at for at in (QuotaKind.TEXT, kind) if at in account.firm)
        return not any(account.cooldowns.get(at, 0.0) > now for at in firm)

    def panicked(self, now: float) -> None:
        self._panic_at = now + self._panic_pause
        self._panic_pause = min(2 * self._panic_pause, LONGEST_PANIC_PAUSE)

    def begin_anew(self) -> None:
        """It answered, or somebody put it right: what failed before counts no more."""
        self.strikes = self.refused = 0
        self.alone = None
        self._panic_at, self._panic_pause = 0.0, FIRST_PANIC_PAUSE

    def verdict_begun(self) -> None:
        """A verdict is on its way to the ledger, which does not show it yet."""
        self._verdicts += 1

    def verdict_kept(self, reading: int) -> None:
        """The ledger has it; the readings begun so far may not show it."""
        self._verdicts -= 1
        self._known_since = reading

    def adopt(self, account: Account, reading: int) -> bool:
        """Take over what a reading of the ledger says of the account; false when we may know more."""
        if self._verdicts or reading <= self._known_since:
            return False
        put_right = account.standing is Standing.GOOD is not self.account.standing
        if put_right or (self.account.strikes and not account.strikes):
            self.begin_anew()
        if account.strikes:  # a breaker that another process opened
            self.strikes = account.strikes
        self.account = account
        return True
