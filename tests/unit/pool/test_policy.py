"""What a failure concludes about an account."""

import pytest

from gemini_pool.errors import (
    AccountForbidden,
    BadReply,
    Busy,
    CredentialsRejected,
    EmptyAnswer,
    FileRefused,
    PolicyRefused,
    PoolError,
    PromptRefused,
    QuotaExhausted,
    SessionLost,
    StoreError,
    Unreachable,
)
from gemini_pool.pool.policy import Policy, next_pacific_midnight, pacific_day
from gemini_pool.roster import QuotaKind, Standing, Verdict

NOW = 1_000_000.0
POLICY = Policy(failure_threshold=3, cooldown_seconds=600)


def verdict(error: PoolError, *, kind: QuotaKind = QuotaKind.TEXT, strikes: int = 1) -> Verdict | None:
    return POLICY.verdict(error, kind, strikes=strikes, now=NOW)


def rests(strikes: int, *, times: int = 200) -> list[float]:
    """How long the breaker stays open after so many strikes, drawn often since there is chance in it."""
    found = [verdict(Busy("503"), strikes=strikes) for _ in range(times)]
    return [one.until - NOW for one in found if one and one.until]


@pytest.mark.parametrize(
    "error",
    [
        PolicyRefused("blocked"),
        PromptRefused("invalid"),
        FileRefused("no such type"),
        SessionLost("gone"),
        EmptyAnswer("no word"),
        StoreError("no database"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_not_the_accounts_doing_costs_it_nothing(error: PoolError) -> None:
    assert verdict(error, strikes=99) is None


@pytest.mark.parametrize("kind", list(QuotaKind))
def test_a_limit_rests_the_kind_it_was_met_with_for_the_operators_time(kind: QuotaKind) -> None:
    found = verdict(QuotaExhausted("429"), kind=kind)
    assert found == Verdict("429", kind=kind, until=NOW + 600)


@pytest.mark.parametrize("seconds", [0.0, 7.0, 86_400.0])
def test_a_limit_rests_as_long_as_the_service_says(seconds: float) -> None:
    found = verdict(QuotaExhausted("429", retry_after=seconds))
    assert found == Verdict("429", kind=QuotaKind.TEXT, until=NOW + seconds, firm=True)


def test_a_daily_quota_rests_until_midnight_pacific() -> None:
    noon_in_california = 1_767_297_600.0  # 2026-01-01 12:00 -08:00
    found = POLICY.verdict(
        QuotaExhausted("Quota per day", daily=True), QuotaKind.TEXT, strikes=1, now=noon_in_california
    )
    assert found
    assert (found.until, found.firm) == (noon_in_california + 12 * 3600, True)


@pytest.mark.parametrize(
    ("midnight", "hours"),
    [(1_772_870_400.0, 24), (1_772_956_800.0, 23), (1_793_516_400.0, 25)],
    ids=["7 March 2026", "8 March, clocks go forward", "1 November, clocks go back"],
)
def test_the_service_counts_by_the_day_in_california(midnight: float, hours: int) -> None:
    assert next_pacific_midnight(midnight - 1) == midnight
    assert next_pacific_midnight(midnight) == midnight + hours * 3600
    last = midnight + hours * 3600 - 1
    assert pacific_day(midnight - 1) < pacific_day(midnight) == pacific_day(last) < pacific_day(last + 1)


def test_a_day_is_named_as_the_calendar_does() -> None:
    assert pacific_day(1_772_870_400.0) == "2026-03-07"


def test_no_limit_rests_an_account_for_more_than_a_day() -> None:
    found = verdict(QuotaExhausted("429", retry_after=1e9))
    assert found
    assert found.until == NOW + 86_400


def test_dead_cookies_ask_for_a_sign_in_and_name_the_reason() -> None:
    assert verdict(CredentialsRejected("signed out")) == Verdict(
        "signed out", standing=Standing.NEEDS_SIGN_IN
    )


def test_a_refusal_by_the_sign_in_itself_forbids_at_once() -> None:
    assert verdict(AccountForbidden("403", certain=True)) == Verdict("403", standing=Standing.FORBIDDEN)


def test_an_uncertain_403_only_counts_like_a_server_error() -> None:
    assert verdict(AccountForbidden("403"), strikes=2) is None
    third = verdict(AccountForbidden("403"), strikes=3)
    assert third
    assert third.standing is None
    assert third.until


def test_a_403_right_after_another_forbids() -> None:
    found = POLICY.verdict(AccountForbidden("403"), QuotaKind.TEXT, strikes=1, now=NOW, again=True)
    assert found == Verdict("403", standing=Standing.FORBIDDEN)


def test_another_failure_right_after_a_403_is_what_it_is() -> None:
    assert POLICY.verdict(Busy("503"), QuotaKind.TEXT, strikes=2, now=NOW, again=True) is None


@pytest.mark.parametrize("error", [Busy("503"), Unreachable("reset"), AccountForbidden("403")])
def test_where_the_operator_wants_it_a_broken_account_stays_shut(error: PoolError) -> None:
    policy = Policy(failure_threshold=2, cooldown_seconds=600, recovers=False)
    assert policy.verdict(error, QuotaKind.TEXT, strikes=1, now=NOW) is None
    shut = policy.verdict(error, QuotaKind.TEXT, strikes=2, now=NOW)
    assert shut == Verdict(str(error), standing=Standing.FAILING)


def test_a_limit_rests_no_longer_where_the_operator_wants_broken_accounts_shut() -> None:
    policy = Policy(failure_threshold=2, cooldown_seconds=600, recovers=False)
    found = policy.verdict(QuotaExhausted("429"), QuotaKind.TEXT, strikes=9, now=NOW)
    assert found == Verdict("429", kind=QuotaKind.TEXT, until=NOW + 600)


def test_the_verdict_tells_of_the_strikes_that_opened_the_breaker() -> None:
    found = verdict(Busy("503"), strikes=7)
    assert found
    assert (found.strikes, found.reason, found.firm) == (7, "503", False)


# A budget of the operator's own


BUDGET = Policy(
    failure_threshold=3, cooldown_seconds=600, allowances={QuotaKind.IMAGES: 10, QuotaKind.TEXT: 0}
)


@pytest.mark.parametrize("answers", [10, 11, 1000])
def test_an_account_that_has_given_what_it_may_rests_that_kind_until_midnight(answers: int) -> None:
    found = BUDGET.spent(QuotaKind.IMAGES, answers, NOW)
    assert found
    assert (found.kind, found.until, found.firm) == (QuotaKind.IMAGES, next_pacific_midnight(NOW), True)
    assert "10 images answers" in found.reason


@pytest.mark.parametrize(
    ("kind", "answers"),
    [(QuotaKind.IMAGES, 0), (QuotaKind.IMAGES, 9), (QuotaKind.TEXT, 10**9), (QuotaKind.VIDEOS, 10**9)],
    ids=["none yet", "one less", "no bound", "nothing said"],
)
def test_nothing_is_concluded_within_the_budget(kind: QuotaKind, answers: int) -> None:
    assert BUDGET.spent(kind, answers, NOW) is None


# The breaker


@pytest.mark.parametrize("error", [Busy("503"), Unreachable("reset"), BadReply("garbage")])
def test_the_breaker_opens_at_the_threshold_and_not_before(error: PoolError) -> None:
    assert verdict(error, strikes=1) is None
    assert verdict(error, strikes=2) is None
    opened = verdict(error, strikes=3)
    assert opened
    assert opened.kind is None
    assert opened.until


@pytest.mark.parametrize(("strikes", "seconds"), [(3, 30), (4, 60), (5, 120), (9, 1920)])
def test_each_further_strike_doubles_the_rest_within_a_fifth(strikes: int, seconds: float) -> None:
    found = rests(strikes)
    assert seconds * 0.8 <= min(found)
    assert max(found) <= seconds * 1.2
    assert max(found) > seconds * 1.05  # accounts that failed together do not come back together
    assert min(found) < seconds * 0.95


@pytest.mark.parametrize("strikes", [10, 13, 14, 5000])
def test_no_rest_is_meant_to_be_longer_than_an_hour(strikes: int) -> None:
    found = rests(strikes)
    assert min(found) >= 3600 * 0.8
    assert max(found) <= 3600 * 1.2


def test_no_rest_is_longer_than_an_hour_with_its_jitter() -> None:
    assert max(rests(14)) <= 3600
