"""How much of its limits a key has used: counted together by all processes, anew in each window."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from fakes import FakeClock

from gemini_pool.errors import StoreError
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.key_windows import KeyUsage, KeyWindows
from gemini_pool.store.keys import Keys
from gemini_pool.store.limits import KeyLimits

MIDNIGHT = 1_767_225_600.0  # 2026-01-01 00:00 UTC
PER_MINUTE = KeyLimits(per_minute=3)
PER_DAY = KeyLimits(per_day=3)
TOKENS = KeyLimits(tokens_per_day=100)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(MIDNIGHT + 600)


@pytest.fixture
def windows(store: Store, clock: FakeClock) -> KeyWindows:
    return KeyWindows(store, clock)


@pytest.fixture
def usage(windows: KeyWindows, behind: WriteBehind) -> KeyUsage:
    return KeyUsage(windows, behind)


def enters(windows: KeyWindows, limits: KeyLimits, key_id: int = 1) -> bool:
    """Whether the key may ask once more."""
    return all(window.remaining for window in windows.enter(key_id, limits))


def entered(windows: KeyWindows, limits: KeyLimits, times: int = 10) -> int:
    """How many of so many requests may."""
    return sum(enters(windows, limits) for _ in range(times))


@pytest.mark.parametrize("limits", [PER_MINUTE, PER_DAY])
def test_so_many_requests_and_no_more(windows: KeyWindows, limits: KeyLimits) -> None:
    assert entered(windows, limits) == 3
    assert enters(windows, limits, key_id=2)


def test_the_minute_turns_over_at_its_last_moment(windows: KeyWindows, clock: FakeClock) -> None:
    clock.advance(13)
    assert entered(windows, PER_MINUTE) == 3
    clock.advance(46.9)
    (window,) = windows.enter(1, PER_MINUTE)
    assert (window.remaining, round(window.left, 3)) == (0, 0.1)
    clock.advance(0.1)
    (window,) = windows.enter(1, PER_MINUTE)
    assert (window.remaining, window.left) == (3, 60)


def test_the_day_turns_over_at_midnight_utc(windows: KeyWindows, clock: FakeClock) -> None:
    assert entered(windows, PER_DAY) == 3
    clock.advance(85_799)
    (window,) = windows.enter(1, PER_DAY)
    assert (window.remaining, window.left) == (0, 1)
    clock.advance(1)
    assert entered(windows, PER_DAY) == 3


def test_who_is_refused_for_one_limit_is_not_counted_against_the_other(
    windows: KeyWindows, clock: FakeClock
) -> None:
    both = KeyLimits(per_minute=2, per_day=5)
    for answered in (2, 2, 1, 0):
        assert entered(windows, both) == answered
        clock.advance(60)
    assert [window.used for window in windows.look(1, both)] == [0, 5]


def test_looking_counts_nothing(windows: KeyWindows) -> None:
    assert [window.used for _ in range(5) for window in windows.look(1, PER_MINUTE)] == [0] * 5
    assert entered(windows, PER_MINUTE) == 3


def test_a_clock_that_goes_back_gives_nobody_a_second_minute(windows: KeyWindows, clock: FakeClock) -> None:
    assert entered(windows, PER_MINUTE) == 3
    clock.advance(-5)  # in the minute before
    (window,) = windows.enter(1, PER_MINUTE)
    assert (window.remaining, window.left) == (0, 65)


@pytest.mark.parametrize("seconds", [-366 * 86_400, -7_200])
def test_a_clock_that_was_far_ahead_locks_nobody_out(
    windows: KeyWindows, clock: FakeClock, seconds: float
) -> None:
    assert entered(windows, PER_MINUTE) == 3
    clock.advance(seconds)
    assert entered(windows, PER_MINUTE) == 3


def test_a_limit_that_is_changed_holds_for_what_was_used_before(windows: KeyWindows) -> None:
    assert entered(windows, PER_MINUTE) == 3
    assert entered(windows, KeyLimits(per_minute=5)) == 2
    (window,) = windows.enter(1, KeyLimits(per_minute=1))
    assert window.remaining == 0


def test_threads_and_stores_count_together(path: Path, clock: FakeClock) -> None:
    Store(path).migrate()
    every = [KeyWindows(Store(path), clock) for _ in range(2)]
    limits = KeyLimits(per_minute=70)
    begin = threading.Barrier(8)

    def ask(number: int) -> int:
        begin.wait()
        return entered(every[number % 2], limits, 20)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(8))) == 70


def test_another_process_counts_along(
    path: Path,
    windows: KeyWindows,
    elsewhere,  # type: ignore[no-untyped-def]
) -> None:
    code = """
import sys
from pathlib import Path
from gemini_pool.store.db import Store
from gemini_pool.store.key_windows import KeyWindows
from gemini_pool.store.limits import KeyLimits
KeyWindows(Store(Path(sys.argv[1])), lambda: float(sys.argv[2])).enter(1, KeyLimits(per_minute=3))
"""
    process = elsewhere(code, path, MIDNIGHT + 600)
    assert process.wait(30) == 0
    assert entered(windows, PER_MINUTE) == 2


# What calls leave behind


def test_tokens_are_counted_behind_and_then_bound_the_day(
    windows: KeyWindows, usage: KeyUsage, behind: WriteBehind, clock: FakeClock
) -> None:
    for tokens in (60, 50):
        assert enters(windows, TOKENS)
        usage.count(1, tokens=tokens, at=clock.now)
        behind.flush()
    (window,) = windows.enter(1, TOKENS)
    assert (window.used, window.remaining) == (110, 0)
    clock.advance(86_400 - 600)
    assert enters(windows, TOKENS)


def test_calls_are_counted_and_the_last_is_known(
    store: Store, usage: KeyUsage, behind: WriteBehind, path: Path
) -> None:
    keys = Keys(store, ())
    keys.create("amber"), keys.create("bruno")
    before = store.revision()
    for at in (50.0, 70.0, 60.0):
        usage.count(1, tokens=0, at=at)
    assert [key.usage_count for key in keys.list()] == [0, 0]
    behind.flush()
    usage.count(1, tokens=0, at=65.0)
    usage.count(None, tokens=9, at=99.0)  # a key of the environment
    behind.flush()
    assert [(key.usage_count, key.last_used_at) for key in keys.list()] == [(4, 70.0), (0, None)]
    assert store.revision() == before  # nobody has to read the keys anew


def test_what_cannot_be_written_is_counted_the_next_time(
    store: Store, path: Path, usage: KeyUsage, behind: WriteBehind, windows: KeyWindows
) -> None:
    Keys(store, ()).create("amber")
    usage.count(1, tokens=7, at=50.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("ALTER TABLE key_windows RENAME TO gone")
        with pytest.raises(StoreError):
            usage.flush()
        other.execute("ALTER TABLE gone RENAME TO key_windows")
    usage.count(1, tokens=1, at=51.0)
    behind.flush()
    assert [key.usage_count for key in Keys(store, ()).list()] == [2]
    assert [window.used for window in windows.look(1, TOKENS)] == [8]


def test_a_database_that_does_not_answer_is_a_store_error(store: Store, windows: KeyWindows) -> None:
    store.close()
    with pytest.raises(StoreError, match="limits"):
        windows.enter(1, PER_MINUTE)
