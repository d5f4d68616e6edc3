"""The bytes of uploaded files: whole and under their id, or not there at all."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import pytest
from fakes import FakeClock

from gemini_pool.errors import NoSuchFile, StoreError, TooLarge
from gemini_pool.media.depot import Depot

MOST_BYTES = 1_000_000
HOUR = 3600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1_767_225_600.0)


@pytest.fixture
def depot(folder: Path, clock: FakeClock) -> Depot:
    return Depot(folder, most_bytes=MOST_BYTES, clock=clock)


def keep(depot: Depot, *pieces: bytes) -> str:
    """A file of these bytes; its id."""
    with depot.incoming() as file:
        for piece in pieces:
            file.write(piece)
        file.keep()
    return file.id


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def age(path: Path, at: float) -> None:
    """Have a file written at that moment."""
    os.utime(path, (at, at))


def test_what_is_kept_can_be_read_again(depot: Depot, folder: Path) -> None:
    with depot.incoming() as file:
        file.write(b"one ")
        file.write(b"two")
        file.keep()
    assert (file.bytes, file.digest) == (7, hashlib.sha256(b"one two").hexdigest())
    with Depot(folder, most_bytes=MOST_BYTES).open(file.id) as found:
        assert found.read() == b"one two"
    assert depot.path(file.id).read_bytes() == b"one two"


def test_an_empty_file_is_a_file(depot: Depot) -> None:
    with depot.open(keep(depot)) as found:
        assert found.read() == b""


def test_nobody_can_guess_an_id_or_read_the_folder(depot: Depot, folder: Path) -> None:
    ids = {keep(depot, b"x") for _ in range(20)}
    assert len(ids) == 20
    assert all(one.startswith("file-") and len(one) == 29 and int(one[5:], 16) for one in ids)
    assert folder.stat().st_mode & 0o077 == 0


def test_what_is_not_kept_leaves_nothing(depot: Depot, folder: Path) -> None:
    with depot.incoming() as file:
        file.write(b"half of it")
    with suppress(ConnectionResetError), depot.incoming() as file:
        file.write(b"half of it")
        raise ConnectionResetError
    assert names(folder) == []


def test_a_file_has_a_bound(depot: Depot, folder: Path) -> None:
    whole = keep(depot, b"x" * MOST_BYTES)
    with pytest.raises(TooLarge, match="MAX_FILE_MB"):
        keep(depot, b"x" * MOST_BYTES, b"x")
    assert names(folder) == [whole]


def test_what_is_deleted_is_gone(depot: Depot, folder: Path) -> None:
    one = keep(depot, b"x")
    for _ in range(2):
        depot.delete(one)
    assert names(folder) == []
    with pytest.raises(NoSuchFile, match=one):
        depot.open(one)


def test_a_disk_that_refuses_is_told_of(depot: Depot, folder: Path) -> None:
    folder.write_bytes(b"a file where a folder should be")
    with pytest.raises(StoreError, match="DATA_DIR"), depot.incoming():
        pass


def test_what_is_old_is_pruned(depot: Depot, folder: Path, clock: FakeClock) -> None:
    assert depot.prune(clock.now) == 0  # before there was any file
    old, young = keep(depot, b"old"), keep(depot, b"young")
    age(folder / old, clock.now - 1)
    age(folder / young, clock.now)
    assert depot.prune(clock.now) == 1
    assert names(folder) == [young]


def test_what_a_killed_process_left_is_pruned_and_what_is_being_received_is_not(
    depot: Depot, folder: Path, clock: FakeClock
) -> None:
    with depot.incoming() as left, depot.incoming() as file:
        age(left.part, clock.now - 3 * HOUR)
        age(file.part, clock.now - HOUR)
        assert depot.prune(clock.now - 30 * 24 * HOUR) == 1
        assert names(folder) == [file.part.name]
        file.keep()
    assert names(folder) == [file.id]
