"""Stopping and reloading: what is under way runs to its end, or says that it did not; nothing is lost."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection, RemoteDisconnected

import pytest
from callers import PATH, Call, Told, connect
from running import KEY, RunningPool, until

from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

FIVE_SECONDS = {"text": "word " * 25, "deltas": 25, "delay": 0.2, "empty_elements": 0}
TWENTY_SECONDS = {"text": "word " * 100, "deltas": 100, "delay": 0.2, "empty_elements": 0}
QUICK = {"text": None, "deltas": None, "delay": 0.0}


@pytest.fixture
def calls() -> Iterator[ExitStack]:
    """Calls that are hung up after the test."""
    with ExitStack() as stack:
        yield stack


def tell(pool: RunningPool, number: signal.Signals) -> None:
    assert pool.process
    pool.process.send_signal(number)


def open_streams(pool: RunningPool, calls: ExitStack, times: int) -> list[Call]:
    """So many streams that have begun."""
    return [calls.enter_context(Call(pool)).begin() for _ in range(times)]


def ends(streams: list[Call]) -> list[Told]:
    """How they end, read all at once."""
    with ThreadPoolExecutor(len(streams)) as readers:
        return list(readers.map(Call.rest, streams))


def test_a_stop_lets_streams_run_to_their_end_and_takes_no_more(
    start_pool: Start, world: World, calls: ExitStack
) -> None:
    world.behave("amber", **FIVE_SECONDS)
    pool = start_pool("amber")
    streams = open_streams(pool, calls, 4)
    tell(pool, signal.SIGTERM)
    until(lambda: refuses(pool), seconds=2, what="the closed door")
    assert [told.whole for told in ends(streams)] == [True] * 4
    assert pool.process
    assert pool.process.wait(10) == 0
    assert [row["outcome"] for row in pool.calls()] == ["ok"] * 4


def refuses(pool: RunningPool) -> bool:
    """Whether nobody listens any more."""
    try:
        socket.create_connection(("127.0.0.1", pool.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_reload_lets_streams_run_to_their_end_beside_new_workers(
    start_pool: Start, world: World, calls: ExitStack
) -> None:
    world.behave("amber", **FIVE_SECONDS)
    pool = start_pool("amber", THREADS="12")
    old = pool.workers()
    streams = open_streams(pool, calls, 18)  # all places that there are
    world.behave("amber", **QUICK)
    tell(pool, signal.SIGHUP)
    until(lambda: len({*pool.accepting()} - {*old}) == 2, seconds=4, what="new workers")
    assert not {*pool.accepting()} & {*old}
    for _ in range(6):
        with Call(pool, stream=False) as call:
            assert call.status == 200
            assert time.monotonic() - call.sent < 1
    assert {*old} <= {*pool.workers()}  # the streams go on
    world.behave("amber", stream="silence")
    for _ in range(18):  # nor are the new ones full because the old ones are
        assert calls.enter_context(Call(pool)).status == 200
    assert [told.whole for told in ends(streams)] == [True] * 18
    until(lambda: not {*pool.workers()} & {*old}, seconds=5, what="the end of the old workers")
    assert len(pool.workers()) == 2


@pytest.mark.parametrize("behaviour", [TWENTY_SECONDS, {"stream": "silence"}], ids=["flow", "silence"])
def test_streams_that_take_too_long_say_why_they_end(
    start_pool: Start, world: World, calls: ExitStack, behaviour: dict[str, object]
) -> None:
    pool = start_pool("amber", DRAIN_SECONDS="3")
    world.behave("amber", **behaviour)
    streams = open_streams(pool, calls, 6)
    whole = calls.enter_context(Call(pool, stream=False))
    assert world.wait_until(lambda world: world.counts()["amber"]["stream"] == 7)
    world.behave("amber", text="short", deltas=None, delay=0.0, stream=None)
    for _ in range(5):
        with Call(pool) as call:
            assert call.rest().whole
    told_at = time.monotonic()
    tell(pool, signal.SIGTERM)
    for told in ends(streams):
        assert told.error
        assert "restarted" in told.error["message"]
        assert set(told.error) == {"message", "type", "param", "code"}
        assert not told.done
    assert 1 < time.monotonic() - told_at < 3.5
    assert whole.status == 503
    assert int(whole.header("retry-after")) >= 1
    assert pool.process
    assert pool.process.wait(3) == 0
    assert "SIGKILL" not in pool.log
    assert [row["outcome"] for row in pool.calls()].count("ok") == 5
    assert [row["error"] for row in pool.calls("error")] == ["Stopping"] * 7


def test_a_caller_who_is_silent_or_keeps_his_connection_does_not_hold_up_a_stop(
    start_pool: Start, calls: ExitStack
) -> None:
    pool = start_pool("amber")
    for spoken in (False, True):
        line = connect(pool)
        calls.callback(line.close)
        if spoken:
            line.request("GET", "/health")
            line.getresponse().read()
    tell(pool, signal.SIGTERM)
    assert pool.process
    assert pool.process.wait(6) == 0


@pytest.mark.parametrize("keep", [False, True], ids=["new connections", "kept connections"])
def test_nothing_is_lost_in_two_reloads(start_pool: Start, keep: bool) -> None:
    pool = start_pool("amber")
    ended = threading.Event()
    with ThreadPoolExecutor(4) as callers:
        results = [callers.submit(call_on, pool, ended, keep=keep) for _ in range(4)]
        try:
            for _ in range(2):
                reload(pool)
        finally:
            ended.set()
        answered = sum(result.result() for result in results)
    assert answered > 50
    # A request that was sent twice, since its answer was lost, would have two rows.
    until(lambda: len(pool.calls("ok")) == answered, what="the journal")
    assert len(pool.calls()) == answered


def reload(pool: RunningPool) -> None:
    """Reload, and wait for the last of the old workers to go."""
    old = {*pool.workers()}
    tell(pool, signal.SIGHUP)
    until(lambda: len({*pool.accepting()} - old) == 2 and not {*pool.workers()} & old, what="new workers")


def call_on(pool: RunningPool, ended: threading.Event, *, keep: bool) -> int:
    """Ask again and again; how many were answered. Anything else is an error.

    A server may close a connection that is kept while nothing is under way on it: a request that finds it
    closed is sent once more on a new one, as every client does.
    """
    answered = 0
    with closing(connect(pool)) as line:
        while not ended.is_set():
            try:
                status = ask(line)
            except (RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                assert keep
                assert answered
                line.close()
                status = ask(line)
            assert status == 200
            answered += 1
            if not keep:
                line.close()
    return answered


def ask(line: HTTPConnection) -> int:
    """The status of one call, on a connection that is opened if it is closed."""
    body = '{"messages": [{"role": "user", "content": "Hi"}]}'
    line.request("POST", PATH, body, {"authorization": f"Bearer {KEY}"})
    with line.getresponse() as reply:
        reply.read()
        return reply.status
