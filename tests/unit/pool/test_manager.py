"""Which account answers next, and what became of those that did."""

import contextlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fakes import CAST, FakeLedger, all_given_back, make_account
from pools import AMBER, BRUNO, CLARA, IMAGES, REST, TEXT, VIDEOS, Pool

from gemini_pool.errors import (
    AccountForbidden,
    Busy,
    CredentialsRejected,
    NoAccountAvailable,
    PromptRefused,
    QuotaExhausted,
    StoreError,
)
from gemini_pool.pool.manager import Lease, Strategy
from gemini_pool.pool.policy import Policy
from gemini_pool.roster import Account, AccountState, Credentials, QuotaKind, Standing, Verdict

# Selection


def test_round_robin_gives_each_account_its_turn() -> None:
    pool = Pool("amber", "bruno", "clara")
    order = []
    for _ in range(6):
        lease = pool.lease()
        order.append(lease.account.name)
        pool.manager.settle(lease)
    assert order == ["amber", "bruno", "clara"] * 2


def test_round_robin_prefers_those_with_the_fewest_open_requests() -> None:
    pool = Pool("amber", "bruno", "clara")
    amber, bruno, clara = pool.lease(), pool.lease(), pool.lease()
    pool.manager.settle(clara)
    pool.manager.settle(bruno)
    # Bruno was picked before clara; amber, the least recently picked of all, is busy.
    assert pool.picks(2) == "bc"
    assert amber.account.name == "amber"


def test_round_robin_takes_a_busy_account_when_all_are_as_busy() -> None:
    pool = Pool("amber", "bruno")
    assert pool.picks(6) == "ababab"


def test_giving_back_one_lease_gives_back_one() -> None:
    pool = Pool("amber", "bruno")
    first, _, _ = pool.lease(), pool.lease(), pool.lease()
    pool.manager.settle(first)  # amber has another one, picked after bruno's
    assert pool.picks(1) == "b"


def test_first_available_stays_with_the_first_account_however_busy() -> None:
    pool = Pool("bruno", "amber", strategy=Strategy.FIRST_AVAILABLE)
    assert pool.picks(3) == "aaa"


def test_first_available_moves_on_when_the_first_one_rests() -> None:
    pool = Pool("amber", "bruno", strategy=Strategy.FIRST_AVAILABLE)
    pool.fail(QuotaExhausted("429"))
    assert pool.picks(2) == "bb"


@pytest.mark.parametrize("strategy", list(Strategy))
def test_an_account_that_was_tried_is_never_given_again(strategy: Strategy) -> None:
    pool = Pool("amber", "bruno", "clara", strategy=strategy)
    assert pool.lease(TEXT, AMBER, CLARA).account.name == "bruno"
    with pytest.raises(NoAccountAvailable):
        pool.lease(TEXT, AMBER, BRUNO, CLARA)


def test_a_lease_carries_the_account_and_the_kind_it_was_asked_for() -> None:
    lease = Pool("amber").lease(IMAGES)
    assert (lease.account, lease.kind) == (make_account("amber"), IMAGES)


@pytest.mark.parametrize("strategy", list(Strategy))
def test_the_preferred_account_goes_before_all_others(strategy: Strategy) -> None:
    pool = Pool("amber", "bruno", "clara", strategy=strategy)
    leases = [pool.lease(TEXT, prefer=CLARA) for _ in range(3)]
    assert [lease.account.name for lease in leases] == ["clara"] * 3


def test_a_preferred_account_that_is_out_or_was_tried_or_is_gone_is_done_without() -> None:
    pool = Pool("amber", "bruno", "clara")
    pool.fail(CredentialsRejected("signed out"), seat=CLARA)
    assert pool.lease(TEXT, prefer=CLARA).account.name == "amber"
    assert pool.lease(TEXT, BRUNO, prefer=BRUNO).account.name == "amber"
    assert pool.lease(TEXT, prefer=99).account.name == "bruno"


# What failures cost


def test_resting_images_leave_text_and_videos_usable() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(QuotaExhausted("429"), IMAGES)
    assert pool.given(IMAGES) == "b"
    assert pool.given(TEXT) == pool.given(VIDEOS) == "ab"


def test_resting_text_rests_every_kind() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(QuotaExhausted("429"), TEXT)
    assert {pool.given(kind) for kind in QuotaKind} == {"b"}


def test_a_rested_account_answers_again_to_the_second() -> None:
    pool = Pool("amber")
    pool.fail(QuotaExhausted("429", retry_after=30))
    pool.clock.advance(29.9)
    assert pool.given() == ""
    pool.clock.advance(0.1)
    assert pool.given() == "a"


def test_the_breaker_opens_after_three_failures_in_a_row() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(Busy("503"), times=2)
    assert pool.given() == "ab"
    assert pool.states() == {AccountState.ACTIVE: 2}
    pool.fail(Busy("503"))
    assert pool.given() == "b"
    pool.clock.advance(REST)
    assert pool.given() == "ab"


def test_a_good_answer_begins_the_count_anew() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(Busy("503"), times=2)
    pool.answer()
    pool.fail(Busy("503"), times=2)
    assert pool.given() == "ab"
    assert pool.ledger.recorded == []


def test_a_failure_right_after_the_rest_opens_the_breaker_for_longer() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(Busy("503"), times=3)
    pool.clock.advance(REST)
    pool.fail(Busy("503"))
    pool.clock.advance(60 * 0.8 - 0.1)
    assert pool.given() == "b"
    pool.clock.advance(60)
    pool.answer()
    pool.fail(Busy("503"), times=3)  # a success in between: the rests are short again
    pool.clock.advance(REST)
    assert pool.given() == "ab"


def test_one_failure_under_many_open_requests_is_one_rest_of_thirty_seconds() -> None:
    pool = Pool("amber", "bruno")
    leases = [pool.lease_of(AMBER) for _ in range(40)]
    for lease in leases:
        pool.manager.settle(lease, Busy("503"))
    assert len(pool.ledger.recorded) == 1
    pool.clock.advance(REST)
    assert pool.given() == "ab"


def test_failures_of_one_account_are_not_held_against_another() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(Busy("503"), times=3, seat=AMBER)
    assert pool.picks(3) == "bbb"


def test_dead_cookies_take_an_account_out_until_somebody_acts() -> None:
    pool = Pool("amber")
    pool.fail(CredentialsRejected("signed out"))
    pool.clock.advance(10 * 86_400)
    assert pool.given() == ""
    assert pool.ledger.recorded == [(AMBER, Verdict("signed out", standing=Standing.NEEDS_SIGN_IN))]
    pool.ledger.put(make_account("amber"))
    assert pool.given() == "a"


def test_the_callers_fault_neither_counts_nor_begins_the_count_anew() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(Busy("503"))
    pool.fail(PromptRefused("invalid"), times=5)
    pool.fail(Busy("503"))
    assert pool.ledger.recorded == []
    pool.fail(PromptRefused("invalid"), times=5)
    pool.fail(Busy("503"))
    assert pool.given() == "b"


def test_a_failure_of_cookies_that_were_replaced_meanwhile_is_ignored() -> None:
    pool = Pool("amber")
    late = pool.lease()
    pool.manager.renew(AMBER, Credentials("CSE.fresh", "1001", "config-amber"))
    pool.manager.settle(late, CredentialsRejected("signed out"))
    assert pool.given() == "a"
    assert pool.ledger.recorded == []


def test_a_403_to_cookies_that_were_replaced_meanwhile_is_ignored() -> None:
    pool = Pool("amber")
    late = pool.lease()
    pool.manager.renew(AMBER, Credentials("CSE.fresh", "1001", "config-amber"))
    pool.manager.settle(late, AccountForbidden("403", certain=True))
    assert pool.given() == "a"


def test_renewed_cookies_are_those_the_next_request_uses() -> None:
    pool = Pool("amber")
    fresh = Credentials("CSE.fresh", "1001", "config-amber")
    pool.manager.renew(AMBER, fresh)
    assert pool.lease().account.credentials == fresh
    pool.manager.renew(99, fresh)  # deleted meanwhile: nobody minds


# Other processes, deletion


def test_an_account_that_another_process_added_or_disabled_counts_from_the_next_request() -> None:
    pool = Pool("amber")
    pool.ledger.put(make_account("bruno"))
    assert sorted(pool.picks(2)) == ["a", "b"]
    pool.ledger.put(replace(make_account("amber"), enabled=False))
    assert pool.picks(2) == "bb"


def test_a_cool_down_that_another_process_wrote_is_kept_here() -> None:
    pool = Pool("amber", "bruno")
    pool.ledger.put(replace(make_account("amber"), cooldowns={TEXT: pool.clock.now + 60}))
    assert pool.given() == "b"


def test_open_requests_survive_a_change_by_another_process() -> None:
    pool = Pool("amber", "bruno")
    pool.lease()  # amber's, and kept
    pool.ledger.put(replace(make_account("clara"), enabled=False))
    assert pool.picks(2) == "ba"


def test_strikes_survive_a_change_by_another_process() -> None:
    pool = Pool("amber")
    pool.fail(Busy("503"), times=2)
    pool.ledger.put(make_account("bruno"))
    pool.fail(Busy("503"))
    assert pool.states()[AccountState.FAILING] == 1


def test_an_account_deleted_while_it_answers_is_settled_in_peace() -> None:
    pool = Pool("amber", "bruno")
    lease = pool.lease()
    pool.ledger.delete(AMBER)
    assert pool.picks(1) == "b"
    pool.manager.settle(lease, Busy("503"))
    pool.manager.settle(lease, CredentialsRejected("signed out"))
    assert pool.ledger.recorded == []
    assert pool.picks(2) == "bb"


def test_a_slow_reload_never_overwrites_a_newer_one() -> None:
    begun, go_on = threading.Event(), threading.Event()

    class SlowOnce(FakeLedger):
        slow = False

        def accounts(self) -> list[Account]:
            found = super().accounts()
            if self.slow:
                self.slow = False
                begun.set()
                assert go_on.wait(10)
            return found

    pool = Pool("amber", "bruno", make_ledger=SlowOnce)
    assert isinstance(pool.ledger, SlowOnce)
    pool.ledger.slow = True
    slow = threading.Thread(target=pool.manager.reload)
    slow.start()
    assert begun.wait(10)
    pool.ledger.delete(AMBER)
    assert pool.picks(1) == "b"
    go_on.set()
    slow.join()
    assert pool.picks(3) == "bbb"


def test_a_change_that_could_not_be_read_is_read_at_the_next_request() -> None:
    class DownOnce(FakeLedger):
        down = False

        def accounts(self) -> list[Account]:
            if self.down:
                self.down = False
                raise StoreError("The database does not answer.")
            return super().accounts()

    pool = Pool("amber", "bruno", make_ledger=DownOnce)
    assert isinstance(pool.ledger, DownOnce)
    pool.ledger.down = True
    pool.ledger.delete(AMBER)
    with contextlib.suppress(StoreError):  # whether this one request fails is not the question here
        pool.lease()
    assert pool.picks(2) == "bb"


def test_the_accounts_are_read_when_something_changed_and_not_for_every_request() -> None:
    class Counted(FakeLedger):
        readings = 0

        def accounts(self) -> list[Account]:
            self.readings += 1
            if self.readings == 2:
                raise StoreError("The database does not answer.")
            return super().accounts()

    pool = Pool("amber", make_ledger=Counted)
    assert isinstance(pool.ledger, Counted)
    pool.ledger.put(make_account("bruno"))
    pool.picks(5)  # the first of these reads in vain, and the second reads again
    assert pool.ledger.readings == 3


# When nobody can answer


def test_an_empty_pool_says_that_it_has_no_accounts() -> None:
    refusal = Pool().refusal()
    assert "no accounts" in str(refusal)
    assert (refusal.retry_after, refusal.limited) == (None, False)


def test_when_all_rest_the_first_to_come_back_sets_the_time() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(QuotaExhausted("429", retry_after=300), seat=AMBER)
    pool.fail(QuotaExhausted("429", retry_after=40), seat=BRUNO)
    refusal = pool.refusal()
    assert refusal.retry_after == 40
    assert "40 s" in str(refusal)
    assert refusal.limited


def test_the_time_is_that_of_the_kind_that_was_asked_for() -> None:
    pool = Pool("amber")
    pool.fail(QuotaExhausted("429", retry_after=900), IMAGES)
    pool.fail(QuotaExhausted("429", retry_after=50), TEXT)
    assert pool.refusal(TEXT).retry_after == 50
    assert pool.refusal(IMAGES).retry_after == 900


def test_an_open_breaker_is_not_told_as_a_limit() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(QuotaExhausted("429", retry_after=300), seat=AMBER)
    pool.fail(Busy("503"), times=3, seat=BRUNO)
    assert pool.given() == "b"  # rather than nothing, once
    refusal = pool.refusal()
    assert not refusal.limited
    assert refusal.retry_after
    assert 24 <= refusal.retry_after <= 36


def test_the_time_to_wait_is_never_less_than_a_second() -> None:
    pool = Pool("amber")
    pool.fail(QuotaExhausted("429", retry_after=0.2))
    refusal = pool.refusal()
    assert refusal.retry_after == 1
    assert "1 s" in str(refusal)


@pytest.mark.parametrize(
    "account",
    [
        replace(make_account("clara"), standing=Standing.NEEDS_SIGN_IN),
        replace(make_account("clara"), standing=Standing.FORBIDDEN),
        replace(make_account("clara"), enabled=False),
        replace(make_account("clara"), expires_at=1.0),
    ],
    ids=["needs_sign_in", "forbidden", "disabled", "expired"],
)
def test_an_account_that_waiting_does_not_bring_back_promises_no_time(account: Account) -> None:
    pool = Pool("amber")
    pool.ledger.rows = {}
    pool.ledger.put(replace(account, cooldowns={TEXT: pool.clock.now + 60}))
    refusal = pool.refusal()
    assert (refusal.retry_after, refusal.limited) == (None, False)
    assert "sign-in" in str(refusal)


def test_limits_are_not_the_only_reason_when_a_tried_account_failed_otherwise() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(QuotaExhausted("429", retry_after=300), seat=AMBER)
    with pytest.raises(NoAccountAvailable) as caught:
        pool.lease(TEXT, BRUNO)  # bruno was tried and is as usable as before
    assert not caught.value.limited


def test_while_a_probe_is_out_the_others_are_asked_to_come_back_soon() -> None:
    pool = Pool("amber")
    pool.fail(Busy("503"), times=3)
    pool.clock.advance(REST)
    pool.lease()
    refusal = pool.refusal()
    assert (refusal.retry_after, refusal.limited, refusal.busy) == (1, False, True)


def test_states_count_every_account_once() -> None:
    pool = Pool(*CAST)
    pool.fail(QuotaExhausted("429"), seat=2)
    pool.fail(CredentialsRejected("signed out"), seat=3)
    pool.fail(Busy("503"), times=3, seat=5)
    assert pool.states() == {
        AccountState.ACTIVE: 2,
        AccountState.RATE_LIMITED: 1,
        AccountState.FAILING: 1,
        AccountState.NEEDS_SIGN_IN: 1,
    }


# Threads


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that interrupt each other as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless")
def test_eight_threads_never_miscount_what_is_open() -> None:
    names = ("amber", "bruno", "clara", "dieter")
    pool = Pool(*names)
    mine: Counter[int] = Counter()
    highest: Counter[int] = Counter()
    guard, line_up = threading.Lock(), threading.Barrier(8)

    def work(_: int) -> None:
        line_up.wait()
        for number in range(1500):
            lease = pool.manager.lease(TEXT)
            with guard:
                mine[lease.account.id] += 1
                highest[lease.account.id] = max(highest[lease.account.id], mine[lease.account.id])
            if number % 50 == 0:
                pool.manager.reload()
            with guard:
                mine[lease.account.id] -= 1
            pool.manager.settle(lease, PromptRefused("invalid") if number % 3 else None)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    # Eight callers over four accounts by the fewest open: never a third at one account.
    assert max(highest.values()) <= 2
    assert all_given_back(pool.manager, pool.ledger, pool.clock)


def test_five_threads_that_ask_at_once_get_five_accounts() -> None:
    pool = Pool(*CAST)
    line_up = threading.Barrier(5)

    def let_others_run(*_: object) -> None:
        time.sleep(0)

    def ask(_: int) -> Lease:
        line_up.wait()
        sys.setprofile(let_others_run)  # at each call and return: what no lock guards comes apart
        try:
            return pool.manager.lease(TEXT)
        finally:
            sys.setprofile(None)

    with ThreadPoolExecutor(5) as threads:
        for _ in range(100):
            leases = list(threads.map(ask, range(5)))
            assert len({lease.account.id for lease in leases}) == 5
            for lease in leases:
                pool.manager.settle(lease)


def test_two_verdicts_at_one_moment_are_both_kept() -> None:
    judging, other_done = threading.Event(), threading.Event()

    class SlowVerdict:
        """Takes until another one is through, if that can be."""

        standing, kind, until, strikes, firm = None, IMAGES, 2_000_000.0, None, False

        @property
        def reason(self) -> str:
            judging.set()
            other_done.wait(0.2)
            return "429"

    class SlowPolicy(Policy):
        def verdict(self, error, kind, **others):  # type: ignore[no-untyped-def]
            return SlowVerdict() if kind is IMAGES else super().verdict(error, kind, **others)

    pool = Pool("amber", policy=SlowPolicy(failure_threshold=3, cooldown_seconds=600))
    images, videos = pool.lease(IMAGES), pool.lease(VIDEOS)
    slow = threading.Thread(target=pool.manager.settle, args=(images, QuotaExhausted("429")))
    slow.start()
    assert judging.wait(10)
    pool.manager.settle(videos, QuotaExhausted("429"))
    other_done.set()
    slow.join()
    assert set(pool.lease(TEXT).account.cooldowns) == {IMAGES, VIDEOS}


def test_eight_threads_count_every_strike_and_rest_the_account_once_for_all() -> None:
    pool = Pool("amber", "bruno")
    line_up = threading.Barrier(8)

    def work(_: int) -> None:
        line_up.wait()
        for _ in range(200):
            try:
                lease = pool.manager.lease(TEXT, frozenset({BRUNO}))
            except NoAccountAvailable:
                return
            pool.manager.settle(lease, Busy("503"))
        raise AssertionError("the breaker never opened")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert pool.states() == {AccountState.ACTIVE: 1, AccountState.FAILING: 1}
    assert {account_id for account_id, _ in pool.ledger.recorded} == {AMBER}


def test_the_ledger_is_called_without_the_lock() -> None:
    class Asking(FakeLedger):
        """A store in whose turn another thread asks the pool for an account, and must get it."""

        other: Callable[[], object] | None = None

        def _ask(self) -> None:
            if self.other:
                asked = threading.Thread(target=self.other, daemon=True)
                self.other = None
                asked.start()
                asked.join(5)
                assert not asked.is_alive(), "the manager held its lock while it called the ledger"

        def record(self, account: Account, verdict: Verdict) -> None:
            self._ask()
            super().record(account, verdict)

        def accounts(self) -> list[Account]:
            self._ask()
            return super().accounts()

        def changed(self) -> bool:
            self._ask()
            return super().changed()

    pool = Pool("amber", "bruno", make_ledger=Asking)
    assert isinstance(pool.ledger, Asking)
    given: list[Lease] = []

    def ask() -> None:
        given.append(pool.manager.lease(TEXT))

    lease = pool.lease()
    for call in (
        lambda: pool.manager.settle(lease, CredentialsRejected("signed out")),
        pool.manager.reload,
        pool.lease,
    ):
        pool.ledger.other = ask
        call()
    assert len(given) == 3
