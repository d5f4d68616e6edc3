"""What a failure concludes about an account: one table, read from the error's attributes alone."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gemini_pool.errors import AccountForbidden, Cost, PoolError, QuotaExhausted
from gemini_pool.roster import QuotaKind, Standing, Verdict

REST_SECONDS = 30.0
LONGEST_REST_SECONDS = 3600.0
JITTER = 0.2
# A service that asks for more is asked again after a day, lest a slip of its own rests an account for ever.
LONGEST_COOLDOWN_SECONDS = 86_400.0
PACIFIC = ZoneInfo("America/Los_Angeles")


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's choices: strikes in a row that open the breaker, seconds a limit rests, whether a
    broken account comes back by itself, how many answers of a kind an account may give a day, and how many
    requests it may have open at one time (0: no bound)."""

    failure_threshold: int
    cooldown_seconds: float
    recovers: bool = True
    allowances: Mapping[QuotaKind, int] = field(default_factory=dict)
    most_open: int = 0

    def verdict(
        self, error: PoolError, kind: QuotaKind, *, strikes: int, now: float, again: bool = False
    ) -> Verdict | None:
        """The verdict on an account that met `error`; None leaves it as it is.

        `strikes` counts the failures in a row including this one, `again` tells that the one before was a
        403 as well. `now` in epoch seconds.
        """
        reason = str(error)
        if error.cost is Cost.SIGN_IN:
            return Verdict(reason, standing=Standing.NEEDS_SIGN_IN)
        if isinstance(error, QuotaExhausted):
            told = error.retry_after is not None or error.daily
            return Verdict(reason, kind=kind, until=self._end_of_rest(error, now), firm=told)
        if isinstance(error, AccountForbidden) and (error.certain or again):
            return Verdict(reason, standing=Standing.FORBIDDEN)
        if error.cost in (Cost.STRIKE, Cost.FORBIDDEN) and self.opens(strikes):
            return self._open(reason, strikes, now)
        return None

    def opens(self, strikes: int) -> bool:
        """Whether so many failures in a row open the breaker."""
        return strikes >= self.failure_threshold

    def spent(self, kind: QuotaKind, answers: int, now: float) -> Verdict | None:
        """The verdict on an account that has given so many answers of a kind today."""
        allowed = self.allowances.get(kind, 0)
        if not allowed or answers < allowed:
            return None
        reason = f"It has given the {allowed} {kind} answers that it may give a day."
        return Verdict(reason, kind=kind, until=next_pacific_midnight(now), firm=True)

    def _open(self, reason: str, strikes: int, now: float) -> Verdict:
        if not self.recovers:
            return Verdict(reason, standing=Standing.FAILING)
        return Verdict(reason, until=now + breaker_rest(strikes - self.failure_threshold), strikes=strikes)

    def _end_of_rest(self, error: QuotaExhausted, now: float) -> float:
        if error.retry_after is not None:
            return now + min(error.retry_after, LONGEST_COOLDOWN_SECONDS)
        return next_pacific_midnight(now) if error.daily else now + self.cooldown_seconds


def breaker_rest(reopened: int) -> float:
    """Seconds an open breaker stays open: it doubles each time, up to an hour, with some jitter so that
    accounts which failed together do not come back together."""
    rest = min(REST_SECONDS * 2.0 ** min(reopened, 10), LONGEST_REST_SECONDS)
    jitter = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret hangs on it
    return min(rest * jitter, LONGEST_REST_SECONDS)


def next_pacific_midnight(now: float) -> float:
    """When the service counts a new day; daylight saving included."""
    here = datetime.fromtimestamp(now, PACIFIC)
    return datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), PACIFIC).timestamp()


def pacific_day(now: float) -> str:
    """The day the service counts by, as 2026-11-21."""
    return datetime.fromtimestamp(now, PACIFIC).date().isoformat()
