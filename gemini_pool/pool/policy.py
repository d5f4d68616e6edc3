"""What a failure concludes about an account: one table, read from the error's attributes alone."""

import random
from dataclasses import dataclass
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
    """The operator's choices: strikes in a row that open the breaker, seconds a limit rests."""

    failure_threshold: int
    cooldown_seconds: float

    def verdict(self, error: PoolError, kind: QuotaKind, *, strikes: int, now: float) -> Verdict | None:
        """The verdict on an account that met `error`; None leaves it as it is.

        `strikes` counts the failures in a row including this one. `now` in epoch seconds.
        """
        reason = str(error)
        if error.cost is Cost.SIGN_IN:
            return Verdict(reason, standing=Standing.NEEDS_SIGN_IN)
        if isinstance(error, QuotaExhausted):
            return Verdict(reason, kind=kind, until=self._end_of_rest(error, now))
        if isinstance(error, AccountForbidden) and error.certain:
            return Verdict(reason, standing=Standing.FORBIDDEN)
        if error.cost in (Cost.STRIKE, Cost.FORBIDDEN) and strikes >= self.failure_threshold:
            return Verdict(reason, until=now + breaker_rest(strikes - self.failure_threshold))
        return None

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
