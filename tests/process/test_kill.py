"""kill -9, of one worker and of all: what others have is untouched, and what was learnt stays."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from load import Caller, Result, Talk, callers, load
from running import RunningPool, until

from gemini_pool.simulator.cast import CAST
from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

PER_WORKER = 25
PER_ACCOUNT = 12  # for five accounts, some more than two workers' streams need
JOURNAL_SECONDS = 0.5  # more than a row waits for, and is written in
LONG: dict[str, object] = {"text": "word " * 80, "deltas": 80, "delay": 0.1}
SHORT: dict[str, object] = {"text": None, "deltas": None, "delay": 0.0}


@pytest.mark.long
def test_killing_a_worker_amid_fifty_streams_ends_its_own_alone(start_pool: Start, world: World) -> None:
    pool = start_pool(*CAST, MAX_CONCURRENT_PER_ACCOUNT=f"{PER_ACCOUNT}")
    with callers(pool, PER_WORKER) as by_worker, ThreadPoolExecutor(2 * PER_WORKER) as threads:
        victim, survivor = by_worker
        world.behave(None, **LONG)
        streams = {
            worker: [threads.submit(caller.ask, stream=True) for caller in theirs]
            for worker, theirs in by_worker.items()
        }
        assert world.wait_until(lambda world: world.open_streams() == 2 * PER_WORKER, timeout=15)
        world.behave(None, **SHORT)
        finished = load(pool, ["Hi"] * 200, at_once=8)
        time.sleep(JOURNAL_SECONDS)
        killed = time.time()
        os.kill(victim, signal.SIGKILL)
        fresh = load(pool, ["Hi"] * 20, at_once=4)
        kept = [one.result() for one in streams[survivor]]
        lost = [one.result() for one in streams[victim]]

    assert all(result.whole for result in [*finished, *fresh])
    assert min(result.ended for result in fresh) < killed + 2
    assert [(result.whole, result.text) for result in kept] == [(True, LONG["text"])] * PER_WORKER
    assert not any(result.done for result in lost)
    until(lambda: rows_missing(pool, [*kept, *fresh]) == [], what="the journal")
    assert rows_missing(pool, finished) == []
    until(lambda: len(pool.workers()) == 2, what="another worker")
    assert pool.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert [line.split()[1] for line in pool.command("accounts", "list").splitlines()] == ["active"] * len(
        CAST
    )
    assert_no_place_is_lost(pool, world)


def rows_missing(pool: RunningPool, results: list[Result]) -> list[Result]:
    """Those of the results that the journal on disk knows nothing of."""
    known = {call["request_id"] for call in pool.calls("ok")}
    return [result for result in results if result.headers["x-request-id"] not in known]


def assert_no_place_is_lost(pool: RunningPool, world: World) -> None:
    """As many requests as the accounts may have open at one time are in fact open at one time."""
    world.behave(None, **LONG)
    places = PER_ACCOUNT * len(CAST)
    with ThreadPoolExecutor(1) as thread:
        filled = thread.submit(load, pool, ["Hi"] * places, at_once=places)
        assert world.wait_until(lambda world: world.open_streams() == places, timeout=15)
        assert all(result.whole for result in filled.result())


def test_what_was_learnt_is_there_after_all_were_killed(start_pool: Start, world: World) -> None:
    world.behave("bruno", api="429-retry-after", retry_after=300)
    world.behave("clara", api="500")
    pool = start_pool("amber", "bruno", "clara")
    talk = Talk()
    with Caller(pool) as caller:
        session = talk.turn(caller, "One").session
        assert talk.turn(caller, "Two").session == session
    load(pool, ["Hi"] * 40, at_once=4)
    until(lambda: pool.rows("SELECT sum(answers) AS n FROM tallies") == [{"n": 42}], what="the tallies")
    until(lambda: len(pool.calls()) == 42, what="the journal")
    known, asked = everything(pool), world.counts()

    pool.kill()
    pool.start()

    assert everything(pool) == known
    assert [account["strikes"] for account in known["accounts"]] == [0, 0, 3]
    with Caller(pool) as caller:
        assert talk.turn(caller, "Three").session == session
    assert world.prompts["amber"][-1] == "Three"
    assert all(result.whole for result in load(pool, ["Hi"] * 20, at_once=4))
    assert all(world.counts()[name] == asked[name] for name in ("bruno", "clara"))

    pool.end_rest(
        "clara"
    )  # one request finds out whether she answers again; she does not, and rests for longer
    until(lambda: load(pool, ["Hi"] * 20, at_once=4) and world.counts()["clara"] != asked["clara"])
    assert world.counts()["clara"]["stream"] == asked["clara"]["stream"] + 1
    assert pool.rows("SELECT strikes FROM accounts WHERE name = 'clara'") == [{"strikes": 4}]


def everything(pool: RunningPool) -> dict[str, list[dict[str, object]]]:
    """All that the pool has learnt, as it stands on disk."""
    tables = ("accounts", "cooldowns", "conversations", "tallies", "calls")
    return {table: pool.rows(f"SELECT * FROM {table}") for table in tables}
