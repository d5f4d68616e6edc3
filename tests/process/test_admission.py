"""Places for answers: all of them can be had, in whichever worker; who finds none is told at once."""

import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest
from callers import Call, connect
from running import RunningPool, stopped, until

from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

SMALL = {"THREADS": "12", "READY_SECONDS": "0"}
PLACES = 9  # a worker's, with so many threads
ENDLESS = {"text": "word " * 9, "stream": "silence"}
AT_ONCE_SECONDS = 1.0


@pytest.fixture
def calls() -> Iterator[ExitStack]:
    """Calls that are hung up after the test."""
    with ExitStack() as stack:
        yield stack


def begun(pool: RunningPool, on: HTTPConnection | None = None) -> tuple[Call, float]:
    """A stream whose status is here, and the seconds that took."""
    call = Call(pool, on=on)
    status = call.status
    took = time.monotonic() - call.sent
    assert status == 200, f"{status} after {took:.2f} s: {call.reply.read()!r}"
    return call, took


def fill(pool: RunningPool, calls: ExitStack, times: int) -> float:
    """Open so many streams, one after the other; the seconds that the slowest took to begin."""
    slowest = 0.0
    for _ in range(times):
        call, took = begun(pool)
        calls.enter_context(call)
        slowest = max(slowest, took)
    return slowest


def is_refused(pool: RunningPool) -> bool:
    """Whether a call finds no place, which it must be told at once."""
    with Call(pool, stream=False) as call:
        refused = call.status == 503
        assert time.monotonic() - call.sent < AT_ONCE_SECONDS
        if refused:
            assert int(call.header("retry-after")) >= 1
            assert call.header("x-should-retry") != "false"
            assert call.body()["error"]["code"] == "overloaded"
        return refused


def health_seconds(pool: RunningPool) -> float:
    asked = time.monotonic()
    with urllib.request.urlopen(f"{pool.url}/health", timeout=20) as reply:
        assert reply.status == 200
    return time.monotonic() - asked


def test_every_place_can_be_had_and_who_finds_none_is_told_at_once(
    start_pool: Start, world: World, calls: ExitStack
) -> None:
    world.behave("amber", **ENDLESS)
    pool = start_pool("amber", **SMALL)
    assert fill(pool, calls, 2 * PLACES - 1) < AT_ONCE_SECONDS
    last, _ = begun(pool)
    assert [is_refused(pool) for _ in range(6)] == [True] * 6
    assert max(health_seconds(pool) for _ in range(6)) < AT_ONCE_SECONDS
    last.close()
    assert world.wait_until(lambda world: world.open_streams() == 2 * PLACES - 1)
    assert fill(pool, calls, 1) < AT_ONCE_SECONDS


def test_a_place_is_free_when_its_stream_has_ended(start_pool: Start, world: World, calls: ExitStack) -> None:
    world.behave("amber", **ENDLESS)
    pool = start_pool("amber", **SMALL)
    fill(pool, calls, 2 * PLACES - 1)
    world.behave("amber", stream=None, text=None)
    for _ in range(6):  # whichever worker has the one place
        call, took = begun(pool)
        with call:
            assert call.rest().whole
        assert took < AT_ONCE_SECONDS


def test_in_a_burst_as_well(start_pool: Start, world: World, calls: ExitStack) -> None:
    world.behave("amber", **ENDLESS)
    pool = start_pool("amber", **SMALL)
    fill(pool, calls, 2)  # so that a token and a session are not what it waits for
    with ThreadPoolExecutor(2 * PLACES - 2) as callers:
        opened = list(callers.map(lambda _: begun(pool), range(2 * PLACES - 2)))
    for call, _ in opened:
        calls.enter_context(call)
    assert max(took for _, took in opened) < 3 * AT_ONCE_SECONDS  # they begin all at once
    assert is_refused(pool)


def test_while_one_worker_is_full_the_other_has_all_callers(
    start_pool: Start, world: World, calls: ExitStack
) -> None:
    world.behave("amber", **ENDLESS)
    pool = start_pool("amber", **SMALL)
    one, _ = pool.workers()
    with stopped(one):
        fill(pool, calls, PLACES)
    assert fill(pool, calls, PLACES) < AT_ONCE_SECONDS
    assert is_refused(pool)


@pytest.mark.parametrize("spoken", [False, True], ids=["new", "kept alive"])
def test_callers_who_are_connected_to_the_full_worker_are_answered_by_the_other(
    start_pool: Start, world: World, calls: ExitStack, spoken: bool
) -> None:
    world.behave("amber", **ENDLESS)
    pool = start_pool("amber", **SMALL)
    one, _ = pool.workers()
    with stopped(one):
        lines = [connect(pool) for _ in range(PLACES)]
        for line in lines:
            calls.callback(line.close)
            if spoken:
                line.request("GET", "/health")
                line.getresponse().read()
        fill(pool, calls, PLACES)
    for line in lines:
        call, took = begun(pool, on=line)
        calls.enter_context(call)
        assert took < AT_ONCE_SECONDS
    assert is_refused(pool)


def test_a_full_worker_takes_callers_again_when_its_sibling_dies(
    start_pool: Start, world: World, calls: ExitStack
) -> None:
    world.behave("amber", **ENDLESS)
    pool = start_pool("amber", **SMALL)
    one, other = pool.workers()
    with stopped(one):
        fill(pool, calls, PLACES)
    assert max(health_seconds(pool) for _ in range(3)) < AT_ONCE_SECONDS  # from the free one
    assert pool.process
    with stopped(pool.process.pid):  # nobody takes the place of the dead
        os.kill(one, signal.SIGKILL)
        assert health_seconds(pool) < 5
        assert is_refused(pool)
    until(lambda: [pid for pid in pool.accepting() if pid not in (one, other)], what="another worker")
    assert fill(pool, calls, PLACES) < 2 * AT_ONCE_SECONDS  # the first waits for its token
    assert is_refused(pool)


def test_a_worker_alone_always_takes_its_callers(start_pool: Start, world: World, calls: ExitStack) -> None:
    world.behave("amber", **ENDLESS)
    pool = start_pool("amber", **SMALL, WEB_CONCURRENCY="1")
    assert fill(pool, calls, PLACES) < AT_ONCE_SECONDS
    assert [is_refused(pool) for _ in range(6)] == [True] * 6
    assert max(health_seconds(pool) for _ in range(6)) < AT_ONCE_SECONDS


def test_connections_on_which_nothing_is_said_cost_nobody_anything(
    start_pool: Start, world: World, calls: ExitStack
) -> None:
    world.behave("amber", **ENDLESS)
    pool = start_pool("amber", **SMALL)
    for _ in range(40):  # of all threads there are 24
        calls.enter_context(socket.create_connection(("127.0.0.1", pool.port)))
    assert fill(pool, calls, 2 * PLACES) < AT_ONCE_SECONDS
    assert is_refused(pool)
    assert health_seconds(pool) < AT_ONCE_SECONDS


def test_callers_who_do_not_close_their_side_hold_up_nobody(start_pool: Start, calls: ExitStack) -> None:
    pool = start_pool("amber", **SMALL, WEB_CONCURRENCY="1")
    for _ in range(3):
        plug = calls.enter_context(socket.create_connection(("127.0.0.1", pool.port), timeout=10))
        plug.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        while plug.recv(65536):
            pass  # to the end of the answer; and then it stands there
        assert health_seconds(pool) < AT_ONCE_SECONDS
