"""The rules of health checks: two tables of pure functions, and what follows for the account.

`BEFORE` decides whether an account is asked at all, `AFTER` what its answer says. The first function that has
something to say decides; a new rule is a function and a row.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from gemini_pool.errors import AccountForbidden, CredentialsRejected, QuotaExhausted, UpstreamError
from gemini_pool.roster import Account, QuotaKind, Standing, Verdict
from gemini_pool.store.health import Checkup, Found

LONGEST_PAUSE_SECONDS = 86_400.0
# A caller's request said so, and only a person or new cookies can unsay it.
NOT_OURS = (Standing.FORBIDDEN, Standing.FAILING)


@dataclass(frozen=True, slots=True)
class Terms:
    """The operator's choices: seconds between rounds and for one try, tries after the first, accounts asked
    at one time, whether failing takes an account out, and after how many network errors in a row."""

    interval: float
    timeout: float
    retries: int
    at_once: int
    disables: bool
    network_errors: int


class Ask(Enum):
    """Whether to ask an account for a new token."""

    YES = "ask"
    HEALTHY = "it answered a caller"
    NO = "skip"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an account before it is asked. `since` is when the last round began, `answered_at`
    when it last began to answer a caller; all in epoch seconds."""

    account: Account
    now: float
    since: float = 0.0
    answered_at: float | None = None
    last: Checkup | None = None
    by_hand: bool = False

    @property
    def good(self) -> bool:
        return self.account.standing is Standing.GOOD

    @property
    def ours(self) -> bool:
        """Whether a check took it out, and nobody has brought it back since."""
        return not self.good and self.last is not None and self.last.taken_out


def switched_off(known: Known) -> Ask | None:
    return None if known.account.enabled else Ask.NO


def ordered(known: Known) -> Ask | None:
    return Ask.YES if known.by_hand else None


def waits_for_a_person(known: Known) -> Ask | None:
    return Ask.NO if known.account.standing in NOT_OURS and not known.ours else None


def expired(known: Known) -> Ask | None:
    ends = known.account.expires_at
    return Ask.NO if ends is not None and ends <= known.now else None


def looked_at_later(known: Known) -> Ask | None:
    """What is out is asked less and less often."""
    later = known.last is not None and known.last.next_at is not None and known.last.next_at > known.now
    return Ask.NO if later and not known.good else None


def answered(known: Known) -> Ask | None:
    """While it stands well: what was concluded since then counts for more."""
    recent = known.answered_at is not None and known.answered_at >= known.since
    return Ask.HEALTHY if recent and known.good else None


def rests(known: Known) -> Ask | None:
    """Its breaker is open, or it has met its limit: asking now would not help."""
    return Ask.NO if known.account.free_at(QuotaKind.TEXT) > known.now else None


BEFORE: tuple[Callable[[Known], Ask | None], ...] = (
    switched_off,
    ordered,
    waits_for_a_person,
    expired,
    looked_at_later,
    answered,
    rests,
)


def to_ask(known: Known) -> Ask:
    """Whether an account is asked in this round."""
    return next((said for rule in BEFORE if (said := rule(known)) is not None), Ask.YES)


@dataclass(frozen=True, slots=True)
class Came:
    """What came of asking, after how many milliseconds; no error: the service gave a token."""

    error: UpstreamError | None
    ms: int


def passed(came: Came) -> Found | None:
    return Found.HEALTHY if came.error is None else None


def rejected(came: Came) -> Found | None:
    return Found.NEEDS_SIGN_IN if isinstance(came.error, CredentialsRejected) else None


def forbidden(came: Came) -> Found | None:
    return Found.FORBIDDEN if isinstance(came.error, AccountForbidden) else None


def limited(came: Came) -> Found | None:
    return Found.LIMITED if isinstance(came.error, QuotaExhausted) else None


AFTER: tuple[Callable[[Came], Found | None], ...] = (passed, rejected, forbidden, limited)


def found_in(came: Came) -> Found:
    """What an answer says of the account; whatever else goes wrong is between here and the service."""
    return next((said for rule in AFTER if (said := rule(came)) is not None), Found.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is kept of an account after a check, and the verdict on it, if there is one."""

    account: Account
    checkup: Checkup
    verdict: Verdict | None = None

    @property
    def recovered(self) -> bool:
        return self.verdict is not None and self.verdict.standing is Standing.GOOD

    @property
    def taken_out(self) -> bool:
        return self.verdict is not None and self.verdict.standing not in (None, Standing.GOOD)


OUT = MappingProxyType(
    {
        Found.NEEDS_SIGN_IN: Standing.NEEDS_SIGN_IN,
        Found.FORBIDDEN: Standing.FORBIDDEN,
        Found.UNREACHABLE: Standing.FAILING,
    }
)


def unasked(known: Known) -> Conclusion:
    """It answered a caller."""
    at = known.answered_at or known.now
    return Conclusion(known.account, Checkup(known.account.id, Found.HEALTHY, at, "It answered a caller."))


def concluded(known: Known, came: Came, terms: Terms, *, pardoned: bool = False) -> Conclusion:
    """What follows from what came. `pardoned`: that it could not be reached says nothing of the account."""
    found = found_in(came)
    if found is Found.HEALTHY:
        return _well(known, came)
    failed = _failed(known, came, found)
    if found is Found.LIMITED or (pardoned and found is Found.UNREACHABLE):
        later = None if known.good else known.now + terms.interval
        return Conclusion(known.account, replace(failed, next_at=later))
    return _blamed(known, failed, terms)


def _well(known: Known, came: Came) -> Conclusion:
    """Only what a check took out, and a sign-in that was missing, does a check bring back."""
    back = known.ours or known.account.standing is Standing.NEEDS_SIGN_IN
    stays_out = not (back or known.good)
    message = "The service gave it a token."
    if stays_out:
        message += " It stays out until somebody enables it, or gives it new cookies."
    verdict = Verdict("", standing=Standing.GOOD, strikes=0) if back else None
    return Conclusion(
        known.account, Checkup(known.account.id, Found.HEALTHY, known.now, message, ms=came.ms), verdict
    )


def _failed(known: Known, came: Came, found: Found) -> Checkup:
    """What is kept of a check that failed, whoever is to blame."""
    return replace(
        _before(known),
        found=found,
        at=known.now,
        message=str(came.error),
        error_code=type(came.error).__name__,
        ms=came.ms,
    )


def _blamed(known: Known, failed: Checkup, terms: Terms) -> Conclusion:
    """The account is to blame: it is counted, and what stands well may be taken out."""
    before, unreachable = _before(known), failed.found is Found.UNREACHABLE
    network_errors = before.network_errors + 1 if unreachable else 0
    counted = replace(failed, failures=before.failures + 1, network_errors=network_errors)
    if not known.good:
        return Conclusion(known.account, replace(counted, next_at=known.now + _pause(before, terms)))
    if not terms.disables or (unreachable and network_errors < terms.network_errors):
        return Conclusion(known.account, counted)
    out = replace(counted, taken_out=True, next_at=known.now + terms.interval)
    return Conclusion(known.account, out, Verdict(failed.message, standing=OUT[failed.found]))


def _before(known: Known) -> Checkup:
    """What was found before, as far as it still counts: not what a person or new cookies have undone."""
    last = known.last
    if last is None or (known.good and last.taken_out):
        return Checkup(known.account.id, Found.HEALTHY, known.now)
    return last


def _pause(before: Checkup, terms: Terms) -> float:
    """Seconds until an account that is out is asked again: they double each time."""
    if before.next_at is None:
        return terms.interval
    return min(max(terms.interval, 2 * (before.next_at - before.at)), LONGEST_PAUSE_SECONDS)
