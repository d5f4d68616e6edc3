"""What is known of uploaded files: each owner has his own, in order and within a bound."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gemini_pool.errors import NoSuchFile, TooLarge
from gemini_pool.store.db import Store
from gemini_pool.store.files import Files, StoredFile

MOST_BYTES = 1000
ALICE, BOB = "alice", "bob"
FILE = StoredFile("file-1", ALICE, "notes.txt", "text/plain", "user_data", 100, "ab" * 32, 1_767_225_600.25)


@pytest.fixture
def files(store: Store) -> Files:
    return Files(store, most_bytes=MOST_BYTES)


def ids(found: list[StoredFile]) -> str:
    """The last characters of the ids."""
    return "".join(file.id[-1] for file in found)


def five(files: Files) -> None:
    """Files 1 to 5, of which 2 and 3 came at the same moment and 4 is for something else."""
    for number, at in enumerate((10.0, 20.0, 20.0, 30.0, 40.0), start=1):
        purpose = "vision" if number == 4 else "user_data"
        files.add(replace(FILE, id=f"file-{number}", created_at=at, purpose=purpose))


def test_a_file_is_known_to_every_process(files: Files, path: Path) -> None:
    files.add(FILE)
    for one in (files, Files(Store(path), most_bytes=MOST_BYTES)):
        assert one.get("file-1", ALICE) == FILE
        assert one.list(ALICE) == [FILE]
        assert one.total_bytes(ALICE) == 100


@pytest.mark.parametrize(
    "asked",
    [
        lambda files: files.get("file-1", BOB),
        lambda files: files.delete("file-1", BOB),
        lambda files: files.list(BOB, after="file-1"),
        lambda files: files.get("file-2", ALICE),
        lambda files: files.delete("file-2", ALICE),
    ],
)
def test_a_file_of_another_does_not_exist(files: Files, asked: Callable[[Files], object]) -> None:
    files.add(FILE)
    with pytest.raises(NoSuchFile, match=r"file-\d"):
        asked(files)
    assert files.list(BOB) == []
    assert files.total_bytes(BOB) == 0
    assert files.list(ALICE) == [FILE]


def test_they_are_listed_in_the_order_in_which_they_came(files: Files) -> None:
    five(files)
    assert ids(files.list(ALICE)) == "54321"
    assert ids(files.list(ALICE, newest_first=False)) == "12345"
    assert ids(files.list(ALICE, purpose="user_data")) == "5321"
    assert ids(files.list(ALICE, limit=2)) == "54"


@pytest.mark.parametrize(("newest_first", "pages"), [(True, "54 32 1"), (False, "12 34 5")])
def test_no_page_misses_or_repeats_a_file(files: Files, newest_first: bool, pages: str) -> None:
    five(files)
    found, after = [], None
    for _ in range(3):
        page = files.list(ALICE, limit=2, newest_first=newest_first, after=after)
        found.append(ids(page))
        after = page[-1].id
    assert " ".join(found) == pages
    assert files.list(ALICE, newest_first=newest_first, after=after) == []


def test_a_file_that_is_deleted_is_forgotten_and_makes_room(files: Files) -> None:
    files.add(replace(FILE, bytes=MOST_BYTES))
    files.delete("file-1", ALICE)
    assert files.list(ALICE) == []
    files.add(replace(FILE, bytes=MOST_BYTES))


def test_all_files_of_an_owner_together_have_a_bound(files: Files) -> None:
    files.add(replace(FILE, bytes=MOST_BYTES - 1))
    files.add(replace(FILE, id="file-2", bytes=1))
    files.add(replace(FILE, id="file-3", scope=BOB, bytes=MOST_BYTES))
    with pytest.raises(TooLarge, match=r"MAX_KEY_FILES_MB.*Delete"):
        files.add(replace(FILE, id="file-4", bytes=1))
    with pytest.raises(TooLarge):
        files.check_room(ALICE, 1)
    files.check_room(ALICE, 0)
    assert ids(files.list(ALICE)) == "21"


def test_uploads_at_the_same_time_do_not_pass_the_bound_together(files: Files) -> None:
    def add(number: int) -> bool:
        try:
            files.add(replace(FILE, id=f"file-{number}", bytes=MOST_BYTES // 4))
        except TooLarge:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        added = list(threads.map(add, range(16)))
    assert (added.count(True), files.total_bytes(ALICE)) == (4, MOST_BYTES)


def test_what_is_old_is_pruned(files: Files, path: Path) -> None:
    five(files)
    assert files.prune(20.0) == 1
    assert files.prune(40.0) == 3
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM files").fetchall() == [("file-5",)]
