"""When every account rests for a soft reason, the one that is back first is tried rather than nothing."""

from dataclasses import replace

import pytest
from fakes import make_account
from pools import AMBER, BRUNO, CLARA, IMAGES, POLICY, REST, TEXT, VIDEOS, Pool

from gemini_pool.errors import (
    AccountForbidden,
    Busy,
    CredentialsRejected,
    PoolError,
    QuotaExhausted,
    Unreachable,
)
from gemini_pool.roster import AccountState, QuotaKind, Standing


def tired(*names: str) -> Pool:
    """A pool whose accounts all rest, for guessed times, those named first for the longest."""
    pool = Pool(*names)
    for number, name in enumerate(names):
        until = pool.clock.now + 600 - 10 * number
        pool.ledger.put(replace(make_account(name), cooldowns={TEXT: until}))
    return pool


def broken(*names: str) -> Pool:
    pool = Pool(*names)
    for seat in list(pool.ledger.rows):
        pool.fail(Busy("503"), times=3, seat=seat)
    return pool


def test_the_one_that_is_back_first_is_tried() -> None:
    assert tired("amber", "bruno", "clara").picks(3) == "cba"


def test_nobody_panics_while_anybody_can_answer() -> None:
    pool = tired("amber", "bruno")
    pool.ledger.put(make_account("clara"))
    assert pool.picks(5) == "ccccc"


def test_one_request_at_a_time() -> None:
    pool = tired("amber")
    lease = pool.lease()
    pool.clock.advance(120)
    assert pool.refusal().busy
    pool.manager.settle(lease, QuotaExhausted("429"))
    assert pool.lease()


def test_the_pauses_between_two_tries_grow_up_to_a_minute() -> None:
    pool = tired("amber")
    waited = []
    for _ in range(9):
        pool.ledger.put(replace(make_account("amber"), cooldowns={TEXT: pool.clock.now + 600}))
        begun = pool.clock.now
        while not pool.given():
            pool.clock.advance(0.5)
        waited.append(pool.clock.now - begun)
    assert waited == [0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_between_two_tries_the_caller_is_told_how_long_the_rest_is() -> None:
    pool = tired("amber")
    assert pool.given() == "a"
    refusal = pool.refusal()
    assert (refusal.retry_after, refusal.limited, refusal.busy) == (600, True, False)


def test_the_pauses_go_on_growing_however_long_nothing_answers() -> None:
    pool = tired("amber")
    for _ in range(1100):  # more than a power of two can hold
        pool.ledger.put(replace(make_account("amber"), cooldowns={TEXT: pool.clock.now + 600}))
        assert pool.given() == "a"
        pool.clock.advance(60)


def test_success_brings_a_broken_account_back_at_once_and_everywhere() -> None:
    pool = broken("amber")
    other = pool.beside()
    pool.answer()
    assert pool.state() is AccountState.ACTIVE
    assert pool.picks(3) == other.picks(3) == "aaa"


def test_success_makes_the_pauses_short_again() -> None:
    pool = tired("amber")
    for pause in (1, 2, 4, 8):
        assert pool.given() == "a"
        pool.clock.advance(pause)
    pool.answer()
    pool.ledger.put(replace(make_account("amber"), cooldowns={TEXT: pool.clock.now + 600}))
    assert pool.given() == "a"
    assert pool.given() == ""
    pool.clock.advance(1)
    assert pool.given() == "a"


@pytest.mark.parametrize(
    "error", [Busy("503"), Unreachable("reset"), AccountForbidden("403"), None], ids=repr
)
def test_failure_or_none_leaves_the_rest_of_a_broken_account_as_it_is(error: PoolError | None) -> None:
    pool = broken("amber")
    before = pool.row()
    pool.manager.settle(pool.lease(), error, answered=False)
    assert pool.row() == before


def test_it_is_not_claimed_as_a_probe_which_would_end_a_long_rest_early() -> None:
    pool = broken("amber")
    pool.ledger.put(replace(pool.row(), strikes=9, resting_until=pool.clock.now + 3600))
    assert not pool.lease().probe
    assert pool.row().resting_until == pool.clock.now + 3600


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (CredentialsRejected("signed out"), AccountState.NEEDS_SIGN_IN),
        (AccountForbidden("403", certain=True), AccountState.FORBIDDEN),
    ],
    ids=["401", "403"],
)
def test_what_is_learnt_of_the_cookies_counts(error: PoolError, state: AccountState) -> None:
    pool = broken("amber")
    pool.fail(error)
    assert pool.state() is state
    assert pool.given() == ""


def test_the_rests_of_another_kind_are_of_no_matter() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(QuotaExhausted("429"), IMAGES, seat=AMBER)
    pool.fail(QuotaExhausted("429"), VIDEOS, seat=BRUNO)
    assert pool.picks(4) == "abab"
    assert pool.given(IMAGES) == "b"


# Never


@pytest.mark.parametrize(
    "change",
    [
        {"standing": Standing.NEEDS_SIGN_IN},
        {"standing": Standing.FORBIDDEN},
        {"standing": Standing.FAILING},
        {"enabled": False},
        {"expires_at": 1.0},
    ],
    ids=str,
)
def test_a_hard_reason_is_never_overridden(change: dict[str, object]) -> None:
    pool = tired("amber")
    pool.ledger.put(replace(pool.row(), **change))  # type: ignore[arg-type]
    assert pool.given() == ""
    pool.clock.advance(10 * 86_400)
    assert pool.given() == ""


@pytest.mark.parametrize(
    "limit",
    [QuotaExhausted("429", retry_after=300), QuotaExhausted("429", daily=True)],
    ids=["told", "daily"],
)
def test_an_end_that_was_told_is_kept(limit: QuotaExhausted) -> None:
    pool = Pool("amber")
    pool.fail(limit)
    assert pool.given() == ""
    refusal = pool.refusal()
    assert refusal.limited
    assert refusal.retry_after
    pool.clock.advance(refusal.retry_after)
    assert pool.given() == "a"


def test_a_told_limit_of_text_is_kept_by_every_kind() -> None:
    pool = Pool("amber")
    pool.fail(QuotaExhausted("429", retry_after=300), TEXT)
    assert {pool.given(kind) for kind in QuotaKind} == {""}


def test_a_told_limit_of_images_is_nothing_to_text() -> None:
    pool = Pool("amber")
    pool.fail(QuotaExhausted("429", retry_after=300), IMAGES)
    pool.fail(QuotaExhausted("429"), TEXT)
    assert pool.given(TEXT) == "a"
    assert pool.given(IMAGES) == ""


def test_what_was_told_is_over_when_its_time_is_over() -> None:
    pool = Pool("amber")
    pool.fail(QuotaExhausted("429", retry_after=10), IMAGES)
    pool.clock.advance(10)
    pool.fail(Busy("503"), times=3)
    assert pool.given(IMAGES) == "a"


def test_an_account_over_its_daily_budget_is_never_asked_for_more() -> None:
    pool = Pool("amber", policy=replace(POLICY, allowances={TEXT: 3}))
    pool.fail(QuotaExhausted("429"))
    pool.manager.counted(AMBER, TEXT, 3)
    assert pool.given() == ""


def test_an_account_that_was_tried_is_not_tried_again() -> None:
    pool = tired("amber", "bruno")
    assert pool.lease(TEXT, BRUNO).account.id == AMBER
    assert pool.lease(TEXT, AMBER).account.id == BRUNO
    assert pool.refusal().busy


def test_a_firm_rest_of_one_does_not_keep_another_from_being_tried() -> None:
    pool = Pool("amber", "bruno", "clara")
    pool.fail(QuotaExhausted("429", retry_after=5), seat=AMBER)
    pool.fail(QuotaExhausted("429"), seat=BRUNO)
    pool.fail(CredentialsRejected("signed out"), seat=CLARA)
    assert pool.given() == "b"


# With bounded slots


def test_one_whose_slots_are_taken_by_earlier_requests_is_passed_over() -> None:
    pool = Pool("amber", "bruno", limit=1)
    early = pool.lease_of(AMBER)
    pool.fail(Busy("503"), times=3, seat=BRUNO)
    pool.ledger.put(replace(pool.row(AMBER), cooldowns={TEXT: pool.clock.now + 5}))
    assert pool.picks(1) == "b"
    assert pool.refusal().busy
    pool.manager.settle(early, answered=False)
    assert pool.picks(1) == "a"


def test_after_the_rest_the_account_is_probed_as_ever() -> None:
    pool = broken("amber")
    pool.fail(Busy("503"))
    pool.clock.advance(REST)
    assert pool.lease().probe
