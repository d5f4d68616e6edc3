import asyncio
from itertools import pairwise

import pytest

from gemini_pool.simulator.metronome import TICKS_PER_S, Metronome

TICK_S = 1 / TICKS_PER_S


async def heard(*rests: float) -> list[tuple[float, float]]:
    """When each of these rests ended, in the order they did: due and called, in seconds of the loop."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    metronome, calls = Metronome(loop), list[tuple[float, float]]()

    def note(due: float) -> None:
        calls.append((due, loop.time()))
        if len(calls) == len(rests):
            ended.set()

    now = loop.time()
    for rest in rests:
        metronome.call_at(now + rest, lambda due=now + rest: note(due))
    await asyncio.wait_for(ended.wait(), 5)
    return calls


def test_nobody_is_called_before_he_is_due() -> None:
    calls = asyncio.run(heard(0.02, 0.0001, 0.0101, 0.0109, 0.0))
    assert all(called >= due for due, called in calls)


def test_who_is_due_ticks_earlier_is_called_earlier() -> None:
    dues = [due for due, _ in asyncio.run(heard(0.02, 0.01, 0.005))]
    assert dues == sorted(dues)


def test_what_is_overdue_is_called_all_the_same() -> None:
    assert len(asyncio.run(heard(-5.0))) == 1


async def timers(*dues: float, slack: float = 0.0) -> list[float]:
    """When the loop is asked to wake up for calls that are due then."""
    loop, made = asyncio.get_running_loop(), list[float]()
    loop.call_at = lambda when, *_: made.append(when)
    metronome = Metronome(loop)
    for due in dues:
        metronome.call_at(due, lambda: None, slack)
    del loop.call_at
    return made


def test_those_of_one_tick_cost_one_timer() -> None:
    (when,) = asyncio.run(timers(*(7 + number * TICK_S / 20 for number in range(10))))
    assert 7 + TICK_S / 2 <= when <= 7 + 2 * TICK_S


def test_who_may_be_late_waits_for_others() -> None:
    (when,) = asyncio.run(timers(7.0, 7.02, 7.06, slack=0.1))
    assert 7.06 <= when <= 7.1 + TICK_S


def test_equal_steps_stay_equal() -> None:
    made = asyncio.run(timers(*(7.0123 + step * 0.05 for step in range(20)), slack=0.005))
    steps = [later - earlier for earlier, later in pairwise(made)]
    assert steps == [pytest.approx(0.05)] * 19
