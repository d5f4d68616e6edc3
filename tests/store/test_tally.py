"""Counters that survive restarts and cost no request a write."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from fakes import FakeClock

from gemini_pool.errors import StoreError
from gemini_pool.roster import QuotaKind
from gemini_pool.store import db
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.tally import Tallied, Tally

TEXT, IMAGES = QuotaKind.TEXT, QuotaKind.IMAGES
DAY_SECONDS = 86_400


def day(moment: float) -> str:
    return f"day {moment // DAY_SECONDS:05.0f}"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1_767_225_600.25)


@pytest.fixture
def tally(store: Store, behind: WriteBehind, clock: FakeClock) -> Tally:
    return Tally(store, behind, day=day, clock=clock)


def on_disk(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.execute("SELECT day, answers, failures FROM tallies ORDER BY day"))


def test_nothing_was_done_at_first(tally: Tally) -> None:
    tally.flush()
    assert tally.totals() == {}


def test_answers_and_failures_are_counted_for_each_account_and_kind(tally: Tally, clock: FakeClock) -> None:
    start = clock.now
    for account_id, kind, failed in [(1, TEXT, False), (1, TEXT, False), (1, TEXT, True), (1, IMAGES, True)]:
        tally.count(account_id, kind, failed=failed)
        clock.advance(1)
    tally.count(2, TEXT, failed=False)
    tally.flush()
    assert tally.totals() == {
        1: [Tallied(IMAGES, 0, 1, start + 3), Tallied(TEXT, 2, 1, start + 2)],
        2: [Tallied(TEXT, 1, 0, start + 4)],
    }


def test_what_was_counted_is_added_to_what_is_on_disk(
    tally: Tally, clock: FakeClock, path: Path, behind: WriteBehind
) -> None:
    tally.count(1, TEXT, failed=False)
    tally.flush()
    earlier = Tally(Store(path), behind, day=day, clock=FakeClock(clock.now - 60))
    for failed in (False, True):
        earlier.count(1, TEXT, failed=failed)
    earlier.flush()
    assert tally.totals() == {1: [Tallied(TEXT, 2, 1, clock.now)]}


def test_totals_are_of_all_days_and_each_day_is_kept(tally: Tally, clock: FakeClock, path: Path) -> None:
    for _ in range(3):
        tally.count(1, TEXT, failed=False)
        clock.advance(DAY_SECONDS)
    tally.flush()
    assert on_disk(path) == [("day 20454", 1, 0), ("day 20455", 1, 0), ("day 20456", 1, 0)]
    assert tally.totals() == {1: [Tallied(TEXT, 3, 0, clock.now - DAY_SECONDS)]}


def test_counting_writes_nothing_and_a_flush_little(tally: Tally, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        before = other.execute("PRAGMA data_version").fetchone()
        for _ in range(1000):
            tally.count(1, TEXT, failed=False)
        assert other.execute("PRAGMA data_version").fetchone() == before
        other.execute("CREATE TABLE written (day)")
        for change in ("INSERT", "UPDATE"):
            other.execute(
                f"CREATE TRIGGER on_{change} AFTER {change} ON tallies"
                " BEGIN INSERT INTO written VALUES (new.day); END"
            )
        tally.flush()
        tally.flush()
        assert other.execute("SELECT COUNT(*) FROM written").fetchone() == (1,)
    assert on_disk(path) == [("day 20454", 1000, 0)]


def test_counters_are_written_without_being_asked(store: Store, path: Path, within) -> None:  # type: ignore[no-untyped-def]
    Tally(store, WriteBehind(), day=day).count(1, TEXT, failed=False)
    assert within(0.75, lambda: on_disk(path))


def test_a_database_that_does_not_answer_costs_no_count(
    path: Path, behind: WriteBehind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(db.PRAGMAS, "busy_timeout", 10)
    store = Store(path)
    store.migrate()
    tally = Tally(store, behind, day=day)
    told: list[int] = []
    tally.listen(lambda *said: told.append(said[2]))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for failed in (False, True, False):
            tally.count(1, TEXT, failed=failed)
            with pytest.raises(StoreError, match="locked"):
                tally.flush()
        other.execute("COMMIT")
    assert told == []
    tally.flush()
    tally.flush()
    ((total,),) = tally.totals().values()
    assert (total.answers, total.failures, told) == (2, 1, [2])


def test_eight_threads_and_a_writer_lose_no_count(store: Store, within) -> None:  # type: ignore[no-untyped-def]
    done = threading.Event()
    behind = WriteBehind(sleep=lambda _: threading.Event().wait(None if done.is_set() else 0.001))
    tally = Tally(store, behind, day=day)
    line_up = threading.Barrier(8)

    def work(_: int) -> None:
        line_up.wait()
        for number in range(500):
            tally.count(1, TEXT, failed=number % 5 == 0)

    def counted() -> tuple[int, int]:
        ((total,),) = tally.totals().values()
        return total.answers, total.failures

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    tally.flush()
    assert within(5, lambda: counted() == (3200, 800))  # a batch may still be on its way
    done.set()


def test_four_processes_add_up_and_leave_nothing_behind(store: Store, path: Path, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import sys
from pathlib import Path
from gemini_pool.roster import QuotaKind
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.tally import Tally
tally = Tally(Store(Path(sys.argv[1])), WriteBehind(), day=lambda _: "today")
for n in range(250):
    tally.count(1, QuotaKind.TEXT, failed=False)
    if n % 50 == 0:
        tally.flush()
"""
    processes = [elsewhere(code, path) for _ in range(4)]
    assert [process.communicate(timeout=30) for process in processes] == [("", "")] * 4
    assert on_disk(path) == [("today", 1000, 0)]


# Being told of it


class Heard:
    def __init__(self, tally: Tally) -> None:
        self.said: list[tuple[int, QuotaKind, int]] = []
        tally.listen(lambda *said: self.said.append(said))


def test_the_answers_of_today_are_told_of_each_pair_that_was_written(tally: Tally, clock: FakeClock) -> None:
    heard = Heard(tally)
    tally.count(1, TEXT, failed=False)
    clock.advance(DAY_SECONDS)
    for account_id, kind, failed in [(1, TEXT, False), (1, TEXT, True), (1, IMAGES, True), (2, TEXT, False)]:
        tally.count(account_id, kind, failed=failed)
    tally.flush()
    assert sorted(heard.said) == [(1, IMAGES, 0), (1, TEXT, 1), (2, TEXT, 1)]
    heard.said.clear()
    tally.count(2, TEXT, failed=False)
    tally.flush()
    assert heard.said == [(2, TEXT, 2)]


def test_the_answers_of_other_processes_count_too(
    tally: Tally, clock: FakeClock, path: Path, behind: WriteBehind
) -> None:
    heard = Heard(tally)
    other = Tally(Store(path), behind, day=day, clock=clock)
    for one in (tally, other, other, tally):
        one.count(1, TEXT, failed=False)
        one.flush()
    assert heard.said == [(1, TEXT, 1), (1, TEXT, 4)]


def test_what_was_counted_before_midnight_is_not_told_as_of_today(tally: Tally, clock: FakeClock) -> None:
    heard = Heard(tally)
    tally.count(1, TEXT, failed=False)
    clock.advance(DAY_SECONDS)
    tally.flush()
    assert heard.said == [(1, TEXT, 0)]


def test_who_is_told_may_write_count_and_flush(
    tally: Tally, store: Store, path: Path, within: Callable[..., bool]
) -> None:
    told: list[int] = []

    def tell(account_id: int, kind: QuotaKind, answers: int) -> None:
        told.append(answers)
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
            other.execute("UPDATE revision SET number = number + 1")  # no transaction is open
        if answers == 1:
            tally.count(account_id, kind, failed=False)
            tally.flush()

    tally.listen(tell)
    tally.count(1, TEXT, failed=False)
    threading.Thread(target=tally.flush, daemon=True).start()
    assert within(5, lambda: told == [1, 2])


def test_counting_makes_nobody_read_anew(tally: Tally, store: Store) -> None:
    before = store.revision()
    tally.count(1, TEXT, failed=False)
    tally.flush()
    assert tally.totals()
    assert store.revision() == before


# Pruning


def test_old_days_become_one_sum_and_the_totals_stay(tally: Tally, clock: FakeClock, path: Path) -> None:
    for failed in (False, True, False, False):
        for kind in (TEXT, IMAGES):
            tally.count(1, kind, failed=failed)
        clock.advance(DAY_SECONDS)
    tally.flush()
    totals = tally.totals()
    assert tally.prune("day 20456") == 4
    assert on_disk(path) == [("", 1, 1), ("", 1, 1), *[(f"day 2045{n}", 1, 0) for n in (6, 6, 7, 7)]]
    assert tally.totals() == totals
    assert tally.prune("day 20456") == 0
    assert tally.prune("day 20457") == 2
    assert on_disk(path) == [("", 2, 1), ("", 2, 1), ("day 20457", 1, 0), ("day 20457", 1, 0)]
    assert tally.totals() == totals
