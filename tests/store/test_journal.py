"""The call journal: rows in batches, none lost, no request delayed."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gemini_pool.errors import StoreError
from gemini_pool.store import db
from gemini_pool.store import journal as journal_module
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.journal import CallJournal, CallRecord


def call(request_id: str, *, first_ms: int | None = 3) -> CallRecord:
    return CallRecord(
        at=1_767_225_600.25,
        request_id=request_id,
        key_id=1,
        key_name="amber's program",
        account_id=None,
        model="gemini-auto",
        endpoint="/v1/chat/completions",
        outcome="ok",
        error="",
        first_ms=first_ms,
        total_ms=12,
        prompt_tokens=5,
        completion_tokens=7,
    )


def on_disk(path: Path) -> list[str]:
    """The request ids in the database, in the order they were written."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT request_id FROM calls ORDER BY id")]


class Watched(Store):
    """A store that counts its write transactions, and can refuse them."""

    writes = 0
    refuses = False

    @contextmanager
    def writing(self, *, shared: bool = True) -> Iterator[None]:
        self.writes += 1
        if self.refuses:
            raise StoreError("The database does not answer: database or disk is full")
        with super().writing(shared=shared):
            yield


@pytest.fixture
def watched(path: Path) -> Watched:
    store = Watched(path)
    store.migrate()
    return store


@pytest.fixture
def by_hand(watched: Watched, behind: WriteBehind) -> CallJournal:
    """A journal whose rows are written by `flush` alone."""
    return CallJournal(watched, behind)


def quick(seconds: float) -> WriteBehind:
    """One that does not take its time."""
    return WriteBehind(sleep=lambda _: time.sleep(seconds))


def test_a_row_comes_back_as_it_was_recorded(by_hand: CallJournal) -> None:
    by_hand.record(call("one"))
    by_hand.record(call("two", first_ms=None))
    by_hand.flush()
    assert by_hand.recent() == [call("two", first_ms=None), call("one")]
    assert by_hand.recent(limit=1) == [call("two", first_ms=None)]


def test_rows_wait_together_and_are_written_in_few_transactions(
    by_hand: CallJournal, watched: Watched, path: Path
) -> None:
    for number in range(1200):
        by_hand.record(call(str(number)))
    assert (watched.writes, on_disk(path)) == (0, [])
    by_hand.flush()
    assert watched.writes <= 3
    assert on_disk(path) == [str(number) for number in range(1200)]


def test_with_nothing_waiting_nothing_is_written(by_hand: CallJournal, watched: Watched) -> None:
    by_hand.flush()
    assert watched.writes == 0


def test_a_row_is_on_disk_half_a_second_later(store: Store, path: Path, within) -> None:  # type: ignore[no-untyped-def]
    CallJournal(store, WriteBehind()).record(call("one"))
    assert within(0.75, lambda: on_disk(path) == ["one"])


def test_rows_go_on_being_written_after_the_first_batch(store: Store, path: Path, within) -> None:  # type: ignore[no-untyped-def]
    journal = CallJournal(store, quick(0.01))
    for number in range(3):
        journal.record(call(str(number)))
        assert within(2.0, lambda: len(on_disk(path)) == number + 1)  # noqa: B023 - used at once


def test_a_process_that_ends_leaves_no_row_behind(store: Store, path: Path, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import sys
from pathlib import Path
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.journal import CallJournal, CallRecord
journal = CallJournal(Store(Path(sys.argv[1])), WriteBehind())
for n in range(40):
    journal.record(CallRecord(0.0, str(n), None, "", None, "m", "/", "ok", "", None, 1, 0, 0))
sys.exit(3)
"""
    process = elsewhere(code, path)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 3
    assert on_disk(path) == [str(number) for number in range(40)]


def test_a_forked_process_writes_its_own_rows(store: Store, path: Path, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import os, sys
from pathlib import Path
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.journal import CallJournal, CallRecord
journal = CallJournal(Store(Path(sys.argv[1])), WriteBehind())
child = os.fork()
name = "parent" if child else "child"
journal.record(CallRecord(0.0, name, None, "", None, "m", "/", "ok", "", None, 1, 0, 0))
if child:
    os.waitpid(child, 0)
"""
    assert elsewhere(code, path).communicate(timeout=30) == ("", "")
    assert sorted(on_disk(path)) == ["child", "parent"]


def test_eight_threads_lose_nothing_and_each_keeps_its_order(store: Store, path: Path) -> None:
    journal = CallJournal(store, quick(0.001))
    line_up = threading.Barrier(8)

    def work(name: int) -> None:
        line_up.wait()
        for number in range(500):
            journal.record(call(f"{name}/{number}"))
            if number % 100 == 0:
                journal.flush()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    journal.flush()
    found = on_disk(path)
    assert len(found) == 4000
    for name in range(8):
        assert [one for one in found if one.startswith(f"{name}/")] == [f"{name}/{n}" for n in range(500)]


def test_a_locked_database_costs_no_request_and_no_row(store: Store, path: Path, within) -> None:  # type: ignore[no-untyped-def]
    journal = CallJournal(store, quick(0.01))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        for number in range(200):
            journal.record(call(str(number)))
        assert time.monotonic() - started < 1.0
        assert on_disk(path) == []
        other.execute("COMMIT")
    assert within(3.0, lambda: len(on_disk(path)) == 200)


def test_a_database_locked_for_longer_than_we_wait_costs_no_row_and_no_order(
    path: Path, behind: WriteBehind, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(db.PRAGMAS, "busy_timeout", 10)
    store = Store(path)
    store.migrate()
    journal = CallJournal(store, behind)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(1200):
            journal.record(call(str(number)))
            if number % 400 == 0:
                behind.flush()
        assert on_disk(path) == []
        other.execute("COMMIT")
    behind.flush()
    assert on_disk(path) == [str(number) for number in range(1200)]
    assert caplog.text.count("it waits in memory") == 1


def test_who_flushes_by_hand_is_told_that_the_database_refuses(
    by_hand: CallJournal, watched: Watched
) -> None:
    watched.refuses = True
    by_hand.record(call("one"))
    with pytest.raises(StoreError, match="full"):
        by_hand.flush()
    watched.refuses = False


def test_rows_that_the_database_itself_refuses_wait_too(
    by_hand: CallJournal, behind: WriteBehind, path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'full'); END")
        by_hand.record(call("one"))
        behind.flush()
        other.execute("DROP TRIGGER full")
    by_hand.record(call("two"))
    behind.flush()
    assert on_disk(path) == ["one", "two"]


def test_what_waits_is_bounded(by_hand: CallJournal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MOST_WAITING", 10)
    for number in range(25):
        by_hand.record(call(str(number)))
    by_hand.flush()
    assert on_disk(path) == [str(number) for number in range(10)]


def test_what_waits_is_bounded_while_the_database_refuses_and_the_log_says_so_once(
    watched: Watched,
    behind: WriteBehind,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Late(CallJournal):
        """Calls end while a batch is being refused."""

        def _write(self, batch: list[CallRecord]) -> None:
            if watched.refuses:
                for number in range(10, 25):
                    self.record(call(str(number)))
            super()._write(batch)

    monkeypatch.setattr(journal_module, "MOST_WAITING", 10)
    late = Late(watched, behind)
    for number in range(10):
        late.record(call(str(number)))
    watched.refuses = True
    for _ in range(3):
        behind.flush()
    watched.refuses = False
    behind.flush()
    assert on_disk(path) == [str(number) for number in range(10)]
    assert caplog.text.count("the call journal is full") == 1


# Pruning


def at(moment: float) -> CallRecord:
    return replace(call(str(moment)), at=moment)


def test_old_calls_are_deleted_and_the_others_are_not(by_hand: CallJournal, path: Path) -> None:
    for moment in (3.0, 1.0, 2.0, 4.0):
        by_hand.record(at(moment))
    by_hand.flush()
    assert by_hand.prune(3.0) == 2
    assert on_disk(path) == ["3.0", "4.0"]
    assert by_hand.prune(3.0) == 0


def test_many_old_calls_are_deleted_in_several_transactions(
    by_hand: CallJournal, watched: Watched, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "MOST_SHED_AT_ONCE", 100)
    monkeypatch.setattr(db, "BREATH_SECONDS", 0.001)
    for number in range(350):
        by_hand.record(at(float(number)))
    by_hand.flush()
    watched.writes = 0
    assert by_hand.prune(300.0) == 300
    assert watched.writes == 4
    assert len(on_disk(path)) == 50


def test_pruning_makes_nobody_read_anew(by_hand: CallJournal, store: Store) -> None:
    by_hand.record(at(1.0))
    by_hand.flush()
    before = store.revision()
    assert by_hand.prune(2.0) == 1
    assert store.revision() == before
