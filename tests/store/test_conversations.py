"""Where conversations stand upstream: found by any process, gone on with by one."""

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import FakeClock

from gemini_pool.dialogue import Place
from gemini_pool.store import conversations as conversations_module
from gemini_pool.store import db
from gemini_pool.store.conversations import Conversations
from gemini_pool.store.db import Store

TTL = 3600.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1_767_225_600.25)


@pytest.fixture
def conversations(store: Store, clock: FakeClock) -> Conversations:
    return Conversations(store, ttl=TTL, clock=clock)


@pytest.fixture
def other(path: Path, clock: FakeClock) -> Conversations:
    """What another process has."""
    return Conversations(Store(path), ttl=TTL, clock=clock)


def place(number: int, *, digest: str = "", account_id: int = 1) -> Place:
    return Place(account_id, f"sessions/{number}", digest or f"digest {number}")


def sessions(path: Path) -> list[str]:
    """Those that are kept, oldest first."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT session FROM conversations ORDER BY at, rowid")]


# Finding


def test_a_place_is_found_by_its_digest_in_every_process(
    conversations: Conversations, other: Conversations
) -> None:
    conversations.remember(place(1), None)
    conversations.remember(place(2), "hint")
    for one in (conversations, other):
        assert one.find("digest 1", None) == place(1)
        assert one.find("digest 2", "hint") == place(2)
        assert one.find("digest 3", None) is None


def test_the_newest_of_several_is_found(conversations: Conversations, clock: FakeClock) -> None:
    for number in (3, 1, 2):
        conversations.remember(place(number, digest="same"), "hint")
        clock.advance(1)
    assert conversations.find("same", None) == place(2, digest="same")
    assert conversations.find("none", "hint") == place(2, digest="same")


def test_a_hint_helps_where_no_digest_does(conversations: Conversations, clock: FakeClock) -> None:
    conversations.remember(place(1), "hint")
    clock.advance(1)
    conversations.remember(place(2), "hint")
    assert conversations.find("digest 1", "hint") == place(1)  # the digest comes first, old as it is
    assert conversations.find("digest 9", "hint") == place(2)
    assert conversations.find("digest 9", "other") is None


def test_no_hint_is_no_hint_and_not_one_that_many_share(conversations: Conversations) -> None:
    conversations.remember(place(1), None)
    assert conversations.find("digest 9", None) is None


def test_what_is_too_old_is_not_found(conversations: Conversations, clock: FakeClock) -> None:
    conversations.remember(place(1), "hint")
    clock.advance(TTL - 1)
    assert conversations.find("digest 1", None)
    clock.advance(1)
    assert conversations.find("digest 1", None) is None
    assert conversations.find("digest 9", "hint") is None


def test_a_session_stands_at_one_place(conversations: Conversations, clock: FakeClock, path: Path) -> None:
    conversations.remember(place(1, digest="before"), "old hint")
    clock.advance(TTL - 1)
    conversations.remember(place(1, digest="after"), "new hint")
    clock.advance(TTL - 1)
    assert conversations.find("before", "old hint") is None
    assert conversations.find("after", None) == place(1, digest="after")
    assert sessions(path) == ["sessions/1"]


def test_the_same_session_of_two_accounts_is_two(conversations: Conversations) -> None:
    for account_id in (1, 2):
        conversations.remember(place(1, digest=f"of {account_id}", account_id=account_id), None)
    assert conversations.find("of 1", None) == place(1, digest="of 1")
    assert conversations.find("of 2", None) == place(1, digest="of 2", account_id=2)


# Going on


def test_a_place_is_claimed_once_and_is_then_gone(conversations: Conversations, other: Conversations) -> None:
    conversations.remember(place(1), "hint")
    conversations.remember(place(2), None)
    assert other.claim(place(1))
    assert not conversations.claim(place(1))
    assert not other.claim(place(1))
    assert conversations.find("digest 1", "hint") is None
    assert conversations.find("digest 2", None)


@pytest.mark.parametrize(
    "stale", [Place(2, "sessions/1", "now"), Place(1, "sessions/2", "now"), Place(1, "sessions/1", "before")]
)
def test_a_place_that_is_no_longer_so_is_not_claimed(conversations: Conversations, stale: Place) -> None:
    conversations.remember(place(1, digest="before"), None)
    conversations.remember(place(1, digest="now"), None)
    assert not conversations.claim(stale)
    assert conversations.claim(place(1, digest="now"))


CLAIM_ALL = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from gemini_pool.dialogue import Place
from gemini_pool.store.conversations import Conversations
from gemini_pool.store.db import Store
conversations = Conversations(Store(Path(sys.argv[1])), ttl=3600)
print("ready", flush=True)
sys.stdin.readline()
def claim(n):
    return conversations.claim(Place(1, f"sessions/{n}", f"digest {n}"))
with ThreadPoolExecutor(4) as threads:
    got = list(threads.map(claim, range(300)))
print(json.dumps([n for n in range(300) if got[n]]))
"""


def test_of_all_threads_of_four_processes_one_goes_on_at_each_place(
    store: Store,
    path: Path,
    elsewhere,  # type: ignore[no-untyped-def]
) -> None:
    here = Conversations(store, ttl=TTL)
    for number in range(300):
        here.remember(place(number), None)
    processes = [elsewhere(CLAIM_ALL, path) for _ in range(4)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 4
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30) for process in processes]
    assert [errors for _, errors in said] == [""] * 4
    claimed = [number for claims, _ in said for number in json.loads(claims)]
    assert Counter(claimed) == Counter(range(300))


# Trouble


def test_what_was_remembered_survives_a_process_that_is_killed(store: Store, path: Path, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import os, signal, sys
from pathlib import Path
from types import SimpleNamespace
from gemini_pool.dialogue import Place
from gemini_pool.store.conversations import Conversations
from gemini_pool.store.db import Store
Conversations(Store(Path(sys.argv[1])), ttl=3600).remember(Place(1, "sessions/1", "digest 1"), None)
os.kill(os.getpid(), signal.SIGKILL)
"""
    elsewhere(code, path).communicate(timeout=30)
    assert Conversations(store, ttl=TTL).find("digest 1", None) == place(1)


def test_a_forked_process_has_a_connection_of_its_own(store: Store, path: Path, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from gemini_pool.dialogue import Place
from gemini_pool.store.conversations import Conversations
from gemini_pool.store.db import Store
conversations = Conversations(Store(Path(sys.argv[1])), ttl=3600)
conversations.remember(Place(1, "sessions/before", "before"), None)
def files():
    links = [f"/proc/self/fd/{one}" for one in os.listdir("/proc/self/fd")]
    return sum(os.path.realpath(link) == os.path.realpath(sys.argv[1]) for link in links)
inherited = files()
child = os.fork()
conversations.remember(Place(1, "sessions/after", f"{bool(child)}"), None)
assert files() == inherited + (not child)
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    assert elsewhere(code, path).communicate(timeout=30) == ("", "")
    assert sessions(path) == ["sessions/before", "sessions/after"]


def test_no_connection_is_opened_before_it_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    Conversations(Store(path), ttl=TTL)
    assert not path.exists()


def test_nothing_of_it_waits_for_the_disk(
    conversations: Conversations, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: opened.append(connect(*a, **k)) or opened[-1])
    conversations.remember(place(1), None)
    conversations.find("digest 1", None)
    conversations.claim(place(1))
    (connection,) = opened
    pragmas = ("journal_mode", "synchronous", "wal_autocheckpoint")
    assert [connection.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in pragmas] == ["wal", 1, 0]


@pytest.fixture
def locked(path: Path, store: Store) -> Iterator[sqlite3.Connection]:
    """Somebody who holds the database for long."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_a_locked_database_fails_nothing_and_is_told_of_once(
    conversations: Conversations, locked: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    started = time.monotonic()
    conversations.remember(place(1), None)
    assert not conversations.claim(place(1))
    assert time.monotonic() - started < 3
    assert caplog.text.count("conversations cannot be looked up") == 1
    locked.execute("COMMIT")
    conversations.remember(place(1), None)
    assert conversations.find("digest 1", None) == place(1)
    assert conversations.claim(place(1))
    assert caplog.text.count("conversations cannot be looked up") == 1


def test_a_locked_database_does_not_make_callers_wait_for_one_another(
    conversations: Conversations, locked: sqlite3.Connection
) -> None:
    line_up = threading.Barrier(20)

    def remember(number: int) -> float:
        line_up.wait()
        started = time.monotonic()
        conversations.remember(place(number), None)
        return time.monotonic() - started

    with ThreadPoolExecutor(20) as threads:
        assert max(threads.map(remember, range(20))) < 3


def test_places_are_found_while_somebody_writes(
    conversations: Conversations, path: Path, store: Store
) -> None:
    conversations.remember(place(1), None)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM conversations")
        assert conversations.find("digest 1", None) == place(1)


@pytest.mark.parametrize("what", ["a folder", "no database", "no table"])
def test_a_database_that_is_none_fails_nothing(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "broken.db"
    if what == "a folder":
        path.mkdir()
    elif what == "no database":
        path.write_text("not a database " * 100)
    conversations = Conversations(Store(path), ttl=TTL)
    conversations.remember(place(1), "hint")
    assert conversations.find("digest 1", "hint") is None
    assert not conversations.claim(place(1))
    assert caplog.text.count("conversations cannot be looked up") == 1


def test_conversations_make_nobody_read_anew(conversations: Conversations, store: Store) -> None:
    before = store.revision()
    conversations.remember(place(1), None)
    conversations.claim(place(1))
    conversations.remember(place(2), None)
    conversations.forget_account(1)
    conversations.prune()
    assert store.revision() == before


# Forgetting


def test_what_is_too_old_is_forgotten(conversations: Conversations, clock: FakeClock, path: Path) -> None:
    for number in range(4):
        conversations.remember(place(number), None)
        clock.advance(TTL / 2)
    assert conversations.prune() == 3
    assert sessions(path) == ["sessions/3"]
    assert conversations.prune() == 0


def test_of_too_many_the_oldest_are_forgotten(
    conversations: Conversations, clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert conversations_module.MOST_KEPT == 100_000
    monkeypatch.setattr(conversations_module, "MOST_KEPT", 10)
    for number in range(25):
        conversations.remember(place(24 - number), None)
        clock.advance(1)
    assert conversations.prune() == 15
    assert sessions(path) == [f"sessions/{number}" for number in range(9, -1, -1)]
    assert conversations.prune() == 0


def test_forgetting_leaves_others_time_to_write(
    conversations: Conversations,
    clock: FakeClock,
    store: Store,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(db, "MOST_SHED_AT_ONCE", 10)
    between: list[int] = []

    def breathe(_: float) -> None:
        between.append(len(sessions(path)))
        conversations.remember(place(100 + len(between), account_id=2), None)

    for number in range(25):
        conversations.remember(place(number), None)
    # The room's own: threads of other tests sleep by the common one.
    monkeypatch.setattr(db, "time", SimpleNamespace(sleep=breathe, monotonic=time.monotonic))
    clock.advance(TTL)
    assert conversations.prune() == 25
    assert between == [15, 6]
    assert sessions(path) == ["sessions/101", "sessions/102"]


def test_an_account_is_forgotten_and_no_other(conversations: Conversations, path: Path) -> None:
    for number in range(4):
        conversations.remember(place(number, account_id=1 + number % 2), None)
    conversations.forget_account(1)
    assert sessions(path) == ["sessions/1", "sessions/3"]
