"""When several accounts cannot be reached within seconds it is the network, and nobody is blamed."""

from dataclasses import replace

import pytest
from pools import AMBER, BRUNO, CLARA, DIETER, POLICY, REST, Pool

from gemini_pool.errors import Busy, CredentialsRejected, PromptRefused, QuotaExhausted, Unreachable
from gemini_pool.roster import AccountState, Credentials

DOWN = Unreachable("no route to host")


def pool_of(size: int, *, recovers: bool = True) -> Pool:
    names = ("amber", "bruno", "clara", "dieter", "emil")[:size]
    return Pool(*names, policy=replace(POLICY, recovers=recovers))


def unreachable(pool: Pool, *seats: int) -> Pool:
    for seat in seats:
        pool.fail(DOWN, seat=seat)
    return pool


def test_three_accounts_that_cannot_be_reached_are_an_outage_and_nobody_pays() -> None:
    pool = pool_of(5)
    unreachable(pool, AMBER, BRUNO)
    assert not pool.manager.outage
    unreachable(pool, CLARA)
    assert pool.manager.outage
    for _ in range(10):
        unreachable(pool, *range(1, 6))
    assert pool.ledger.recorded == []
    assert pool.given() == "abcde"


def test_those_that_were_blamed_just_before_are_pardoned_also_in_the_ledger() -> None:
    pool = pool_of(4)
    unreachable(pool, AMBER, AMBER, AMBER, BRUNO, BRUNO)
    assert pool.state(AMBER) is AccountState.FAILING
    unreachable(pool, CLARA)
    assert pool.states() == {AccountState.ACTIVE: 4}
    assert (pool.row(AMBER).strikes, pool.row(AMBER).resting_until) == (0, 0.0)
    assert pool.given() == "abcd"
    assert pool.beside().given() == "abcd"


def test_the_strikes_of_the_pardoned_are_forgotten() -> None:
    pool = unreachable(pool_of(4), AMBER, AMBER, BRUNO, CLARA)
    pool.answer(seat=DIETER)  # the outage is over
    pool.fail(Busy("503"), times=2)
    assert pool.state(AMBER) is AccountState.ACTIVE


def test_who_stays_shut_where_the_operator_wants_that_is_pardoned_as_well() -> None:
    pool = unreachable(pool_of(4, recovers=False), AMBER, AMBER, AMBER)
    assert pool.state(AMBER) is AccountState.FAILING
    unreachable(pool, BRUNO, CLARA)
    assert pool.states() == {AccountState.ACTIVE: 4}
    assert pool.beside().given() == "abcd"


def test_a_breaker_that_opened_for_another_reason_long_before_stays_open() -> None:
    pool = pool_of(4)
    pool.fail(Busy("503"), times=3, seat=DIETER)
    unreachable(pool, AMBER, BRUNO, CLARA)
    assert pool.state(DIETER) is AccountState.FAILING


def test_it_ends_with_the_first_answer_and_blame_is_possible_again() -> None:
    pool = unreachable(pool_of(4), AMBER, BRUNO, CLARA)
    pool.answer(seat=DIETER)
    assert not pool.manager.outage
    unreachable(pool, AMBER, AMBER, AMBER)
    assert pool.state(AMBER) is AccountState.FAILING


def test_it_lasts_until_an_answer_however_seldom_anybody_asks() -> None:
    pool = unreachable(pool_of(4), AMBER, BRUNO, CLARA)
    for _ in range(10):
        pool.clock.advance(600)
        unreachable(pool, AMBER)
    assert pool.manager.outage
    assert pool.ledger.recorded == []


@pytest.mark.parametrize(
    "error", [Busy("503"), QuotaExhausted("429", retry_after=0), PromptRefused("400")], ids=repr
)
def test_it_is_not_ended_by_what_is_no_answer(error: Busy) -> None:
    pool = unreachable(pool_of(4), AMBER, BRUNO, CLARA)
    pool.fail(error, seat=DIETER)
    assert pool.manager.outage


def test_who_hangs_up_neither_ends_nor_prevents_it() -> None:
    pool = unreachable(pool_of(4), AMBER, BRUNO)
    pool.manager.settle(pool.lease_of(DIETER), answered=False)
    unreachable(pool, CLARA)
    assert pool.manager.outage
    pool.manager.settle(pool.lease_of(DIETER), answered=False)
    assert pool.manager.outage


def test_other_failures_are_blamed_during_an_outage_too() -> None:
    pool = unreachable(pool_of(4), AMBER, BRUNO, CLARA)
    pool.fail(Busy("503"), times=3, seat=DIETER)
    pool.fail(CredentialsRejected("signed out"), seat=AMBER)
    assert pool.state(DIETER) is AccountState.FAILING
    assert pool.state(AMBER) is AccountState.NEEDS_SIGN_IN


# What is none


def test_one_bad_account_among_good_ones_is_blamed() -> None:
    pool = pool_of(4)
    for _ in range(3):
        unreachable(pool, AMBER)
        pool.answer(seat=BRUNO)
    assert pool.state(AMBER) is AccountState.FAILING
    assert not pool.manager.outage


def test_one_account_that_fails_often_is_not_several() -> None:
    pool = unreachable(pool_of(4), AMBER, AMBER, AMBER)
    assert pool.state(AMBER) is AccountState.FAILING
    assert not pool.manager.outage


def test_an_answer_in_between_tells_them_apart() -> None:
    pool = pool_of(4)
    for seat in (AMBER, BRUNO, CLARA) * 3:
        unreachable(pool, seat)
        pool.answer(seat=DIETER)
    assert not pool.manager.outage
    assert pool.states() == {AccountState.FAILING: 3, AccountState.ACTIVE: 1}


@pytest.mark.parametrize(("pause", "outage"), [(4.9, True), (5.0, False)])
def test_they_must_fail_within_seconds(pause: float, outage: bool) -> None:
    pool = pool_of(4)
    for seat in (AMBER, BRUNO, CLARA):
        unreachable(pool, seat)
        pool.clock.advance(pause)
    assert pool.manager.outage is outage


@pytest.mark.parametrize("error", [Busy("503"), QuotaExhausted("429")], ids=repr)
def test_what_the_service_itself_answers_is_no_outage(error: Busy) -> None:
    pool = pool_of(5)
    for seat in range(1, 6):
        pool.fail(error, seat=seat)
    assert not pool.manager.outage


# Small pools


def test_of_two_accounts_both_must_fail() -> None:
    pool = unreachable(pool_of(2), AMBER)
    assert not pool.manager.outage
    unreachable(pool, BRUNO)
    assert pool.manager.outage
    unreachable(pool, *[AMBER, BRUNO] * 5)
    assert pool.states() == {AccountState.ACTIVE: 2}


def test_accounts_that_are_out_for_good_do_not_count() -> None:
    pool = pool_of(4)
    for seat in (CLARA, DIETER):
        pool.fail(CredentialsRejected("signed out"), seat=seat)
    unreachable(pool, AMBER, BRUNO)
    assert pool.manager.outage


def test_accounts_that_rest_do_count() -> None:
    pool = pool_of(4)
    for seat in (CLARA, DIETER):
        pool.fail(QuotaExhausted("429"), seat=seat)
    unreachable(pool, AMBER, BRUNO)
    assert not pool.manager.outage


def test_of_one_account_nobody_can_tell_so_it_is_blamed() -> None:
    pool = unreachable(pool_of(1), AMBER, AMBER, AMBER)
    assert not pool.manager.outage
    assert pool.state() is AccountState.FAILING


# With others


def test_a_probe_that_meets_an_outage_ends_the_rest() -> None:
    pool = pool_of(3)
    pool.fail(Busy("503"), times=3)
    pool.clock.advance(REST)
    unreachable(pool, BRUNO, CLARA)
    unreachable(pool, AMBER)
    assert pool.state() is AccountState.ACTIVE


def test_an_account_that_was_deleted_needs_no_pardon() -> None:
    pool = unreachable(pool_of(4), AMBER, AMBER, AMBER, BRUNO)
    pool.ledger.delete(AMBER)
    unreachable(pool, CLARA)
    assert pool.manager.outage
    assert pool.given() == "bcd"


def test_what_old_cookies_met_on_the_network_counts_as_well() -> None:
    pool = pool_of(3)
    leases = [pool.lease_of(seat) for seat in (AMBER, BRUNO, CLARA)]
    pool.manager.renew(AMBER, Credentials("CSE.new", "1001", "config-amber"))
    for lease in leases:
        pool.manager.settle(lease, DOWN)
    assert pool.manager.outage


def test_the_log_tells_when_it_begins_and_ends_once_each(caplog: pytest.LogCaptureFixture) -> None:
    pool = pool_of(4)
    for _ in range(5):
        unreachable(pool, AMBER, BRUNO, CLARA)
    pool.answer(seat=DIETER)
    pool.answer(seat=DIETER)
    told = [record.message for record in caplog.records if record.name.endswith("outage")]
    assert len(told) == 2
    assert "3 accounts could not be reached" in told[0]
    assert "reached again" in told[1]
