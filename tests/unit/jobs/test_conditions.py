"""What is wrong with a pool, by pictures of it."""

from dataclasses import replace

import pytest
from fakes import make_account

from gemini_pool.jobs.conditions import Picture, Seen, SignIns, conditions
from gemini_pool.roster import Account, QuotaKind, Standing

NOW = 1_000.0
AMBER, BRUNO, CLARA = map(make_account, ("amber", "bruno", "clara"))
FINE = SignIns()


def seen(*accounts: Account, sign_ins: SignIns = FINE, renewable: bool = True) -> tuple[Seen, ...]:
    return tuple(Seen(one, sign_ins, renewable) for one in accounts)


def events(*everyone: Seen, few: int = 1) -> list[str]:
    return [one.event for one in conditions(Picture(NOW, everyone, few, failures=3))]


def resting(account: Account) -> Account:
    return replace(account, cooldowns={QuotaKind.TEXT: NOW + 60})


def dead(account: Account) -> Account:
    return replace(account, standing=Standing.NEEDS_SIGN_IN)


def test_a_pool_that_answers_is_well() -> None:
    assert events(*seen(AMBER, BRUNO, CLARA)) == []
    assert events() == []  # nobody has brought an account yet


def test_a_pool_of_one_is_not_nearly_empty() -> None:
    assert events(*seen(AMBER)) == []


@pytest.mark.parametrize(("few", "told"), [(0, []), (1, ["pool_nearly_empty"]), (2, ["pool_nearly_empty"])])
def test_few_are_as_many_as_the_operator_says(few: int, told: list[str]) -> None:
    assert events(*seen(AMBER, resting(BRUNO), resting(CLARA)), few=few) == told


def test_none_is_empty_and_not_nearly_so() -> None:
    assert events(*seen(resting(AMBER), dead(BRUNO))) == ["pool_empty"]


def test_an_account_that_is_shut_out_needs_somebody() -> None:
    (one,) = conditions(
        Picture(NOW, seen(AMBER, BRUNO, replace(CLARA, standing=Standing.FORBIDDEN, reason="403.")), 1, 3)
    )
    assert (one.event, one.account) == ("account_needs_human", (3, "clara"))
    assert "403." in one.message


@pytest.mark.parametrize("gone", [dead(CLARA), replace(CLARA, expires_at=NOW - 1)])
def test_dead_cookies_need_somebody_only_where_nothing_renews_them(gone: Account) -> None:
    assert events(*seen(AMBER, BRUNO), *seen(gone)) == []
    assert events(*seen(AMBER, BRUNO), *seen(gone, renewable=False)) == ["account_needs_human"]


def test_a_sign_in_that_asks_for_a_person_is_told_in_its_words() -> None:
    asks = SignIns(failures=5, words="It shows a picture puzzle.", needs_person=True)
    (one,) = conditions(Picture(NOW, (*seen(AMBER, BRUNO), *seen(CLARA, sign_ins=asks)), 1, 3))
    assert (one.event, one.message) == ("account_needs_human", "It shows a picture puzzle.")


@pytest.mark.parametrize(("failures", "told"), [(2, []), (3, ["refresh_failed"]), (9, ["refresh_failed"])])
def test_a_sign_in_that_keeps_failing_is_told(failures: int, told: list[str]) -> None:
    fails = seen(CLARA, sign_ins=SignIns(failures, "No letter came."))
    assert events(*seen(AMBER, BRUNO), *fails) == told


def test_nothing_is_said_of_an_account_that_was_switched_off() -> None:
    off = replace(CLARA, enabled=False, standing=Standing.FORBIDDEN)
    assert events(*seen(AMBER, BRUNO), *seen(off, sign_ins=SignIns(9, needs_person=True))) == []
