"""Noticing what other processes wrote, at the price of a clock reading."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from fakes import FakeClock
from vaults import VAULT

from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import LOOK_EVERY_SECONDS, Store, Watch
from gemini_pool.store.journal import CallJournal, CallRecord
from gemini_pool.store.keys import Keys
from gemini_pool.store.saved import SavedSettings


class Line:
    """What is said on the connection a watch keeps: heard, refused or held up."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.fails = False
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def carry(self, question: str) -> None:
        self.heard.append(question)
        if "FROM revision" in question:
            self.asked.set()
            assert self.go_on.wait(10)
            if self.fails:
                raise sqlite3.OperationalError("unable to open database file")


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    line, connect = Line(), sqlite3.connect

    class Tapped(sqlite3.Connection):
        def execute(self, question: str, *values: object) -> sqlite3.Cursor:
            line.carry(question)
            return super().execute(question, *values)

    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{**k, "factory": Tapped}))
    return line


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def watch(store: Store, clock: FakeClock, line: Line) -> Watch:
    return store.watch(clock)


def later(watch: Watch, clock: FakeClock) -> bool:
    """What the watch says when it is time to look again."""
    clock.advance(LOOK_EVERY_SECONDS)
    return watch.changed()


def test_nothing_has_changed_at_first(watch: Watch, clock: FakeClock) -> None:
    assert not watch.changed()
    assert not later(watch, clock)


def test_own_writes_are_seen(watch: Watch, store: Store, clock: FakeClock) -> None:
    Keys(store, ()).create("amber's program")
    assert later(watch, clock)


def test_writes_of_another_store_are_seen(watch: Watch, path: Path, clock: FakeClock) -> None:
    SavedSettings(Store(path), VAULT).save("PORT", "8001")
    assert later(watch, clock)


def test_writes_of_another_process_are_seen(watch: Watch, path: Path, clock: FakeClock, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import sys
from pathlib import Path
from gemini_pool.store.db import Store
from gemini_pool.store.keys import Keys
Keys(Store(Path(sys.argv[1])), ()).create("one")
"""
    assert elsewhere(code, path).communicate(timeout=30) == ("", "")
    assert later(watch, clock)


def test_a_change_is_told_once(watch: Watch, path: Path, clock: FakeClock) -> None:
    SavedSettings(Store(path), VAULT).save("PORT", "8001")
    assert later(watch, clock)
    assert not later(watch, clock)


def test_several_changes_since_the_last_look_are_one(watch: Watch, path: Path, clock: FakeClock) -> None:
    for port in ("8001", "8002"):
        SavedSettings(Store(path), VAULT).save("PORT", port)
    assert later(watch, clock)
    assert not later(watch, clock)


def test_every_watch_is_told_for_itself(store: Store, path: Path, clock: FakeClock) -> None:
    watches = [store.watch(clock), store.watch(clock)]
    SavedSettings(Store(path), VAULT).save("PORT", "8001")
    clock.advance(LOOK_EVERY_SECONDS)
    assert [watch.changed() for watch in watches] == [True, True]


def test_between_two_looks_nobody_looks(watch: Watch, path: Path, clock: FakeClock) -> None:
    assert not later(watch, clock)
    SavedSettings(Store(path), VAULT).save("PORT", "8001")
    clock.advance(LOOK_EVERY_SECONDS * 0.9)
    assert not watch.changed()
    clock.advance(LOOK_EVERY_SECONDS * 0.2)
    assert watch.changed()


def test_looks_are_close_enough_for_a_change_to_be_everywhere_within_a_second() -> None:
    assert LOOK_EVERY_SECONDS <= 0.5


def test_while_nothing_changes_only_sqlites_own_counter_is_read(
    watch: Watch, line: Line, path: Path, clock: FakeClock
) -> None:
    SavedSettings(Store(path), VAULT).save("PORT", "8001")
    assert later(watch, clock)
    del line.heard[:]
    for _ in range(100):
        assert not later(watch, clock)
    assert set(line.heard) == {"PRAGMA data_version"}


def test_between_two_looks_nothing_at_all_is_asked(watch: Watch, line: Line) -> None:
    watch.changed()
    del line.heard[:]
    for _ in range(100):
        watch.changed()
    assert line.heard == []


def test_the_journal_makes_nobody_read_anew(
    watch: Watch, path: Path, clock: FakeClock, behind: WriteBehind
) -> None:
    journal = CallJournal(Store(path), behind)
    journal.record(CallRecord(0.0, "one", None, "", None, "m", "/", "ok", "", None, 1, 0, 0))
    journal.flush()
    assert journal.recent()
    assert not later(watch, clock)


def test_the_journal_repeats_no_old_news(
    watch: Watch, path: Path, clock: FakeClock, behind: WriteBehind
) -> None:
    SavedSettings(Store(path), VAULT).save("PORT", "8001")
    assert later(watch, clock)
    journal = CallJournal(Store(path), behind)
    journal.record(CallRecord(0.0, "one", None, "", None, "m", "/", "ok", "", None, 1, 0, 0))
    journal.flush()
    assert not later(watch, clock)


def test_a_write_that_breaks_off_leaves_nothing_and_is_no_change(
    watch: Watch, path: Path, clock: FakeClock
) -> None:
    other = Store(path)

    def break_off() -> None:
        with other.writing():
            other.db.execute_sql("INSERT INTO settings (name, value) VALUES ('PORT', '8001')")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        break_off()
    assert SavedSettings(other, VAULT).all() == {}
    assert not later(watch, clock)


def test_a_database_that_does_not_answer_stops_nobody(
    watch: Watch, line: Line, path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    SavedSettings(Store(path), VAULT).save("PORT", "8001")
    line.fails = True
    assert not later(watch, clock)
    assert "does not answer" in caplog.text


def test_a_change_that_could_not_be_looked_at_is_seen_at_the_next_look(
    watch: Watch, line: Line, path: Path, clock: FakeClock
) -> None:
    SavedSettings(Store(path), VAULT).save("PORT", "8001")
    line.fails = True
    assert not later(watch, clock)
    line.fails = False
    assert later(watch, clock)


def test_one_thread_looks_and_the_others_do_not_wait_for_it(
    watch: Watch, line: Line, path: Path, clock: FakeClock
) -> None:
    SavedSettings(Store(path), VAULT).save("PORT", "8001")
    clock.advance(LOOK_EVERY_SECONDS)
    line.asked.clear()
    line.go_on.clear()
    said: list[bool] = []
    looker = threading.Thread(target=lambda: said.append(watch.changed()))
    looker.start()
    assert line.asked.wait(10)
    clock.advance(LOOK_EVERY_SECONDS)
    other = threading.Thread(target=lambda: said.append(watch.changed()), daemon=True)
    other.start()
    other.join(1)
    assert said == [False]  # it went on with what it has
    line.go_on.set()
    looker.join()
    assert said == [False, True]


def test_a_store_can_be_closed_while_others_look(store: Store) -> None:
    """SQLite takes the whole process along when a connection is closed in the midst of its use."""
    watches = [Watch(store, clock=lambda: time.monotonic() * 1e9) for _ in range(4)]
    enough = threading.Event()

    def look(watch: Watch) -> None:
        while not enough.is_set():
            watch.changed()

    threads = [threading.Thread(target=look, args=(watch,)) for watch in watches for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    store.close()
    enough.set()
    for thread in threads:
        thread.join()
    assert not any(watch.changed() for watch in watches)
