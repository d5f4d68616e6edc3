"""Rounds of health checks over the simulator: who is asked, what follows, and when nobody is to blame."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from fakes import FakeClock
from proxies import HttpProxy
from running import free_port, until
from vaults import VAULT

from gemini_pool.dialogue import Waiting
from gemini_pool.errors import CredentialsRejected
from gemini_pool.jobs.health import HealthChecks, Means
from gemini_pool.jobs.health_rules import Terms
from gemini_pool.pool.policy import Policy
from gemini_pool.readers import Seat
from gemini_pool.roster import Account, AccountState, Credentials, QuotaKind, Standing, Verdict
from gemini_pool.simulator.cast import CAST, make_account
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.db import Store
from gemini_pool.store.health import Found, Health
from gemini_pool.upstream.client import UpstreamClient

INTERVAL = 300.0
TERMS = Terms(interval=INTERVAL, timeout=5, retries=0, at_once=5, disables=True, network_errors=3)
Connect = Callable[..., UpstreamClient]


def seat(name: str) -> Seat:
    sim = make_account(name)
    return Seat(name, name, Credentials(sim.secure_c_ses, sim.csesidx, sim.config_id, sim.host_c_oses), None)


class Rounds:
    """Health checks over some accounts, and all they are given."""

    def __init__(self, store: Store, clients: Callable[[], UpstreamClient], *names: str) -> None:
        self.clock = FakeClock()
        self.accounts = Accounts(store, VAULT, self.clock)
        self.accounts.add_missing(map(seat, names or CAST))
        self.health = Health(store)
        self.answered: dict[int, float] = {}
        self.sign_ins = 0
        self.stopping = threading.Event()
        self.clients = clients
        self.asked: list[str] = []
        self.set(TERMS)

    def set(self, terms: Terms) -> None:
        means = Means(self._answered, self._prove, self._reach)
        self.checks = HealthChecks(
            self.accounts, self.health, means, Policy(3, 600), terms,
            stopping=self.stopping, wants_sign_in=self._wants_sign_in, clock=self.clock,
        )  # fmt: skip

    def _answered(self, since: float) -> dict[int, float]:
        return {account_id: at for account_id, at in self.answered.items() if at >= since}

    def _prove(self, account: Account) -> Waiting[None]:
        self.asked.append(account.name)
        yield from self.clients().prove(account)

    def _reach(self) -> Waiting[object]:
        transport = self.clients()._transport
        return transport.get(f"{self.clients()._api_url}/", {})

    def _wants_sign_in(self) -> None:
        self.sign_ins += 1

    def round(self, *, after: float = INTERVAL) -> str:
        self.clock.advance(after)
        self.asked.clear()
        return self.checks.round()

    def standing(self, name: str) -> Standing:
        return self.account(name).standing

    def account(self, name: str) -> Account:
        return next(one for one in self.accounts.accounts() if one.name == name)

    def found(self, name: str) -> Found:
        return self.health.checkups()[self.account(name).id].found


@pytest.fixture
def rounds(store: Store, connect: Connect) -> Rounds:
    client = connect()
    return Rounds(store, lambda: client)


def test_a_round_asks_everybody_and_says_what_came_of_it(rounds: Rounds) -> None:
    assert rounds.round() == "5 passed, 0 failed."
    assert sorted(rounds.asked) == sorted(CAST)
    last = rounds.health.last_round()
    assert last
    assert (last.passed, last.failed, last.at) == (5, 0, rounds.clock.now)


def test_who_answered_a_caller_is_not_asked(rounds: Rounds) -> None:
    rounds.answered[rounds.account("amber").id] = rounds.clock.now + 200
    assert rounds.round() == "5 passed, 0 failed."
    assert "amber" not in rounds.asked
    rounds.round()
    assert "amber" in rounds.asked, "that was before the last round"


def test_dead_cookies_are_found_told_once_and_found_well_again(rounds: Rounds, world: World) -> None:
    world.behave("clara", xsrf="401")
    world.behave("emil", xsrf="403")
    assert rounds.round() == "3 passed, 2 failed, 2 taken out."
    assert (rounds.standing("clara"), rounds.standing("emil")) == (Standing.NEEDS_SIGN_IN, Standing.FORBIDDEN)
    assert rounds.sign_ins == 1
    world.behave(None, xsrf=None)
    assert rounds.round() == "5 passed, 0 failed, 2 recovered."
    assert {one.standing for one in rounds.accounts.accounts()} == {Standing.GOOD}
    assert rounds.sign_ins == 1


def test_a_sign_in_that_a_caller_missed_is_found_again_and_a_ban_is_not(rounds: Rounds) -> None:
    for name, standing in (("clara", Standing.NEEDS_SIGN_IN), ("emil", Standing.FORBIDDEN)):
        rounds.accounts.record(rounds.account(name), Verdict("No.", standing=standing))
    assert rounds.round() == "4 passed, 0 failed, 1 recovered, 1 skipped."
    assert (rounds.standing("clara"), rounds.standing("emil")) == (Standing.GOOD, Standing.FORBIDDEN)


def test_who_is_out_is_asked_less_and_less_often(rounds: Rounds, world: World) -> None:
    world.behave("clara", xsrf="401")
    rounds.round()
    asked = []
    for _ in range(8):
        rounds.round()
        asked.append("clara" in rounds.asked)
    assert asked == [True, False, True, False, False, False, True, False]


def test_who_rests_is_left_in_peace_and_who_meets_a_limit_rests(rounds: Rounds, world: World) -> None:
    rounds.accounts.record(
        rounds.account("amber"), Verdict("Busy.", until=rounds.clock.now + 1000, strikes=3)
    )
    world.behave("bruno", xsrf="429")
    assert rounds.round() == "3 passed, 1 failed, 1 skipped."
    assert "amber" not in rounds.asked
    assert rounds.account("bruno").state(rounds.clock.now) is AccountState.RATE_LIMITED
    assert rounds.account("bruno").cooldowns[QuotaKind.TEXT] == rounds.clock.now + 600
    rounds.round()
    assert not {"amber", "bruno"} & {*rounds.asked}


def test_an_account_that_alone_cannot_be_reached_is_taken_out_in_the_third_round(
    rounds: Rounds, world: World
) -> None:
    world.behave("dieter", xsrf="500")
    for _ in range(2):
        assert rounds.round() == "4 passed, 1 failed."
    assert rounds.round() == "4 passed, 1 failed, 1 taken out."
    assert rounds.standing("dieter") is Standing.FAILING
    world.behave("dieter", xsrf=None)
    assert rounds.round() == "5 passed, 0 failed, 1 recovered."


def test_network_errors_count_only_in_a_row(rounds: Rounds, world: World) -> None:
    for fault in ("500", "500", None, "500", "500"):
        world.behave("dieter", xsrf=fault)
        rounds.round()
    assert rounds.standing("dieter") is Standing.GOOD


def test_nobody_is_taken_out_where_the_operator_does_not_want_it(rounds: Rounds, world: World) -> None:
    rounds.set(replace(TERMS, disables=False))
    world.behave("bruno", xsrf="429")
    world.behave("clara", xsrf="401")
    world.behave("dieter", xsrf="500")
    for _ in range(4):
        assert rounds.round() == "2 passed, 3 failed."
    assert all(one.usable(QuotaKind.TEXT, rounds.clock.now) for one in rounds.accounts.accounts())
    assert (rounds.found("clara"), rounds.found("dieter")) == (Found.NEEDS_SIGN_IN, Found.UNREACHABLE)
    assert rounds.sign_ins == 0


def test_new_cookies_that_came_during_the_check_are_not_blamed(rounds: Rounds, world: World) -> None:
    world.behave("clara", xsrf="401")
    old = rounds.clients().prove

    def prove(account: Account) -> Waiting[None]:
        try:
            yield from old(account)
        except CredentialsRejected:
            rounds.accounts.put(
                [replace(seat("clara"), credentials=replace(account.credentials, secure_c_ses="CSE.new"))]
            )
            raise

    rounds.clients().prove = prove  # type: ignore[method-assign]
    rounds.round()
    assert rounds.standing("clara") is Standing.GOOD


# The settings


def test_a_check_that_fails_is_tried_again(rounds: Rounds, world: World) -> None:
    rounds.set(replace(TERMS, retries=2))
    world.behave("dieter", xsrf="500")
    rounds.round()
    assert rounds.asked.count("dieter") == 3
    assert rounds.asked.count("amber") == 1


def test_a_try_that_takes_too_long_is_a_network_error(rounds: Rounds, world: World) -> None:
    rounds.set(replace(TERMS, timeout=0.3))
    world.behave("dieter", xsrf="slow", xsrf_delay=20.0)
    began = time.monotonic()
    assert rounds.round() == "4 passed, 1 failed."
    assert time.monotonic() - began < 4
    checkup = rounds.health.checkups()[rounds.account("dieter").id]
    assert checkup.message == "The service did not answer within 0.3 s."
    assert (checkup.found, checkup.network_errors) == (Found.UNREACHABLE, 1)


@pytest.mark.parametrize("at_once", [1, 3])
def test_so_many_are_asked_at_one_time(rounds: Rounds, at_once: int) -> None:
    rounds.set(replace(TERMS, at_once=at_once))
    under_way, most = [0], [0]
    lock = threading.Lock()

    def prove(account: Account) -> Waiting[None]:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.05)
        with lock:
            under_way[0] -= 1
        return
        yield

    rounds.clients().prove = prove  # type: ignore[method-assign]
    rounds.round()
    assert most[0] == at_once


# Nobody is to blame

FIFTY = [f"seat-{number}" for number in range(50)]


@pytest.fixture
def fifty(store: Store, connect: Connect) -> Iterator[tuple[Rounds, Callable[[str], None]]]:
    """Checks of fifty accounts, and what sends them through a proxy."""
    with Simulator(map(make_account, FIFTY)) as simulator:
        ways: list[UpstreamClient] = []

        def through(proxy: str) -> None:
            ways.append(connect(proxy=proxy, api_url=simulator.url, auth_url=simulator.url))

        through("")
        yield Rounds(store, lambda: ways[-1], *FIFTY), through


def test_a_proxy_that_is_down_for_a_minute_disables_none_of_fifty(
    fifty: tuple[Rounds, Callable[[str], None]],
) -> None:
    rounds, through = fifty
    assert rounds.round(after=10) == "50 passed, 0 failed."
    through(f"http://127.0.0.1:{free_port()}")
    for _ in range(6):
        assert "nobody is blamed" in rounds.round(after=10)
        assert len(rounds.asked) < 20, "the others are not asked in vain"
    last = rounds.health.last_round()
    assert last
    assert (last.outage, last.taken_out) == (True, 0)
    assert {one.state(rounds.clock.now) for one in rounds.accounts.accounts()} == {AccountState.ACTIVE}
    assert not any(one.network_errors for one in rounds.health.checkups().values())
    with HttpProxy() as proxy:
        through(proxy.url)
        assert rounds.round(after=10) == "50 passed, 0 failed."
        assert len(proxy.requests) == 50


def test_a_way_that_is_dead_while_callers_were_just_answered_blames_nobody(
    fifty: tuple[Rounds, Callable[[str], None]],
) -> None:
    rounds, through = fifty
    through(f"http://127.0.0.1:{free_port()}")
    for _ in range(4):
        rounds.answered = dict.fromkeys(range(1, 50), rounds.clock.now + 5)
        assert "nobody is blamed" in rounds.round(after=10)
    assert rounds.standing(FIFTY[-1]) is Standing.GOOD


def test_several_that_cannot_be_reached_while_others_are_busy_are_not_blamed(
    rounds: Rounds, world: World
) -> None:
    for name in ("clara", "dieter"):
        world.behave(name, xsrf="500")
    for _ in range(4):
        busy = [rounds.account(name).id for name in ("amber", "bruno", "emil")]
        rounds.answered = dict.fromkeys(busy, rounds.clock.now + 200)
        assert rounds.round().startswith("3 passed, 2 failed. ")
    assert rounds.standing("clara") is Standing.GOOD


def test_one_that_alone_cannot_be_reached_while_others_are_busy_is_taken_out(
    rounds: Rounds, world: World
) -> None:
    world.behave("dieter", xsrf="500")
    for _ in range(3):
        busy = {one.id for one in rounds.accounts.accounts()} - {rounds.account("dieter").id}
        rounds.answered = dict.fromkeys(busy, rounds.clock.now + 200)
        rounds.round()
        assert rounds.asked == ["dieter"]
    assert rounds.standing("dieter") is Standing.FAILING


def test_one_account_that_is_all_there_is_is_not_blamed_when_it_cannot_be_reached(
    store: Store, connect: Connect, world: World
) -> None:
    client = connect()
    rounds = Rounds(store, lambda: client, "dieter")
    world.behave("dieter", xsrf="500")
    for _ in range(4):
        assert "nobody is blamed" in rounds.round()
    assert rounds.standing("dieter") is Standing.GOOD


# By hand, and the end of the process


def test_by_hand_everybody_is_asked_who_is_switched_on(rounds: Rounds, world: World) -> None:
    rounds.round()
    rounds.answered = dict.fromkeys(range(1, 6), rounds.clock.now)
    rounds.accounts.switch(rounds.account("emil").id, enabled=False)
    world.behave("clara", xsrf="401")
    world.behave("dieter", xsrf="500")
    rounds.asked.clear()
    for _ in range(4):
        found, told = rounds.checks.all_by_hand(10)
    assert rounds.asked.count("emil") == 0
    assert len(found) == 4
    assert told == "2 passed, 2 failed."
    assert rounds.standing("clara") is Standing.NEEDS_SIGN_IN
    assert rounds.standing("dieter") is Standing.GOOD, "only rounds count network errors"


def test_by_hand_there_is_so_much_time(rounds: Rounds, world: World) -> None:
    world.behave(None, xsrf="slow", xsrf_delay=20.0)
    world.behave("amber", xsrf=None)
    began = time.monotonic()
    found, _ = rounds.checks.all_by_hand(0.5)
    assert time.monotonic() - began < 4
    assert [one.account_id for one in found] == [rounds.account("amber").id]


def test_one_account_is_asked_whatever_is_known_of_it(rounds: Rounds, world: World) -> None:
    emil = rounds.account("emil")
    rounds.accounts.record(emil, Verdict("No.", standing=Standing.FORBIDDEN))
    assert "stays out" in rounds.checks.one_by_hand(rounds.account("emil"), 10).message
    world.behave("clara", xsrf="401")
    assert rounds.checks.one_by_hand(rounds.account("clara"), 10).found is Found.NEEDS_SIGN_IN
    assert (rounds.standing("emil"), rounds.standing("clara")) == (Standing.FORBIDDEN, Standing.NEEDS_SIGN_IN)
    assert rounds.sign_ins == 1


def test_a_round_ends_when_the_process_is_to_stop(rounds: Rounds, world: World) -> None:
    world.behave(None, xsrf="slow", xsrf_delay=20.0)
    running = threading.Thread(target=rounds.round)
    running.start()
    until(lambda: len(rounds.asked) == 5, what="the checks to begin")
    rounds.stopping.set()
    running.join(4)
    assert not running.is_alive()
    assert not rounds.health.checkups()


def test_what_is_kept_of_an_account_goes_with_it(rounds: Rounds) -> None:
    rounds.round()
    rounds.accounts.delete([rounds.account("amber").id])
    rounds.round()
    assert len(rounds.health.checkups()) == 4


def test_a_way_that_dies_within_a_round_blames_nobody(rounds: Rounds, connect: Connect) -> None:
    rounds.set(replace(TERMS, at_once=1, network_errors=1))
    alive, dead = rounds.clients(), connect(proxy=f"http://127.0.0.1:{free_port()}")
    rounds.clients = lambda: alive if len(rounds.asked) < 3 else dead
    assert rounds.round().startswith("2 passed, 3 failed. ")
    assert {one.standing for one in rounds.accounts.accounts()} == {Standing.GOOD}
