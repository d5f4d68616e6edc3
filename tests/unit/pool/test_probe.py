"""After a breaker's rest one request, of all processes, finds out whether the account answers again."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fakes import FakeLedger, make_account
from pools import AMBER, BRUNO, IMAGES, REST, TEXT, Pool

from gemini_pool.errors import (
    Busy,
    CredentialsRejected,
    PoolError,
    PromptRefused,
    QuotaExhausted,
    SessionLost,
    StoreError,
)
from gemini_pool.pool.manager import PROBE_SECONDS, Lease
from gemini_pool.roster import Account, AccountState, Credentials


def rested(*names: str) -> Pool:
    """A pool whose amber broke and has rested; it alone may be probed."""
    pool = Pool(*(names or ("amber", "bruno")))
    pool.fail(Busy("503"), times=3)
    pool.clock.advance(REST)
    return pool


def test_one_request_goes_ahead_and_the_others_go_elsewhere() -> None:
    pool = rested()
    probe = pool.lease_of(AMBER)
    assert probe.probe
    assert pool.picks(5) == "bbbbb"
    pool.manager.settle(probe)
    assert pool.picks(1) == "a"


def test_a_healthy_account_is_not_probed() -> None:
    pool = rested()
    assert not pool.lease_of(BRUNO).probe
    pool.fail(Busy("503"), times=2, seat=BRUNO)
    assert not pool.lease_of(BRUNO).probe


def test_where_there_is_no_other_they_wait_for_it() -> None:
    pool = rested("amber")
    probe = pool.lease()
    assert pool.refusal().busy
    pool.manager.settle(probe)
    assert pool.picks(3) == "aaa"


# Several processes


def test_of_several_processes_one_probes() -> None:
    pool = rested()
    others = [pool.beside() for _ in range(3)]
    assert pool.lease_of(AMBER).probe
    assert [other.picks(3) for other in others] == ["bbb"] * 3


def test_a_process_that_does_not_know_of_it_yet_learns_of_the_probe_when_it_claims_one() -> None:
    class Behind(FakeLedger):
        """Another process, whose watch has not looked yet."""

        def changed(self) -> bool:
            return False

    pool = rested()
    other = pool.beside()
    other.ledger.__class__ = Behind
    pool.lease_of(AMBER)
    assert other.picks(5) == "bbbbb"
    assert not other.manager.outage
    assert not other.slots.open[AMBER] - 1  # what it had taken of amber, it gave back


def test_the_rest_that_keeps_the_others_away_is_over_after_a_while_though_the_process_died() -> None:
    pool = rested()
    other = pool.beside()
    pool.lease_of(AMBER)  # and never settled
    pool.clock.advance(PROBE_SECONDS - 0.1)
    assert other.picks(3) == "bbb"
    pool.clock.advance(0.1)
    assert other.lease_of(AMBER).probe


def test_its_success_closes_the_breaker_in_all_processes() -> None:
    pool = rested()
    others = [pool.beside() for _ in range(3)]
    pool.answer()
    for process in (pool, *others):
        assert [process.lease_of(AMBER).probe for _ in range(3)] == [False] * 3
    assert pool.state() is AccountState.ACTIVE


def test_its_failure_doubles_the_rest_in_all_processes() -> None:
    pool = rested()
    other = pool.beside()
    pool.fail(Busy("503"))
    for process in (pool, other):
        assert process.given() == "b"
    pool.clock.advance(60 * 0.8 - 0.1)
    assert other.given() == "b"
    pool.clock.advance(60 * 0.4 + 0.1)
    other.fail(Busy("503"))  # the probe of the other one
    assert pool.row().strikes == 5
    assert pool.row().resting_until - pool.clock.now >= 0.8 * 120


def test_its_failure_counts_though_its_own_process_has_read_of_the_rest_that_it_claimed() -> None:
    pool = rested()
    probe = pool.lease_of(AMBER)
    assert pool.given() == "b"
    pool.manager.settle(probe, Busy("503"))
    assert pool.row().strikes == 4
    assert pool.row().resting_until - pool.clock.now >= 0.8 * 60


@pytest.mark.parametrize(
    "error",
    [None, PromptRefused("400"), SessionLost("gone")],
    ids=["hung up", "the caller's fault", "nobody's fault"],
)
def test_a_probe_that_learnt_nothing_lets_the_next_request_probe(error: PoolError | None) -> None:
    pool = rested()
    other = pool.beside()
    for process in (pool, other, pool):
        lease = process.lease_of(AMBER)
        assert lease.probe
        process.manager.settle(lease, error, answered=False)
    assert pool.row().strikes == 3
    assert pool.row().reason == "503"


def test_a_probe_with_cookies_that_were_replaced_meanwhile_learnt_nothing() -> None:
    pool = rested()
    lease = pool.lease_of(AMBER)
    pool.manager.renew(AMBER, Credentials("CSE.new", "1001", "config-amber"))
    pool.manager.settle(lease, CredentialsRejected("signed out"))
    assert pool.lease_of(AMBER).probe


def test_a_request_from_before_that_hangs_up_does_not_end_the_rest() -> None:
    pool = Pool("amber", "bruno")
    early = pool.lease_of(AMBER)
    pool.fail(Busy("503"), times=3)
    pool.manager.settle(early, answered=False)
    assert pool.given() == "b"


def free_for_all(pool: Pool) -> bool:
    """Whether any number of requests may go to amber, none of them ahead of the others."""
    return not any(pool.lease_of(AMBER).probe for _ in range(3))


@pytest.mark.parametrize("error", [None, Busy("503"), QuotaExhausted("429")], ids=repr)
def test_how_else_a_request_from_before_the_rest_ends_lets_nobody_past_the_probe(
    error: PoolError | None,
) -> None:
    pool = Pool("amber", "bruno")
    early = pool.lease_of(AMBER)
    pool.fail(Busy("503"), times=3)
    pool.clock.advance(REST)
    pool.lease_of(AMBER)  # the probe, which takes its time
    pool.clock.advance(PROBE_SECONDS)  # what it claimed is over; that it is under way keeps others away
    pool.manager.settle(early, error, answered=False)
    assert pool.given(IMAGES) == "b"


def test_a_good_answer_from_before_the_rest_ends_the_probing() -> None:
    pool = Pool("amber", "bruno")
    early = pool.lease_of(AMBER)
    pool.fail(Busy("503"), times=3)
    pool.clock.advance(REST)
    pool.lease_of(AMBER)  # the probe, which takes its time
    pool.manager.settle(early)
    assert free_for_all(pool)


def test_a_good_answer_in_another_process_ends_the_probing_here() -> None:
    pool = Pool("amber", "bruno")
    other = pool.beside()
    early = other.lease_of(AMBER)
    pool.fail(Busy("503"), times=3)
    pool.clock.advance(REST)
    pool.lease_of(AMBER)  # the probe, which takes its time
    assert other.given() == "b"
    other.manager.settle(early)
    assert free_for_all(other)
    assert free_for_all(pool)


def test_who_was_enabled_by_hand_while_he_was_probed_is_free_for_all() -> None:
    pool = rested()
    pool.lease_of(AMBER)
    pool.ledger.put(make_account("amber"))
    assert free_for_all(pool)


# What can go wrong with the claim


def test_a_claim_that_cannot_be_written_holds_nobody_up() -> None:
    pool = rested()

    def locked(account: Account, until: float) -> bool:
        raise StoreError("The database does not answer: database is locked")

    pool.ledger.claim_probe = locked  # type: ignore[method-assign]
    assert pool.lease_of(AMBER).probe
    assert pool.picks(3) == "bbb"


def test_a_lost_claim_and_a_ledger_that_cannot_be_read_fail_no_request() -> None:
    pool = rested()
    other = pool.beside()

    def down() -> list[Account]:
        raise StoreError("The database does not answer.")

    other.ledger.accounts = down  # type: ignore[method-assign]
    claims = iter([False, False, True])
    other.ledger.claim_probe = lambda *_: next(claims)  # type: ignore[method-assign]
    assert other.lease_of(AMBER).probe


def test_an_account_that_was_deleted_meanwhile_is_not_probed() -> None:
    pool = rested()
    pool.ledger.changed = lambda: False  # type: ignore[method-assign]
    pool.ledger.delete(AMBER)
    assert pool.picks(3) == "bbb"


def test_an_account_whose_verdict_could_not_be_written_is_probed_as_the_ledger_knows_it() -> None:
    pool = Pool("amber", "bruno")

    def locked(account: Account, verdict: object) -> None:
        raise StoreError("The database does not answer: database is locked")

    pool.ledger.record = locked  # type: ignore[method-assign]
    pool.fail(Busy("503"), times=3)
    assert pool.given() == "b"
    pool.clock.advance(REST)
    assert pool.given() == "ab"


def test_the_claim_is_made_without_the_lock() -> None:
    pool = rested()
    claim = pool.ledger.claim_probe
    meanwhile: list[Lease] = []

    def slow(account: Account, until: float) -> bool:
        other = threading.Thread(target=lambda: meanwhile.append(pool.lease()), daemon=True)
        other.start()
        other.join(5)
        return claim(account, until)

    pool.ledger.claim_probe = slow  # type: ignore[method-assign]
    assert pool.lease_of(AMBER).probe
    assert [lease.account.id for lease in meanwhile] == [BRUNO]


def test_many_threads_of_many_processes_send_one_probe_at_a_time() -> None:
    for _ in range(30):
        pool = rested()
        processes = [pool, *(pool.beside() for _ in range(3))]
        line_up = threading.Barrier(8)

        def ask(number: int) -> Lease:
            line_up.wait(10)  # noqa: B023 - the threads end within this round
            return processes[number % 4].lease(TEXT)  # noqa: B023

        with ThreadPoolExecutor(8) as threads:
            leases = list(threads.map(ask, range(8)))
        assert [lease.account.id for lease in leases].count(AMBER) <= 1
        assert pool.slots.open[AMBER] <= 1
