"""What a failure costs the account that met it: the table of the design, row by row, as the pool lives it."""

from dataclasses import replace

import pytest
from fakes import make_account
from pools import AMBER, BRUNO, IMAGES, POLICY, REST, TEXT, VIDEOS, Pool

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
    Stopping,
    StoreError,
    Unreachable,
)
from gemini_pool.pool.policy import Policy, next_pacific_midnight
from gemini_pool.roster import AccountState, Credentials, QuotaKind, Standing, Verdict

WEEK = 7 * 86_400.0


def pool_of_two(policy: Policy = POLICY) -> Pool:
    """Amber, who fails, and bruno, who is there so that nobody is asked for want of others."""
    return Pool("amber", "bruno", policy=policy)


def rest_of(pool: Pool) -> float:
    return pool.row().resting_until - pool.clock.now


def broken(pool: Pool) -> Pool:
    pool.fail(Busy("503"), times=3)
    return pool


# What costs nothing


@pytest.mark.parametrize(
    "error",
    [
        SessionLost("gone"),
        PromptRefused("400"),
        FileRefused("no such type"),
        PolicyRefused("blocked"),
        EmptyAnswer("no word"),
        StoreError("locked"),
        Stopping("restart", retry_after=1),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_ours_or_the_callers_costs_the_account_nothing(error: PoolError) -> None:
    pool = pool_of_two()
    pool.fail(error, times=10)
    assert pool.ledger.recorded == []
    assert pool.given() == "ab"


# Limits


@pytest.mark.parametrize("kind", [IMAGES, VIDEOS])
def test_a_limit_rests_the_kind_that_met_it_and_no_other(kind: QuotaKind) -> None:
    pool = pool_of_two()
    pool.fail(QuotaExhausted("429"), kind)
    assert pool.row().cooldowns == {kind: pool.clock.now + 600}
    assert {pool.given(one) for one in QuotaKind if one is not kind} == {"ab"}
    assert pool.given(kind) == "b"
    pool.clock.advance(599.9)
    assert pool.given(kind) == "b"
    pool.clock.advance(0.1)
    assert pool.given(kind) == "ab"


@pytest.mark.parametrize("seconds", [1.0, 45.0, 7200.0])
def test_a_limit_rests_the_account_for_as_long_as_the_service_says(seconds: float) -> None:
    pool = pool_of_two()
    pool.fail(QuotaExhausted("429", retry_after=seconds))
    pool.clock.advance(seconds - 0.1)
    assert pool.given() == "b"
    pool.clock.advance(0.1)
    assert pool.given() == "ab"


def test_a_daily_quota_rests_the_account_until_midnight_in_california() -> None:
    pool = pool_of_two()
    midnight = next_pacific_midnight(pool.clock.now)
    pool.fail(QuotaExhausted("429", daily=True))
    pool.clock.advance(midnight - pool.clock.now - 1)
    assert pool.given() == "b"
    pool.clock.advance(1)
    assert pool.given() == "ab"


@pytest.mark.parametrize(
    ("error", "firm"),
    [
        (QuotaExhausted("429"), frozenset()),
        (QuotaExhausted("429", retry_after=60), {TEXT}),
        (QuotaExhausted("429", daily=True), {TEXT}),
    ],
    ids=["guessed", "told", "daily"],
)
def test_an_end_that_was_told_is_firm_and_a_guess_is_not(error: PoolError, firm: set[QuotaKind]) -> None:
    pool = pool_of_two()
    pool.fail(error)
    assert pool.row().firm == firm


@pytest.mark.parametrize("first", [10, 300])
def test_of_two_limits_met_at_once_the_longer_counts(first: int) -> None:
    pool = pool_of_two()
    early, late = pool.lease_of(AMBER), pool.lease_of(AMBER)
    pool.manager.settle(early, QuotaExhausted("429", retry_after=first))
    pool.manager.settle(late, QuotaExhausted("429", retry_after=310 - first))
    pool.clock.advance(299)
    assert pool.given() == "b"
    pool.clock.advance(1)
    assert pool.given() == "ab"


def test_a_limit_is_no_strike_and_ends_no_row_of_them() -> None:
    pool = pool_of_two()
    for _ in range(5):
        pool.fail(QuotaExhausted("429", retry_after=1), IMAGES)
        pool.clock.advance(1)
    assert pool.row().strikes == 0
    pool.fail(Busy("503"), times=2)
    pool.fail(QuotaExhausted("429", retry_after=1), IMAGES)
    pool.fail(Busy("503"))
    assert pool.given() == "b"


# Cookies


def test_dead_cookies_need_a_sign_in_however_long_one_waits() -> None:
    pool = pool_of_two()
    pool.fail(CredentialsRejected("signed out"))
    assert pool.state() is AccountState.NEEDS_SIGN_IN
    pool.clock.advance(WEEK)
    assert pool.given() == "b"
    pool.ledger.put(
        replace(make_account("amber"), credentials=Credentials("CSE.new", "1001", "config-amber"))
    )
    assert pool.given() == "ab"


def test_a_refusal_by_the_sign_in_itself_forbids_at_once() -> None:
    pool = pool_of_two()
    pool.fail(AccountForbidden("403", certain=True))
    assert pool.state() is AccountState.FORBIDDEN
    pool.clock.advance(WEEK)
    assert pool.given() == "b"


def test_it_forbids_an_account_that_rests_as_well() -> None:
    pool = pool_of_two()
    late = pool.lease_of(AMBER)
    broken(pool)
    pool.manager.settle(late, AccountForbidden("403", certain=True))
    assert pool.state() is AccountState.FORBIDDEN


def test_a_first_403_counts_like_a_server_error() -> None:
    pool = pool_of_two()
    pool.fail(Busy("503"), times=2)
    pool.fail(AccountForbidden("403"))
    assert pool.state() is AccountState.FAILING


def test_a_second_403_in_a_row_forbids() -> None:
    pool = pool_of_two()
    pool.fail(AccountForbidden("403"))
    assert pool.state() is AccountState.ACTIVE
    assert pool.given() == "ab"
    pool.fail(AccountForbidden("403"))
    assert pool.state() is AccountState.FORBIDDEN
    pool.clock.advance(WEEK)
    assert pool.given() == "b"


@pytest.mark.parametrize(
    "between", [None, Busy("503"), QuotaExhausted("429", retry_after=0)], ids=["answer", "503", "429"]
)
def test_two_403_with_something_else_between_them_are_not_in_a_row(between: PoolError | None) -> None:
    pool = pool_of_two(replace(POLICY, failure_threshold=9))
    for _ in range(3):
        pool.fail(AccountForbidden("403"))
        pool.manager.settle(pool.lease_of(AMBER), between)
    assert pool.state() is AccountState.ACTIVE


def test_what_says_nothing_of_the_account_does_not_stand_between_two_403() -> None:
    pool = pool_of_two()
    pool.fail(AccountForbidden("403"))
    pool.fail(SessionLost("gone"))
    pool.fail(PromptRefused("400"))
    pool.fail(AccountForbidden("403"))
    assert pool.state() is AccountState.FORBIDDEN


def test_requests_that_were_open_together_and_meet_one_403_do_not_forbid() -> None:
    pool = pool_of_two(replace(POLICY, failure_threshold=9))
    for lease in [pool.lease_of(AMBER) for _ in range(5)]:
        pool.manager.settle(lease, AccountForbidden("403"))
    assert pool.state() is AccountState.ACTIVE
    pool.fail(AccountForbidden("403"))  # asked after they had failed
    assert pool.state() is AccountState.FORBIDDEN


def test_nor_does_it_help_that_others_are_sent_while_they_come() -> None:
    pool = pool_of_two(replace(POLICY, failure_threshold=9))
    first, second = pool.lease_of(AMBER), pool.lease_of(AMBER)
    pool.manager.settle(first, AccountForbidden("403"))
    third = pool.lease_of(AMBER)
    pool.manager.settle(second, AccountForbidden("403"))
    assert pool.state() is AccountState.ACTIVE
    pool.manager.settle(third, AccountForbidden("403"))
    assert pool.state() is AccountState.FORBIDDEN


@pytest.mark.parametrize("error", [AccountForbidden("403"), AccountForbidden("403", certain=True)])
def test_who_was_put_right_begins_anew(error: AccountForbidden) -> None:
    pool = pool_of_two()
    pool.fail(error, times=1 if error.certain else 2)
    pool.ledger.put(replace(pool.row(), standing=Standing.GOOD, reason=""))
    pool.fail(AccountForbidden("403"))
    pool.fail(Busy("503"))
    assert pool.state() is AccountState.ACTIVE


@pytest.mark.parametrize(
    "error",
    [CredentialsRejected("signed out"), AccountForbidden("403", certain=True), AccountForbidden("403")],
    ids=["401", "certain 403", "403"],
)
def test_what_old_cookies_met_is_not_held_against_new_ones(error: PoolError) -> None:
    pool = pool_of_two()
    late = [pool.lease_of(AMBER) for _ in range(5)]
    pool.manager.renew(AMBER, Credentials("CSE.new", "1001", "config-amber"))
    for lease in late:
        pool.manager.settle(lease, error)
    assert pool.given() == "ab"
    assert pool.ledger.recorded == []


# The breaker


@pytest.mark.parametrize("error", [Busy("503"), Unreachable("reset"), BadReply("garbage")], ids=repr)
@pytest.mark.parametrize("threshold", [1, 2, 3, 5])
def test_the_breaker_opens_at_the_operators_threshold(error: PoolError, threshold: int) -> None:
    pool = pool_of_two(replace(POLICY, failure_threshold=threshold))
    pool.fail(error, times=threshold - 1)
    assert pool.given() == "ab"
    pool.fail(error)
    assert pool.given() == "b"
    assert pool.state() is AccountState.FAILING
    assert pool.row().strikes == threshold


def test_failures_that_are_not_in_a_row_never_open_it() -> None:
    pool = pool_of_two()
    for _ in range(10):
        pool.fail(Busy("503"), times=2)
        pool.answer()
    assert pool.given() == "ab"
    assert pool.ledger.recorded == []


def test_the_rests_double_within_a_fifth_and_are_never_longer_than_an_hour() -> None:
    for _ in range(20):
        pool = broken(pool_of_two())
        for n in range(12):
            meant = min(30 * 2**n, 3600)
            assert 0.8 * meant <= rest_of(pool) <= min(1.2 * meant, 3600)
            pool.clock.advance(rest_of(pool) - 0.01)
            assert pool.given() == "b"
            pool.clock.advance(0.01)
            pool.fail(Busy("503"))


def test_accounts_that_broke_together_do_not_come_back_together() -> None:
    assert len({rest_of(broken(pool_of_two())) for _ in range(20)}) > 10


@pytest.mark.parametrize("error", [Busy("503"), AccountForbidden("403")], ids=["503", "403"])
@pytest.mark.parametrize("threshold", [1, 3])
def test_what_fails_while_it_rests_makes_neither_this_rest_longer_nor_the_next(
    error: PoolError, threshold: int
) -> None:
    pool = pool_of_two(replace(POLICY, failure_threshold=threshold))
    late = [pool.lease_of(AMBER) for _ in range(9)]
    pool.fail(Busy("503"), times=threshold)
    before = pool.row()
    for lease in late:
        pool.manager.settle(lease, error)
    assert pool.row() == before
    pool.clock.advance(REST)
    pool.fail(Busy("503"))
    assert pool.row().strikes == threshold + 1


def test_an_answer_closes_the_breaker_and_the_ledger_is_told() -> None:
    pool = broken(pool_of_two())
    pool.clock.advance(REST)
    pool.answer()
    assert pool.ledger.recorded[1:] == [(AMBER, Verdict("", strikes=0))]
    assert (pool.row().strikes, pool.row().reason, pool.row().resting_until) == (0, "", 0.0)
    pool.fail(Busy("503"), times=2)
    assert pool.given() == "ab"


def test_the_log_tells_what_it_met_and_that_it_answers_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "gemini_pool.pool")
    pool = broken(pool_of_two())
    pool.clock.advance(REST)
    pool.answer()
    told = [(record.levelname, record.message) for record in caplog.records]
    assert told == [("WARNING", "account 1 (amber): 503"), ("INFO", "account 1 (amber) answers again")]


def test_an_answer_of_an_account_that_is_well_is_not_written_down() -> None:
    pool = pool_of_two()
    pool.fail(Busy("503"), times=2)
    pool.answer()
    assert pool.ledger.recorded == []


def test_an_answer_from_before_the_rest_ends_it() -> None:
    pool = pool_of_two()
    early = pool.lease_of(AMBER)
    broken(pool)
    pool.manager.settle(early)
    assert pool.given() == "ab"


def test_the_strikes_outlive_the_process() -> None:
    pool = broken(pool_of_two())
    pool.clock.advance(REST)
    restarted = pool.beside()
    restarted.fail(Busy("503"))
    assert restarted.row().strikes == 4
    assert rest_of(restarted) >= 0.8 * 60


# Where the operator wants no recovery


def shut_for_good() -> Pool:
    return broken(pool_of_two(replace(POLICY, recovers=False)))


def test_with_the_policy_disable_a_broken_account_stays_shut_until_it_is_enabled_by_hand() -> None:
    pool = shut_for_good()
    assert pool.state() is AccountState.FAILING
    pool.clock.advance(WEEK)
    assert pool.given() == "b"
    pool.ledger.put(replace(pool.row(), standing=Standing.GOOD, reason=""))
    assert pool.given() == "ab"


def test_once_enabled_it_is_counted_anew_and_nobody_has_to_go_ahead() -> None:
    pool = shut_for_good()
    pool.ledger.put(replace(pool.row(), standing=Standing.GOOD, reason=""))
    first, second = pool.lease_of(AMBER), pool.lease_of(AMBER)
    pool.manager.settle(first, Busy("503"))
    pool.manager.settle(second, Busy("503"))
    assert pool.state() is AccountState.ACTIVE


def test_limits_lift_by_themselves_all_the_same() -> None:
    pool = pool_of_two(replace(POLICY, recovers=False))
    pool.fail(QuotaExhausted("429"))
    pool.clock.advance(600)
    assert pool.given() == "ab"


# Budgets of the operator's own, and what is counted


BUDGET = replace(POLICY, allowances={IMAGES: 10})


def test_an_account_that_gave_what_it_may_a_day_rests_until_the_next() -> None:
    pool = pool_of_two(BUDGET)
    pool.manager.counted(AMBER, IMAGES, 9)
    assert pool.given(IMAGES) == "ab"
    pool.manager.counted(AMBER, IMAGES, 10)
    assert pool.given(IMAGES) == "b"
    assert pool.given(TEXT) == "ab"
    pool.clock.advance(next_pacific_midnight(pool.clock.now) - pool.clock.now)
    assert pool.given(IMAGES) == "ab"


def test_the_budget_is_concluded_once_a_day_and_written_down() -> None:
    pool = pool_of_two(BUDGET)
    for answers in (10, 11, 12):
        pool.manager.counted(AMBER, IMAGES, answers)
    assert [(seat, verdict.kind) for seat, verdict in pool.ledger.recorded] == [(AMBER, IMAGES)]
    pool.clock.advance(86_400)
    pool.manager.counted(AMBER, IMAGES, 10)
    assert len(pool.ledger.recorded) == 2


def test_the_budget_counts_though_a_shorter_limit_is_met_as_well() -> None:
    pool = pool_of_two(BUDGET)
    pool.fail(QuotaExhausted("429"), IMAGES)
    pool.manager.counted(AMBER, IMAGES, 10)
    assert pool.row().cooldowns[IMAGES] == next_pacific_midnight(pool.clock.now)
    assert pool.row().firm == {IMAGES}


def test_a_budget_says_nothing_over_what_an_account_is_out_for() -> None:
    pool = pool_of_two(BUDGET)
    pool.fail(CredentialsRejected("signed out"))
    pool.manager.counted(AMBER, IMAGES, 10)
    assert pool.row().reason == "signed out"


def test_a_count_of_an_account_that_is_gone_is_nothing() -> None:
    pool = pool_of_two(BUDGET)
    pool.manager.counted(99, IMAGES, 10)
    assert pool.ledger.recorded == []


def test_answers_and_failures_are_counted_by_account_and_kind() -> None:
    pool = pool_of_two()
    pool.answer(IMAGES)
    pool.answer(seat=BRUNO)
    pool.fail(QuotaExhausted("429"), VIDEOS)
    pool.fail(Busy("503"))
    assert pool.counter.counted == [
        (AMBER, IMAGES, False),
        (BRUNO, TEXT, False),
        (AMBER, VIDEOS, True),
        (AMBER, TEXT, True),
    ]


@pytest.mark.parametrize(
    "error", [None, PromptRefused("400"), SessionLost("gone"), Stopping("restart", retry_after=1)], ids=repr
)
def test_what_is_neither_is_not_counted(error: PoolError | None) -> None:
    pool = pool_of_two()
    pool.manager.settle(pool.lease_of(AMBER), error, answered=False)
    assert pool.counter.counted == []
