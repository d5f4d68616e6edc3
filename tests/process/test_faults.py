"""Accounts that break under load: no caller notices, and the broken ones are left alone."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import count, cycle, product, takewhile

import pytest
from load import load
from running import RunningPool, until

from gemini_pool.simulator.cast import CAST, make_account
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

HEALTHY = ("amber", "fanny", "gerd", "hanna", "ivan", "jutta")
FAULTY: dict[str, dict[str, object]] = {
    "bruno": {"stream": "error-first-429"},
    "clara": {"api": "401", "api_on": ["session", "stream"]},
    "dieter": {"first_delay": 30.0},
    "emil": {"api": "reset"},
}
WORKERS, THRESHOLD, AT_ONCE = 2, 3, 20
SHORTEST_REST_SECONDS = 24.0  # of a breaker: 30 s less a fifth


def under_way() -> int:
    """The most requests that one broken account can have open at once, over all workers.

    A worker gives an account its k-th open request when all others that are usable have k - 1 of them, and
    the healthy ones always are. Of c callers in a worker no more than 1 + (c - 1) / (healthy + 1) are there.
    """
    return WORKERS + (AT_ONCE - WORKERS) // (len(HEALTHY) + 1)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(map(make_account, (*HEALTHY, *FAULTY))) as running:
        yield running


@pytest.mark.long
def test_ten_accounts_of_which_four_fail_answer_everything(start_pool: Start, world: World) -> None:
    world.behave(None, first_delay=0.1)
    for name, fault in FAULTY.items():
        world.behave(name, **fault)
    pool = start_pool(*HEALTHY, *FAULTY, WEB_CONCURRENCY=f"{WORKERS}", FIRST_BYTE_TIMEOUT="2")
    questions = [f"Question {number}?" for number in range(500)]

    began = time.monotonic()
    results = load(pool, questions, at_once=AT_ONCE)
    took = time.monotonic() - began

    assert [result for result in results if not result.whole] == []
    assert [
        r.text for r, question in zip(results, questions, strict=True) if not r.text.endswith(question)
    ] == []
    assert {result.account for result in results} == set(HEALTHY)
    counts = world.counts()
    assert counts["bruno"]["stream"] <= under_way()
    assert counts["clara"]["session"] <= 2 * under_way()  # each time once more, with a new token
    assert counts["clara"]["stream"] == 0
    for name in ("dieter", "emil"):
        # The failures that open the breaker, the last of them among others; then one probe after each rest.
        allowed = WORKERS * (THRESHOLD - 1) + under_way() + int(took / SHORTEST_REST_SECONDS)
        assert 0 < counts[name]["stream"] <= allowed
    until(lambda: len(pool.calls()) >= 500, what="the journal")
    assert [call["outcome"] for call in pool.calls()] == ["ok"] * 500


# What may befall an account, and whether it must rest for it.
FAULTS: tuple[tuple[dict[str, object], bool], ...] = (
    ({"api": "500"}, True),
    ({"api": "reset"}, True),
    ({"stream": "error-first-429"}, True),
    ({"stream": "garbage"}, True),
    ({"api": "403-session"}, False),
    ({"api": "401-once"}, False),
)
GOOD: dict[str, object] = {"api": None, "stream": None}
SECONDS = 15


@pytest.mark.long
def test_faults_that_come_and_go_reach_no_caller(start_pool: Start, world: World) -> None:
    pool = start_pool(*CAST, RATE_LIMIT_COOLDOWN_SECONDS="2")
    end, over = time.monotonic() + SECONDS, threading.Event()
    questions = map("Question {}?".format, takewhile(lambda _: not over.is_set(), count()))
    with ThreadPoolExecutor() as others:
        loaded = others.submit(load, pool, questions, at_once=10)
        breaking = [others.submit(break_in_turn, pool, world, names, end) for names in (CAST[:2], CAST[2:])]
        wait(breaking)
        over.set()
    for one in breaking:
        one.result()
    assert [result for result in loaded.result() if not result.whole] == []
    until(lambda: {r.account for r in load(pool, ["Hi"] * 10, at_once=2)} == {*CAST}, what="all accounts")


def break_in_turn(pool: RunningPool, world: World, names: Sequence[str], end: float) -> None:
    """Let every fault befall every one of these accounts; after each the account must answer again."""
    for (fault, rests), name in cycle(product(FAULTS, names)):
        if time.monotonic() > end:
            return
        world.behave(name, **fault)
        assert asked_again(world, name), f"{name} was not asked"
        if rests:
            until(lambda n=name: rests_now(pool, n), what=f"{name} to be left alone with {fault}")
        world.behave(name, **GOOD)
        # More than once, for a request that was under way may open the breaker anew.
        assert any(pool.end_rest(name) or asked_again(world, name, seconds=2) for _ in range(5)), (
            name,
            fault,
        )


def asked_again(world: World, name: str, *, seconds: float = 5) -> bool:
    """Whether somebody asks the account from now on."""
    asked = world.counts()[name]["stream"]
    return world.wait_until(lambda world: world.counts()[name]["stream"] > asked, seconds)


def rests_now(pool: RunningPool, name: str) -> bool:
    joined = "accounts LEFT JOIN cooldowns ON account_id = accounts.id"
    (row,) = pool.rows(
        f"SELECT max(resting_until, coalesce(until, 0)) AS ends FROM {joined} WHERE name = ?", name
    )
    return row["ends"] > time.time()
