"""The call journal: rows in batches, none lost, no request delayed."""

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gemini_pool.errors import StoreError
from gemini_pool.store import journal as journal_module
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
def by_hand(watched: Watched) -> CallJournal:
    """A journal whose thread never wakes: rows are written by `flush` alone."""
    return CallJournal(watched, sleep=lambda _: threading.Event().wait())


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
    CallJournal(store).record(call("one"))
    assert within(0.75, lambda: on_disk(path) == ["one"])


def test_rows_go_on_being_written_after_the_first_batch(store: Store, path: Path, within) -> None:  # type: ignore[no-untyped-def]
    journal = CallJournal(store, sleep=lambda _: time.sleep(0.01))
    for number in range(3):
        journal.record(call(str(number)))
        assert within(2.0, lambda: len(on_disk(path)) == number + 1)  # noqa: B023 - used at once


def test_a_process_that_ends_leaves_no_row_behind(store: Store, path: Path, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import sys
from pathlib import Path
from gemini_pool.store.db import Store
from gemini_pool.store.journal import CallJournal, CallRecord
journal = CallJournal(Store(Path(sys.argv[1])))
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
from gemini_pool.store.db import Store
from gemini_pool.store.journal import CallJournal, CallRecord
journal = CallJournal(Store(Path(sys.argv[1])))
child = os.fork()
name = "parent" if child else "child"
journal.record(CallRecord(0.0, name, None, "", None, "m", "/", "ok", "", None, 1, 0, 0))
if child:
    os.waitpid(child, 0)
"""
    assert elsewhere(code, path).communicate(timeout=30) == ("", "")
    assert sorted(on_disk(path)) == ["child", "parent"]


def test_eight_threads_lose_nothing_and_each_keeps_its_order(store: Store, path: Path) -> None:
    journal = CallJournal(store, sleep=lambda _: time.sleep(0.001))
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
    journal = CallJournal(store, sleep=lambda _: time.sleep(0.01))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        for number in range(200):
            journal.record(call(str(number)))
        assert time.monotonic() - started < 1.0
        assert on_disk(path) == []
        other.execute("COMMIT")
    assert within(3.0, lambda: len(on_disk(path)) == 200)


def test_a_database_that_refuses_costs_its_batch_and_a_line_in_the_log_and_no_more(
    by_hand: CallJournal, watched: Watched, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watched.refuses = True
    by_hand.record(call("lost"))
    with caplog.at_level(logging.ERROR):
        by_hand.flush()
    assert "1 rows of the call journal" in caplog.text
    watched.refuses = False
    by_hand.record(call("kept"))
    by_hand.flush()
    assert on_disk(path) == ["kept"]


def test_a_row_that_the_database_itself_refuses_does_not_end_the_journal(
    by_hand: CallJournal, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'full'); END")
        by_hand.record(call("lost"))
        by_hand.flush()
        assert "1 rows of the call journal" in caplog.text
        other.execute("DROP TRIGGER full")
    by_hand.record(call("kept"))
    by_hand.flush()
    assert on_disk(path) == ["kept"]


def test_what_waits_is_bounded(by_hand: CallJournal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MOST_WAITING", 10)
    for number in range(25):
        by_hand.record(call(str(number)))
    by_hand.flush()
    assert on_disk(path) == [str(number) for number in range(10)]
