"""What became of a lease, concluded: strikes counted, breakers opened and closed, outages told apart."""

import logging
from collections.abc import Mapping

from gemini_pool.errors import Cost, PoolError, Unreachable
from gemini_pool.pool.outage import Outage
from gemini_pool.pool.policy import Policy
from gemini_pool.pool.seats import Lease, Seat
from gemini_pool.roster import Account, Standing, Verdict

log = logging.getLogger(__name__)

# The account as it was asked, for the ledger, and what was concluded of it.
Sentence = tuple[Account, Verdict]


class Judge:
    """Judges seats, and changes them accordingly. Guarded by the manager's lock."""

    def __init__(self, policy: Policy, seats: Mapping[int, Seat]) -> None:
        self._policy = policy
        self._seats = seats
        self._outage = Outage()

    @property
    def outage(self) -> bool:
        return self._outage.on

    def judge(
        self, seat: Seat, lease: Lease, error: PoolError | None, *, answered: bool, now: float
    ) -> list[Sentence]:
        """The sentences that follow from how a lease ended; `answered` as in `AccountManager.settle`."""
        if error is None and answered:
            return self._answered(seat)
        if error is None or error.cost is Cost.NOTHING:
            return self._undecided(seat, lease, now)
        new_cookies = lease.account.credentials != seat.account.credentials
        if new_cookies and error.cost in (Cost.SIGN_IN, Cost.FORBIDDEN):
            return self._undecided(seat, lease, now)  # those that failed have been replaced since
        if isinstance(error, Unreachable) and self._is_outage(seat, now):
            return self._pardoned()
        # Of many requests that one failure ends, the first few have said it all.
        counts = lease.probe or seat.account.resting_until <= now
        if counts and error.cost in (Cost.STRIKE, Cost.FORBIDDEN):
            seat.strikes += 1
        again = 0 < seat.refused < lease.turn
        seat.refused = (seat.refused or seat.picked) if error.cost is Cost.FORBIDDEN else 0
        strikes = seat.strikes if counts else 0
        verdict = self._policy.verdict(error, lease.kind, strikes=strikes, now=now, again=again)
        return [sentenced(seat, verdict)] if verdict else []

    def _answered(self, seat: Seat) -> list[Sentence]:
        self._outage.answered()
        seat.begin_anew()
        return [sentenced(seat, Verdict("", strikes=0))] if seat.account.strikes else []

    def _undecided(self, seat: Seat, lease: Lease, now: float) -> list[Sentence]:
        """Nothing was learnt of the account; where this was the probe, the next request is."""
        return [sentenced(seat, Verdict(seat.account.reason, until=now))] if lease.probe else []

    def _is_outage(self, seat: Seat, now: float) -> bool:
        might = sum(not each.account.hard_out(now) for each in self._seats.values())
        return self._outage.unreachable(seat.account.id, of=might, now=now)

    def _pardoned(self) -> list[Sentence]:
        """Those that were blamed for what turns out to be an outage are blamed no more."""
        sentences = []
        for account_id in self._outage.blamed():
            seat = self._seats.get(account_id)
            if seat is None:
                continue
            seat.strikes = 0
            if seat.account.standing is Standing.FAILING:
                sentences.append(sentenced(seat, Verdict("", standing=Standing.GOOD)))
            elif seat.account.strikes:
                sentences.append(sentenced(seat, Verdict("", strikes=0)))
        return sentences


def sentenced(seat: Seat, verdict: Verdict) -> Sentence:
    """The verdict holds here at once; for the ledger it is on its way."""
    account, seat.account = seat.account, seat.account.after(verdict)
    seat.verdict_begun()
    return account, verdict
