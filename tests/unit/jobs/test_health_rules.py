"""Who is asked in a round, what an answer says, and what follows from it."""

from dataclasses import replace

import pytest
from fakes import make_account

from gemini_pool.errors import (
    AccountForbidden,
    BadReply,
    Busy,
    CredentialsRejected,
    QuotaExhausted,
    Unreachable,
    UpstreamError,
)
from gemini_pool.jobs.health_rules import Ask, Came, Known, Terms, concluded, found_in, to_ask, unasked
from gemini_pool.roster import Account, QuotaKind, Standing, Verdict
from gemini_pool.store.health import Checkup, Found

NOW = 10_000.0
AMBER = make_account("amber")
TERMS = Terms(interval=300, timeout=30, retries=2, at_once=5, disables=True, network_errors=3)
OUT = Checkup(AMBER.id, Found.NEEDS_SIGN_IN, NOW - 300, next_at=NOW, failures=1, taken_out=True)
DEAD = CredentialsRejected("The account is signed out.")
CUT = Unreachable("The service has been silent.")


def amber(**changes: object) -> Account:
    return replace(AMBER, **changes)  # type: ignore[arg-type]


def known(account: Account = AMBER, **more: object) -> Known:
    return Known(account, NOW, NOW - 300, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "asked"),
    [
        (known(), Ask.YES),
        (known(answered_at=NOW - 10), Ask.HEALTHY),
        (known(answered_at=NOW - 301), Ask.YES),
        (known(amber(enabled=False)), Ask.NO),
        (known(amber(enabled=False), by_hand=True), Ask.NO),
        (known(answered_at=NOW - 10, by_hand=True), Ask.YES),
        (known(amber(resting_until=NOW + 1)), Ask.NO),
        (known(amber(resting_until=NOW - 1, strikes=3)), Ask.YES),
        (known(amber(cooldowns={QuotaKind.TEXT: NOW + 1})), Ask.NO),
        (known(amber(cooldowns={QuotaKind.VIDEOS: NOW + 1})), Ask.YES),
        (known(amber(expires_at=NOW)), Ask.NO),
        (known(amber(standing=Standing.NEEDS_SIGN_IN)), Ask.YES),
        (known(amber(standing=Standing.NEEDS_SIGN_IN), answered_at=NOW - 10), Ask.YES),
        (known(amber(standing=Standing.NEEDS_SIGN_IN), last=replace(OUT, next_at=NOW + 1)), Ask.NO),
        (known(last=replace(OUT, next_at=NOW + 1)), Ask.YES),
        (known(amber(standing=Standing.FORBIDDEN)), Ask.NO),
        (known(amber(standing=Standing.FORBIDDEN), last=OUT), Ask.YES),
        (known(amber(standing=Standing.FAILING)), Ask.NO),
        (known(amber(standing=Standing.FAILING), last=OUT), Ask.YES),
        (known(amber(standing=Standing.FORBIDDEN), by_hand=True), Ask.YES),
    ],
)
def test_who_is_asked(before: Known, asked: Ask) -> None:
    assert to_ask(before) is asked


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (None, Found.HEALTHY),
        (DEAD, Found.NEEDS_SIGN_IN),
        (AccountForbidden("No.", certain=True), Found.FORBIDDEN),
        (QuotaExhausted("Later."), Found.LIMITED),
        (CUT, Found.UNREACHABLE),
        (Busy("500"), Found.UNREACHABLE),
        (BadReply("What?"), Found.UNREACHABLE),
    ],
)
def test_what_an_answer_says(error: UpstreamError | None, found: Found) -> None:
    assert found_in(Came(error, 12)) is found


def test_who_answered_a_caller_is_well() -> None:
    well = unasked(
        known(answered_at=NOW - 10, last=Checkup(AMBER.id, Found.UNREACHABLE, NOW, network_errors=2))
    )
    assert well.checkup == Checkup(AMBER.id, Found.HEALTHY, NOW - 10, "It answered a caller.")
    assert well.verdict is None


@pytest.mark.parametrize(
    ("error", "standing"),
    [(DEAD, Standing.NEEDS_SIGN_IN), (AccountForbidden("No."), Standing.FORBIDDEN)],
)
def test_who_is_refused_is_taken_out_and_looked_at_later(error: UpstreamError, standing: Standing) -> None:
    refused = concluded(known(), Came(error, 12), TERMS)
    assert refused.verdict == Verdict(str(error), standing=standing)
    assert refused.taken_out
    checkup = refused.checkup
    assert (checkup.failures, checkup.taken_out, checkup.next_at) == (1, True, NOW + 300)
    assert (checkup.message, checkup.error_code) == (str(error), type(error).__name__)


def test_nobody_is_taken_out_where_the_operator_does_not_want_it() -> None:
    refused = concluded(known(), Came(DEAD, 12), replace(TERMS, disables=False))
    assert refused.verdict is None
    assert (refused.checkup.found, refused.checkup.taken_out) == (Found.NEEDS_SIGN_IN, False)


def test_network_errors_take_out_after_so_many_in_a_row() -> None:
    last = None
    for number in (1, 2):
        result = concluded(known(last=last), Came(CUT, 12), TERMS)
        last = result.checkup
        assert (last.network_errors, result.verdict) == (number, None)
    third = concluded(known(last=last), Came(CUT, 12), TERMS)
    assert third.verdict == Verdict(str(CUT), standing=Standing.FAILING)


def test_what_is_not_the_account_s_fault_is_not_counted() -> None:
    last = Checkup(AMBER.id, Found.UNREACHABLE, NOW, failures=2, network_errors=2)
    pardoned = concluded(known(last=last), Came(CUT, 12), TERMS, pardoned=True)
    assert (pardoned.verdict, pardoned.checkup.network_errors) == (None, 2)
    assert concluded(known(), Came(DEAD, 12), TERMS, pardoned=True).taken_out, "an answer is an answer"


def test_another_answer_ends_the_row_of_network_errors() -> None:
    last = Checkup(AMBER.id, Found.UNREACHABLE, NOW, failures=2, network_errors=2)
    assert concluded(known(last=last), Came(None, 12), TERMS).checkup.network_errors == 0
    assert concluded(known(last=last), Came(DEAD, 12), TERMS).checkup.network_errors == 0


def test_who_is_out_is_asked_less_and_less_often_up_to_once_a_day() -> None:
    account, last, now, pauses = amber(standing=Standing.NEEDS_SIGN_IN), OUT, NOW, []
    for _ in range(11):
        one = Known(account, now, last=last)
        last = concluded(one, Came(DEAD, 12), TERMS).checkup
        assert last.next_at
        pauses.append(last.next_at - now)
        now = last.next_at
    assert pauses[:3] == [600, 1200, 2400]
    assert pauses[-1] == 86_400
    assert last.failures == 12
    assert last.taken_out


@pytest.mark.parametrize(
    ("standing", "last", "back"),
    [
        (Standing.NEEDS_SIGN_IN, None, True),
        (Standing.NEEDS_SIGN_IN, OUT, True),
        (Standing.FAILING, OUT, True),
        (Standing.FORBIDDEN, OUT, True),
        (Standing.FORBIDDEN, None, False),
        (Standing.FAILING, None, False),
    ],
)
def test_a_check_brings_back_what_a_check_took_out(
    standing: Standing, last: Checkup | None, back: bool
) -> None:
    passed = concluded(known(amber(standing=standing), last=last), Came(None, 12), TERMS)
    assert passed.recovered is back
    assert passed.verdict == (Verdict("", standing=Standing.GOOD, strikes=0) if back else None)
    assert ("stays out" in passed.checkup.message) is not back
    assert (passed.checkup.found, passed.checkup.ms, passed.checkup.next_at) == (Found.HEALTHY, 12, None)


def test_what_was_counted_before_somebody_brought_it_back_counts_no_more() -> None:
    last = replace(OUT, found=Found.UNREACHABLE, network_errors=3)
    result = concluded(known(last=last), Came(CUT, 12), TERMS)
    assert (result.verdict, result.checkup.network_errors, result.checkup.taken_out) == (None, 1, False)
