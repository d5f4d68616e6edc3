"""Accounts as values: their state, when they are free, what a verdict changes, and what is never shown."""

from dataclasses import replace

import pytest

from gemini_pool.roster import Account, AccountState, Credentials, QuotaKind, Standing, Verdict, masked

NOW = 1_800_000_000.0
HOUR = 3600.0
CREDENTIALS = Credentials("CSE.0123456789abcdef", "123", "c-1", "COS.0123456789abcdef", "Firefox")
AMBER = Account(1, "amber", CREDENTIALS)
BRUNO = replace(AMBER, id=2, name="bruno", cooldowns={QuotaKind.TEXT: NOW + 60})
CLARA = replace(AMBER, id=3, name="clara", standing=Standing.NEEDS_SIGN_IN)
TEXT, IMAGES, VIDEOS = QuotaKind.TEXT, QuotaKind.IMAGES, QuotaKind.VIDEOS


# State


@pytest.mark.parametrize(
    ("account", "state"),
    [
        (AMBER, AccountState.ACTIVE),
        (replace(AMBER, expires_at=NOW + 3 * HOUR), AccountState.ACTIVE),
        (replace(AMBER, expires_at=NOW + 3 * HOUR - 1), AccountState.EXPIRING_SOON),
        (replace(AMBER, expires_at=NOW + 1), AccountState.EXPIRING_SOON),
        (replace(AMBER, expires_at=NOW), AccountState.EXPIRED),
        (BRUNO, AccountState.RATE_LIMITED),
        (replace(AMBER, cooldowns={IMAGES: NOW + 1}), AccountState.RATE_LIMITED),
        (replace(AMBER, cooldowns={TEXT: NOW, IMAGES: NOW - 1}), AccountState.ACTIVE),
        (replace(AMBER, resting_until=NOW + 1), AccountState.FAILING),
        (replace(AMBER, resting_until=NOW), AccountState.ACTIVE),
        (CLARA, AccountState.NEEDS_SIGN_IN),
        (replace(AMBER, standing=Standing.FORBIDDEN), AccountState.FORBIDDEN),
        (replace(AMBER, enabled=False), AccountState.DISABLED),
    ],
)
def test_an_account_is_in_the_state_people_are_shown(account: Account, state: AccountState) -> None:
    assert account.state(NOW) is state


def test_of_several_troubles_the_one_that_needs_a_hand_is_shown() -> None:
    account = replace(
        BRUNO, resting_until=NOW + 5, expires_at=NOW - 5, standing=Standing.FORBIDDEN, enabled=False
    )
    assert account.state(NOW) is AccountState.DISABLED
    account = replace(account, enabled=True)
    assert account.state(NOW) is AccountState.FORBIDDEN
    account = replace(account, standing=Standing.GOOD)
    assert account.state(NOW) is AccountState.EXPIRED
    account = replace(account, expires_at=NOW + 5)
    assert account.state(NOW) is AccountState.FAILING
    account = replace(account, resting_until=0)
    assert account.state(NOW) is AccountState.RATE_LIMITED
    assert replace(account, cooldowns={}).state(NOW) is AccountState.EXPIRING_SOON


@pytest.mark.parametrize(
    "account",
    [
        CLARA,
        replace(AMBER, standing=Standing.FORBIDDEN),
        replace(AMBER, enabled=False),
        replace(AMBER, expires_at=NOW),
    ],
)
def test_time_alone_does_not_bring_these_back(account: Account) -> None:
    assert account.hard_out(NOW)
    assert not account.usable(TEXT, NOW)
    assert not account.usable(TEXT, NOW + 10**9)


@pytest.mark.parametrize(
    "account", [AMBER, BRUNO, replace(AMBER, resting_until=NOW + 9), replace(AMBER, expires_at=NOW + 1)]
)
def test_waiting_is_enough_for_these(account: Account) -> None:
    assert not account.hard_out(NOW)


# When it is free


def test_a_healthy_account_is_free_at_once() -> None:
    assert AMBER.free_at(TEXT) <= NOW
    assert all(AMBER.usable(kind, NOW) for kind in QuotaKind)


def test_a_limit_of_text_rests_every_kind() -> None:
    for kind in QuotaKind:
        assert BRUNO.free_at(kind) == NOW + 60
        assert not BRUNO.usable(kind, NOW + 59.9)
        assert BRUNO.usable(kind, NOW + 60)


def test_a_limit_of_images_rests_images_alone() -> None:
    account = replace(AMBER, cooldowns={IMAGES: NOW + 60})
    assert not account.usable(IMAGES, NOW)
    assert account.usable(TEXT, NOW)
    assert account.usable(VIDEOS, NOW)


def test_of_several_rests_the_longest_counts() -> None:
    account = replace(AMBER, resting_until=NOW + 30, cooldowns={TEXT: NOW + 20, IMAGES: NOW + 40})
    assert (account.free_at(TEXT), account.free_at(IMAGES), account.free_at(VIDEOS)) == (
        NOW + 30,
        NOW + 40,
        NOW + 30,
    )


def test_an_open_breaker_rests_every_kind() -> None:
    account = replace(AMBER, resting_until=NOW + 30)
    assert not any(account.usable(kind, NOW) for kind in QuotaKind)
    assert all(account.usable(kind, NOW + 30) for kind in QuotaKind)


# Verdicts


def test_a_verdict_on_the_standing_changes_that_and_the_reason_alone() -> None:
    after = BRUNO.after(Verdict("signed out", standing=Standing.NEEDS_SIGN_IN))
    assert after == replace(BRUNO, standing=Standing.NEEDS_SIGN_IN, reason="signed out")


def test_a_verdict_on_one_kind_leaves_the_other_kinds_as_they_are() -> None:
    after = BRUNO.after(Verdict("limit", kind=IMAGES, until=NOW + 90))
    assert after.cooldowns == {TEXT: NOW + 60, IMAGES: NOW + 90}
    assert (after.reason, after.resting_until) == ("limit", 0)
    assert BRUNO.cooldowns == {TEXT: NOW + 60}  # the account before is another value


def test_a_verdict_without_a_kind_opens_the_breaker() -> None:
    after = AMBER.after(Verdict("three failures", until=NOW + 30))
    assert after == replace(AMBER, resting_until=NOW + 30, reason="three failures")


def test_a_verdict_that_sets_nothing_gives_a_reason_only() -> None:
    assert AMBER.after(Verdict("noted")) == replace(AMBER, reason="noted")


def test_strikes_are_set_when_a_verdict_tells_of_them() -> None:
    after = AMBER.after(Verdict("four failures", until=NOW + 60, strikes=4))
    assert after == replace(AMBER, strikes=4, resting_until=NOW + 60, reason="four failures")
    assert after.after(Verdict("limit", kind=IMAGES, until=NOW + 90)).strikes == 4


def test_a_recovery_ends_the_rest_of_the_breaker_and_no_cool_down() -> None:
    failing = replace(BRUNO, strikes=5, resting_until=NOW + 60, reason="five failures")
    assert failing.after(Verdict("", strikes=0)) == BRUNO


def test_a_strike_alone_does_not_end_a_rest() -> None:
    failing = replace(AMBER, strikes=3, resting_until=NOW + 60)
    assert failing.after(Verdict("one more", strikes=4)).resting_until == NOW + 60


def test_a_cool_down_is_firm_when_its_end_was_told() -> None:
    after = BRUNO.after(Verdict("limit", kind=IMAGES, until=NOW + 90, firm=True))
    assert after.firm == {IMAGES}
    assert after.after(Verdict("limit", kind=VIDEOS, until=NOW + 90)).firm == {IMAGES}


@pytest.mark.parametrize(
    ("held", "told", "firm", "until"),
    [
        ((90, True), (60, False), True, 90),
        ((90, True), (120, False), False, 120),
        ((90, False), (60, True), False, 90),
        ((90, False), (120, True), True, 120),
        ((90, True), (90, False), True, 90),  # the end is known all the same
        ((90, False), (90, True), True, 90),
    ],
)
def test_of_a_told_end_and_a_guess_the_later_decides(
    held: tuple[float, bool], told: tuple[float, bool], firm: bool, until: float
) -> None:
    account = AMBER.after(Verdict("limit", kind=IMAGES, until=held[0], firm=held[1]))
    account = account.after(Verdict("limit", kind=IMAGES, until=told[0], firm=told[1]))
    assert (account.firm == {IMAGES}, account.cooldowns) == (firm, {IMAGES: until})


def test_new_credentials_change_nothing_else() -> None:
    fresh = replace(CREDENTIALS, secure_c_ses="CSE.new")
    assert BRUNO.with_credentials(fresh) == replace(BRUNO, credentials=fresh)


# Secrets


def test_no_cookie_is_in_any_repr() -> None:
    for shown in (repr(CREDENTIALS), str(CREDENTIALS), repr(AMBER), f"{[AMBER]}"):
        assert "0123456789" not in shown
        assert "123" in shown
        assert "c-1" in shown


@pytest.mark.parametrize("secret", ["", "a", "short", "x" * 15])
def test_a_short_secret_is_not_shown_at_all(secret: str) -> None:
    assert set(masked(secret)) <= {"•"}
    assert len(masked(secret)) <= 4


def test_a_long_secret_is_shown_by_its_ends() -> None:
    assert masked("CSE.0123456789abcdef") == "CSE.…ef"
    assert len(masked("x" * 16)) < 16 / 2


def test_of_two_limits_met_at_once_the_longer_counts() -> None:
    rested = AMBER.after(Verdict("429", kind=QuotaKind.TEXT, until=3600.0))
    assert rested.after(Verdict("429", kind=QuotaKind.TEXT, until=10.0)).free_at(QuotaKind.TEXT) == 3600.0
