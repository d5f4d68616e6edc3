"""Who of the callers has hung up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from gemini_pool.errors import CallerGone
from gemini_pool.pool.callers import Caller, Callers

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        yield ours, theirs


@pytest.fixture(scope="module")
def callers() -> Callers:
    """One for all tests, as one serves a process: its thread ends with that."""
    return Callers()


def gone(caller: Caller, within: float = 2.0) -> bool:
    until = time.monotonic() + within
    while not caller.gone and time.monotonic() < until:
        time.sleep(0.005)
    return caller.gone


def test_a_caller_who_waits_is_there(callers: Callers, pair: Pair) -> None:
    caller = callers.watch(pair[0])
    pair[1].sendall(b"the next request, sent ahead")
    assert not gone(caller, within=0.1)
    caller.check()
    callers.leave(pair[0])


@pytest.mark.parametrize(
    "hang_up",
    [socket.socket.close, lambda theirs: theirs.shutdown(socket.SHUT_WR)],
    ids=["closed", "half closed"],
)
def test_a_caller_who_hangs_up_is_gone(
    callers: Callers, pair: Pair, hang_up: Callable[[socket.socket], None]
) -> None:
    caller = callers.watch(pair[0])
    hang_up(pair[1])
    assert gone(caller)
    with pytest.raises(CallerGone, match="hung up"):
        caller.check()
    callers.leave(pair[0])


def test_one_who_had_hung_up_before_is_gone_too(callers: Callers, pair: Pair) -> None:
    pair[1].close()
    assert gone(callers.watch(pair[0]))
    callers.leave(pair[0])


def test_who_has_left_is_not_asked_after(callers: Callers, pair: Pair) -> None:
    caller = callers.watch(pair[0])
    callers.leave(pair[0])
    pair[1].close()
    assert not gone(caller, within=0.1)


def test_a_connection_is_watched_anew_for_each_request(callers: Callers, pair: Pair) -> None:
    for _ in range(3):
        caller = callers.watch(pair[0])
        callers.leave(pair[0])
    last = callers.watch(pair[0])
    pair[1].close()
    assert gone(last)
    assert not caller.gone
    callers.leave(pair[0])


def test_without_a_connection_he_is_always_there(callers: Callers) -> None:
    caller = callers.watch(None)
    callers.leave(None)
    caller.check()


def test_leaving_twice_or_after_the_end_does_no_harm(callers: Callers, pair: Pair) -> None:
    caller = callers.watch(pair[0])
    callers.leave(pair[0])
    callers.leave(pair[0])
    pair[0].close()
    callers.leave(pair[0])
    assert not caller.gone


def test_one_thread_watches_all(callers: Callers, pair: Pair) -> None:
    before = threading.active_count()
    for end in pair:
        callers.watch(end)
    assert threading.active_count() == before
    for end in pair:
        callers.leave(end)
