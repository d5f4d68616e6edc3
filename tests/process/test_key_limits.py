"""The limits of keys over several workers: exactly as many as allowed, and nothing of a dead one is left."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from callers import Call
from running import RunningPool, stopped, until

from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

ENDLESS = {"text": "word " * 9, "stream": "silence"}


@pytest.fixture
def calls() -> Iterator[ExitStack]:
    """Calls that are hung up after the test."""
    with ExitStack() as stack:
        yield stack


def make_key(pool: RunningPool, *limits: str) -> str:
    return pool.command("keys", "create", "limited", *limits).strip()


def begun(pool: RunningPool, key: str, calls: ExitStack) -> Call:
    """A stream that is answered."""
    call = calls.enter_context(Call(pool, key=key))
    assert call.status == 200, call.reply.read()
    return call.begin()


def status(pool: RunningPool, key: str, *, stream: bool = True) -> int:
    """How a call is taken, which is then hung up."""
    with Call(pool, key=key, stream=stream) as call:
        return call.status


def test_of_twenty_callers_at_once_exactly_seven_are_answered(start_pool: Start, world: World) -> None:
    pool = start_pool("amber", READY_SECONDS="0")
    key = make_key(pool, "--per-minute", "7")
    until(lambda: time.time() % 60 < 45, seconds=20, what="a minute that does not turn over meanwhile")
    with ThreadPoolExecutor(20) as callers:
        statuses = list(callers.map(lambda _: status(pool, key, stream=False), range(20)))
    assert sorted(statuses) == [200] * 7 + [429] * 13
    assert world.counts()["amber"]["stream"] == 7


def test_answers_at_one_time_are_counted_over_both_workers(
    start_pool: Start, world: World, calls: ExitStack
) -> None:
    world.behave("amber", **ENDLESS)
    pool = start_pool("amber", READY_SECONDS="0")
    key = make_key(pool, "--concurrent", "2")
    one, other = pool.workers()
    with stopped(other):
        first = begun(pool, key, calls)
    with stopped(one):
        begun(pool, key, calls)
        assert status(pool, key) == 429
    with stopped(other):
        assert status(pool, key) == 429
    first.close()
    assert world.wait_until(lambda world: world.open_streams() == 1)
    begun(pool, key, calls)
    assert status(pool, key) == 429


def test_a_worker_that_is_killed_leaves_no_key_half_full(
    start_pool: Start, world: World, calls: ExitStack
) -> None:
    world.behave("amber", **ENDLESS)
    pool = start_pool("amber", READY_SECONDS="0")
    key = make_key(pool, "--concurrent", "1")
    one, other = pool.workers()
    with stopped(other):
        begun(pool, key, calls)
    with stopped(one):
        assert status(pool, key) == 429
    os.kill(one, signal.SIGKILL)
    until(lambda: status(pool, key) == 200, what="the place that the dead worker held")


def test_who_reads_an_answer_to_its_end_may_ask_again_at_once(start_pool: Start) -> None:
    pool = start_pool("amber", READY_SECONDS="0")
    key = make_key(pool, "--concurrent", "1")
    for _ in range(10):
        with Call(pool, key=key) as call:
            assert call.status == 200
            assert call.rest().whole
