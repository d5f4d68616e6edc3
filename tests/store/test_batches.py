"""One thread a process writes what requests leave behind."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gemini_pool.errors import StoreError
from gemini_pool.store.batches import FLUSH_SECONDS, WriteBehind


class Paced:
    """A sleep that ends when a test says so, and remembers for how long it was asked to be."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.wake = threading.Semaphore(0)

    def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        self.wake.acquire()


def writers(name: str = "write-behind") -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def test_all_are_written_in_the_order_they_were_added(behind: WriteBehind) -> None:
    written: list[str] = []
    for name in ("journal", "counters", "preferences"):
        behind.add(lambda name=name: written.append(name))  # type: ignore[misc]
    behind.flush()
    assert written == ["journal", "counters", "preferences"]


def test_the_thread_writes_a_quarter_of_a_second_after_it_was_woken_and_goes_on() -> None:
    sleep, written = Paced(), threading.Semaphore(0)
    behind = WriteBehind(sleep)
    behind.add(written.release)
    behind.wake()
    for _ in range(3):
        assert not written.acquire(blocking=False)
        sleep.wake.release()
        assert written.acquire(timeout=10)
    assert FLUSH_SECONDS == 0.25
    assert set(sleep.asked) == {0.25}


def test_there_is_no_thread_before_the_first_wake_and_one_after_many() -> None:
    before = writers()
    behind = WriteBehind(Paced())
    behind.add(lambda: None)
    behind.flush()
    assert writers() == before
    line_up = threading.Barrier(8)

    def wake(_: int) -> None:
        line_up.wait()
        for _ in range(50):
            behind.wake()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(wake, range(8)))
    assert writers() == before + 1


@pytest.mark.parametrize("first", [True, False])
def test_one_that_cannot_write_keeps_no_other_from_it(
    behind: WriteBehind, first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    written: list[str] = []

    def refuse() -> None:
        raise StoreError("The database does not answer: database is locked")

    for flush in (
        (refuse, lambda: written.append("one")) if first else (lambda: written.append("one"), refuse)
    ):
        behind.add(flush)
    behind.flush()
    behind.flush()
    assert written == ["one", "one"]
    assert "database is locked" in caplog.text


def test_the_log_tells_once_of_each_time_that_nothing_could_be_written(
    behind: WriteBehind, caplog: pytest.LogCaptureFixture
) -> None:
    refuses = True

    def write() -> None:
        if refuses:
            raise StoreError("The database does not answer: disk I/O error")

    behind.add(write)
    for refuses in (True, True, False, True, True):  # noqa: B007 - `write` reads it
        behind.flush()
    assert caplog.text.count("it waits in memory") == 2


def test_two_never_write_at_once(behind: WriteBehind) -> None:
    inside: list[int] = []
    line_up = threading.Barrier(4)
    let_go = threading.Event()

    def write() -> None:
        inside.append(1)
        let_go.wait(0.02)  # time for another to come in
        assert len(inside) == 1
        inside.clear()

    def work(_: int) -> None:
        line_up.wait()
        behind.flush()

    behind.add(write)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_a_fault_has_ended_is_replaced_at_the_next_wake(within: Callable[..., bool]) -> None:
    sleep, written = Paced(), threading.Event()
    faulty = [True]

    def write() -> None:
        if faulty.pop() if faulty else False:
            raise ValueError("a fault of ours")
        written.set()

    before = writers()
    behind = WriteBehind(sleep)
    behind.add(write)
    behind.wake()
    sleep.wake.release()
    assert within(10, lambda: writers() == before)
    behind.wake()
    sleep.wake.release()
    assert written.wait(10)


def test_what_waits_is_written_at_exit_once_and_by_each_process_for_itself(elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import os, sys, threading
from gemini_pool.store.batches import WriteBehind
behind = WriteBehind(sleep=lambda _: threading.Event().wait())
waiting = []
def write():
    while waiting:
        os.write(1, waiting.pop())
behind.add(write)
child = os.fork()
waiting.append(b"parent\\n" if child else b"child\\n")
behind.wake()
behind.wake()
assert threading.active_count() == 2
if child:
    os.waitpid(child, 0)
"""
    assert elsewhere(code).communicate(timeout=30) == ("child\nparent\n", "")
