"""Callers who hang up, or never read: what they leave behind is nothing."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from callers import PATH, Call
from running import KEY, RunningPool, until

from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

# One place and one slot: what a caller leaves behind the next one misses.
NARROW = {
    "WEB_CONCURRENCY": "1",
    "THREADS": "2",
    "MAX_CONCURRENT_PER_ACCOUNT": "1",
    "ACCOUNT_FAILURE_THRESHOLD": "1",
    "KEEP_ALIVE_SECONDS": "1",
    "READY_SECONDS": "0",
}
FLOWS = {"text": "word " * 400, "deltas": 400, "delay": 0.1}
HEALTHY = {"text": None, "deltas": None, "delay": 0.0, "api": None, "api_on": ["stream"], "stream": None}
# One event or one keep-alive, and the time a busy machine takes to notice.
SOON_SECONDS = 2.5


def connections(simulator: Simulator) -> int:
    """Open connections to the simulator."""
    port = int(simulator.url.rpartition(":")[2])
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


def all_is_given_back(pool: RunningPool, world: World) -> None:
    """The place, the slot and the account's good name: the next caller needs all three."""
    world.behave("amber", **HEALTHY)
    with Call(pool) as call:
        assert call.status == 200
        assert call.rest().text.startswith("[amber/")
    until(lambda: pool.calls("ok"), what="the journal")


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(
    ("method", "behaviour"),
    [
        ("xsrf", {"api": "hang", "api_on": ["xsrf"]}),
        ("session", {"api": "hang", "api_on": ["session"]}),
        ("stream", {"api": "hang"}),
        ("stream", {"stream": "silence", "empty_elements": 0, "text": "word " * 9}),
        ("stream", FLOWS),
    ],
    ids=["token", "session", "first byte", "silence", "flow"],
)
def test_a_caller_who_hangs_up_ends_what_is_under_way_for_him(
    start_pool: Start, simulator: Simulator, method: str, behaviour: dict[str, Any], stream: bool
) -> None:
    world = simulator.world
    world.behave("amber", **behaviour)
    pool = start_pool("amber", **NARROW)
    with Call(pool, stream=stream) as call:
        assert world.wait_until(lambda world: world.counts()["amber"][method] == 1)
        if stream and "api" not in behaviour:
            call.begin()
        else:
            time.sleep(0.2)  # so that it waits, wherever it is to wait
        assert connections(simulator) == 1
    until(lambda: connections(simulator) == 0, seconds=SOON_SECONDS, what="the end of the call upstream")
    until(lambda: pool.calls("client_closed"), seconds=1, what="the journal")
    assert len(pool.calls()) == 1
    all_is_given_back(pool, world)


def test_a_caller_who_hangs_up_ends_all_his_pictures(
    start_pool: Start, simulator: Simulator, world: World
) -> None:
    world.behave("amber", files=1, first_delay=60.0)
    wider = NARROW | {"THREADS": "3", "MAX_CONCURRENT_PER_ACCOUNT": "2"}
    pool = start_pool("amber", **wider)
    with Call(pool, path="/v1/images/generations", stream=False, prompt="A cat", n=3):
        assert world.wait_until(lambda world: world.open_streams() == 2)
    until(lambda: connections(simulator) == 0, seconds=SOON_SECONDS, what="the end of the calls upstream")
    until(lambda: len(pool.calls("client_closed")) == 3, seconds=1, what="the journal")
    assert world.counts()["amber"]["stream"] == 2
    world.behave("amber", first_delay=0.0, files=0)
    all_is_given_back(pool, world)


def test_a_caller_who_reads_nothing_is_let_go(start_pool: Start, world: World) -> None:
    world.behave("amber", text="x" * 20_000_000, deltas=400)
    pool = start_pool("amber", **NARROW, READ_TIMEOUT="1")
    with Call(pool) as call:
        assert call.status == 200
        until(lambda: pool.calls("client_closed"), seconds=6, what="the journal")
        assert world.wait_until(lambda world: world.open_streams() == 0)
        all_is_given_back(pool, world)


@pytest.mark.long
def test_callers_who_read_no_whole_answers_do_not_hold_up_others(start_pool: Start, world: World) -> None:
    world.behave("amber", text="x" * 20_000_000)
    pool = start_pool("amber", **NARROW, READ_TIMEOUT="1")
    with ExitStack() as stack:
        for _ in range(2):  # as many as there are threads
            call = stack.enter_context(Call(pool, stream=False))
            assert call.status == 200
        all_is_given_back(pool, world)


def test_a_caller_who_reads_slowly_is_not_taken_for_one_who_does_not(start_pool: Start, world: World) -> None:
    world.behave("amber", text="x" * 12_000_000, deltas=100)
    pool = start_pool("amber", **NARROW, READ_TIMEOUT="1")
    with Call(pool) as call:
        for number, _ in enumerate(call.lines()):
            if number % 8 == 0:
                time.sleep(0.2)
        assert call.told.whole
        assert len(call.told.text) == 12_000_000


def test_a_request_that_is_never_finished_holds_no_thread(start_pool: Start) -> None:
    pool = start_pool("amber", **NARROW, READ_TIMEOUT="1")
    with ExitStack() as stack:
        head = f"POST {PATH} HTTP/1.1\r\nx-api-key: {KEY}\r\ncontent-length: 9\r\n\r\n"
        for part in (head[:20], head + "{"):
            plug = stack.enter_context(socket.create_connection(("127.0.0.1", pool.port)))
            plug.sendall(part.encode())
        with Call(pool) as call:
            assert call.status == 200
