"""Health checks: which accounts answer, which must be taken out, and which can come back.

An account proves itself by a new token, which costs nothing of what it may give. What callers learn in
passing is not asked again. When nobody can be reached, nobody is to blame.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gemini_pool.dialogue import Waiting
from gemini_pool.errors import QuotaExhausted, Stopping, UpstreamError
from gemini_pool.jobs.health_rules import (
    Ask,
    Came,
    Conclusion,
    Known,
    Terms,
    concluded,
    found_in,
    to_ask,
    unasked,
)
from gemini_pool.jobs.proof import Patience, side_by_side
from gemini_pool.pool.policy import Policy
from gemini_pool.roster import Account, QuotaKind, Verdict
from gemini_pool.store.health import Checkup, Found, Health, RoundCounts

log = logging.getLogger(__name__)

# What was heard of an account longer ago than so many rounds says nothing.
OLDEST_ANSWER_ROUNDS = 2


class Ledger(Protocol):
    """Where the accounts are kept, and what is concluded of them."""

    def accounts(self) -> Sequence[Account]: ...
    def record(self, account: Account, verdict: Verdict) -> None: ...


@dataclass(frozen=True, slots=True)
class Means:
    """What checks are made with: `answered` tells when accounts last began an answer that succeeded, of those
    since a moment (epoch seconds); `prove` has a token made for an account, `reach` asks the service
    something that needs none; both UpstreamError."""

    answered: Callable[[float], Mapping[int, float]]
    prove: Callable[[Account], Waiting[object]]
    reach: Callable[[], Waiting[object]]


class HealthChecks:
    """Thread-safe. `wants_sign_in` is called once in a round that found accounts which must sign in anew."""

    def __init__(
        self,
        ledger: Ledger,
        health: Health,
        means: Means,
        policy: Policy,
        terms: Terms,
        *,
        stopping: threading.Event,
        wants_sign_in: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._health = health
        self._means = means
        self._policy = policy
        self._terms = terms
        self._stopping = stopping
        self._wants_sign_in = wants_sign_in
        self._clock = clock

    def round(self) -> str:
        """Look at all accounts that it is time to look at; what came of it, in a sentence."""
        counts = self._look_at(self._ledger.accounts(), by_hand=False)[1]
        log.info("health checks: %s", in_words(counts))
        return in_words(counts)

    def all_by_hand(self, seconds: float) -> tuple[list[Checkup], str]:
        """Ask all accounts that are switched on, within so many seconds: what was found of those that there
        was time for, and that in a sentence. Nobody is blamed for what cannot be reached."""
        ends = time.monotonic() + seconds
        found, counts = self._look_at(self._ledger.accounts(), by_hand=True, ends=ends)
        return found, in_words(counts)

    def one_by_hand(self, account: Account, seconds: float) -> Checkup:
        """Ask an account, whatever is known of it. That it cannot be reached is not held against it; Stopping
        when there is no answer within so many seconds, or this process ends."""
        known = self._known([account], self._clock(), by_hand=True)[0]
        came = self._came(known, time.monotonic() + seconds)
        conclusion = concluded(known, came, self._terms, pardoned=True)
        self._keep([(conclusion, came)])
        return conclusion.checkup

    def _look_at(
        self, accounts: Sequence[Account], *, by_hand: bool, ends: float | None = None
    ) -> tuple[list[Checkup], RoundCounts]:
        began, now = time.monotonic(), self._clock()
        known = self._known(accounts, now, by_hand=by_hand)
        heard = [unasked(one) for one in known if to_ask(one) is Ask.HEALTHY]
        came, broken_off = self._ask_all([one for one in known if to_ask(one) is Ask.YES], ends)
        outage = broken_off or self._is_outage([each for _, each in came], anybody=bool(heard), ends=ends)
        asked = [(concluded(one, each, self._terms, pardoned=by_hand or outage), each) for one, each in came]
        self._health.note(one.checkup for one in heard)
        self._keep(asked)
        conclusions = [*heard, *(one for one, _ in asked)]
        counts = replace(
            counted(conclusions, now, round((time.monotonic() - began) * 1000)),
            skipped=sum(account.enabled for account in accounts) - len(conclusions),
            outage=outage,
        )
        if not by_hand:
            self._health.end_round(counts, [account.id for account in accounts])
        return [one.checkup for one in conclusions], counts

    def _known(self, accounts: Iterable[Account], now: float, *, by_hand: bool) -> list[Known]:
        last_round, checkups = self._health.last_round(), self._health.checkups()
        oldest = now - OLDEST_ANSWER_ROUNDS * self._terms.interval
        since = max(oldest, last_round.at if last_round else now - self._terms.interval)
        answered = self._means.answered(since)
        return [
            Known(one, now, since, answered.get(one.id), checkups.get(one.id), by_hand) for one in accounts
        ]

    # Asking

    def _ask_all(self, known: Sequence[Known], ends: float | None) -> tuple[list[tuple[Known, Came]], bool]:
        """What came of each, but for those that there was no time for; and whether it was broken off, for
        nobody answers, and the service does not when it is asked without any account either."""
        came: list[tuple[Known, Came]] = []
        neutral = _Once(lambda: self._reached(ends))

        def ask(one: Known) -> None:
            if neutral.failed:
                return
            try:
                came.append((one, self._came(one, ends)))
            except Stopping:
                log.debug("account %d (%s) is not checked: there is no time left", *_named(one.account))
                return
            if all(found_in(each) is Found.UNREACHABLE for _, each in [*came]):
                neutral.ask()

        side_by_side(known, ask, self._terms.at_once, "health")
        return came, neutral.failed

    def _came(self, known: Known, ends: float | None) -> Came:
        began = time.monotonic()
        error = self._patience(ends).proof(lambda: self._means.prove(known.account))
        return Came(error, round((time.monotonic() - began) * 1000))

    def _is_outage(self, came: Sequence[Came], *, anybody: bool, ends: float | None) -> bool:
        """Whether it is not the accounts that cannot be reached: several are asked and none answers, or one
        where there is not `anybody` who answered a caller; or not even the service itself does."""
        unreachable = sum(found_in(one) is Found.UNREACHABLE for one in came)
        if not unreachable:
            return False
        return (unreachable == len(came) and (unreachable > 1 or not anybody)) or not self._reached(ends)

    def _reached(self, ends: float | None) -> bool:
        try:
            return self._patience(ends).proof(self._means.reach) is None
        except Stopping:
            return False

    def _patience(self, ends: float | None) -> Patience:
        return Patience(self._stopping, timeout=self._terms.timeout, retries=self._terms.retries, ends=ends)

    # What follows

    def _keep(self, asked: Sequence[tuple[Conclusion, Came]]) -> None:
        self._health.note(one.checkup for one, _ in asked)
        for conclusion, came in asked:
            verdict = conclusion.verdict or self._rest(came.error)
            if verdict is not None:
                self._ledger.record(conclusion.account, verdict)
            _tell(conclusion)
        # Also those that a caller found before: nobody else tells whoever plans the sign-ins of them.
        if self._terms.disables and any(one.checkup.found is Found.NEEDS_SIGN_IN for one, _ in asked):
            self._wants_sign_in()

    def _rest(self, error: UpstreamError | None) -> Verdict | None:
        """The rest of an account that has met a limit."""
        if not (isinstance(error, QuotaExhausted) and self._terms.disables):
            return None
        return self._policy.verdict(error, QuotaKind.TEXT, strikes=0, now=self._clock())


class _Once:
    """A question that is asked once, whoever wants to know; who comes meanwhile waits."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: bool | None = None

    def ask(self) -> None:
        with self._lock:
            if self._answer is None:
                self._answer = self._ask()

    @property
    def failed(self) -> bool:
        return self._answer is False


def counted(conclusions: Iterable[Conclusion], at: float, ms: int) -> RoundCounts:
    """Conclusions in numbers."""
    passed = failed = taken_out = recovered = 0
    for one in conclusions:
        healthy = one.checkup.found is Found.HEALTHY
        passed, failed = passed + healthy, failed + (not healthy)
        taken_out, recovered = taken_out + one.taken_out, recovered + one.recovered
    return RoundCounts(at, ms, passed, failed, taken_out, recovered)


def in_words(counts: RoundCounts) -> str:
    """A round in a sentence."""
    words = [f"{counts.passed} passed", f"{counts.failed} failed"]
    words += [f"{counts.taken_out} taken out"] if counts.taken_out else []
    words += [f"{counts.recovered} recovered"] if counts.recovered else []
    words += [f"{counts.skipped} skipped"] if counts.skipped else []
    outage = " The service cannot be reached from here; nobody is blamed for that." if counts.outage else ""
    return f"{', '.join(words)}.{outage}"


def _tell(conclusion: Conclusion) -> None:
    """One line for an account that changes."""
    checkup, named = conclusion.checkup, _named(conclusion.account)
    if conclusion.recovered:
        log.info("account %d (%s) passes its check and is back", *named)
    elif conclusion.taken_out:
        log.warning("account %d (%s) is taken out: %s", *named, checkup.message)
    elif checkup.found is not Found.HEALTHY:
        log.info("account %d (%s) fails its check: %s", *named, checkup.message)
    else:
        log.debug("account %d (%s) passes its check", *named)


def _named(account: Account) -> tuple[int, str]:
    return account.id, account.name
