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
from gemini_pool.pool.policy import Policy
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
    assert found
    assert found.until == NOW + seconds


def test_a_daily_quota_rests_until_midnight_pacific() -> None:
    noon_in_california = 1_767_297_600.0  # 2026-01-01 12:00 -08:00
    found = POLICY.verdict(
        QuotaExhausted("Quota per day", daily=True), QuotaKind.TEXT, strikes=1, now=noon_in_california
    )
    assert found
    assert found.until == noon_in_california + 12 * 3600


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
