"""A seat: an account, and what only this process knows of it. Guarded by the manager's lock."""

from dataclasses import dataclass

from gemini_pool.roster import Account, QuotaKind

# After the first try of an account that should rest the next waits a second, then two, four, …
LONGEST_PANIC_PAUSE = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Lease:
    """The right to ask an account once. Returned with `settle`, exactly once.

    `probe` marks the one request that finds out whether a broken account answers again.
    """

    account: Account
    kind: QuotaKind
    slot: int = 0
    probe: bool = False


@dataclass(slots=True)
class Seat:
    """An account in the pool, with its open requests and its failures in a row."""

    account: Account
    open: int = 0
    picked: int = 0  # the turn it was last picked in
    strikes: int = 0
    refused: bool = False  # its latest failure was a 403
    alone: Lease | None = None  # while this request is under way no other goes to the account
    _panics: int = 0
    _panic_at: float = 0.0  # no panic before
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
        self._panic_at = now + min(2.0**self._panics, LONGEST_PANIC_PAUSE)
        self._panics += 1

    def answered(self) -> None:
        self.strikes, self.refused, self._panics, self._panic_at = 0, False, 0, 0.0

    def verdict_begun(self) -> None:
        """A verdict is on its way to the ledger, which does not show it yet."""
        self._verdicts += 1

    def verdict_kept(self, reading: int) -> None:
        """The ledger has it; the readings begun so far may not show it."""
        self._verdicts -= 1
        self._known_since = reading

    def adopt(self, account: Account, reading: int) -> None:
        """Take over what a reading of the ledger says of the account."""
        if self._verdicts or reading <= self._known_since:
            return
        if account.strikes or self.account.strikes:  # a breaker that another process opened or closed
            self.strikes = account.strikes
        self.account = account
