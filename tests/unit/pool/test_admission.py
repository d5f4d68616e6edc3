"""How many answers a worker gives at one time, and until when."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fakes import FakeClock

from gemini_pool.errors import Overloaded, Stopping
from gemini_pool.pool.admission import Admission, places


def test_so_many_may_enter_and_the_next_is_told_to_come_again() -> None:
    admission = Admission(3)
    assert admission.most == 3
    for _ in range(3):
        admission.enter()
    with pytest.raises(Overloaded) as caught:
        admission.enter()
    assert caught.value.retry_after == 1
    assert not isinstance(caught.value, Stopping)


def test_who_leaves_makes_room_for_one() -> None:
    admission = Admission(2)
    for _ in range(2):
        admission.enter()
    admission.leave()
    admission.enter()
    with pytest.raises(Overloaded):
        admission.enter()


def test_nobody_can_leave_who_did_not_enter() -> None:
    admission = Admission(2)
    with pytest.raises(ValueError, match="released too many times"):
        admission.leave()


def test_of_many_threads_no_more_get_in_than_there_are_places() -> None:
    admission = Admission(5)
    line_up = threading.Barrier(16)

    def enter(_: int) -> bool:
        line_up.wait(10)
        try:
            admission.enter()
        except Overloaded:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(enter, range(16))) == 5


# The end


def test_answers_go_on_until_they_are_to_end() -> None:
    clock = FakeClock()
    admission = Admission(1, clock)
    clock.advance(1e9)
    admission.check()
    admission.end_within(30)
    clock.advance(29.9)
    admission.check()
    clock.advance(0.1)
    with pytest.raises(Stopping) as caught:
        admission.check()
    assert caught.value.retry_after == 1


def test_an_end_at_once_is_at_once() -> None:
    admission = Admission(1, FakeClock())
    admission.end_within(0)
    with pytest.raises(Stopping):
        admission.check()


# Places


@pytest.mark.parametrize(
    ("threads", "answers"),
    [(2, 1), (3, 2), (4, 3), (7, 6), (8, 6), (12, 9), (31, 24), (32, 24), (33, 25), (200, 192), (2000, 1992)],
)
def test_some_threads_are_kept_for_what_is_no_answer(threads: int, answers: int) -> None:
    assert places(threads) == answers


def test_there_is_always_a_place_and_a_thread_besides() -> None:
    for threads in range(2, 500):
        assert 1 <= places(threads) < threads
        assert places(threads) >= places(threads - 1)
