"""The schema: made once, brought up to date, and never at the cost of what is there."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from gemini_pool.errors import StoreError
from gemini_pool.store import db
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.db import Store
from gemini_pool.store.keys import Keys

TABLES = {"accounts", "cooldowns", "keys", "models", "settings", "calls", "revision"}


def tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    return found


def shelf(folder: Path, monkeypatch: pytest.MonkeyPatch, *, last: int = 9999) -> Path:
    """A copy of the migrations, up to a number, that the store uses instead of its own."""
    copy = folder / "migrations"
    copy.mkdir()
    for one in db.MIGRATIONS.glob("0*.py"):
        if int(one.name[:4]) <= last:
            shutil.copy(one, copy)
    monkeypatch.setattr(db, "MIGRATIONS", copy)
    return copy


def test_a_fresh_database_has_every_table(path: Path) -> None:
    ran = Store(path).migrate()
    assert [name[:4] for name in ran] == sorted(one.name[:4] for one in db.MIGRATIONS.glob("0*.py"))
    assert tables(path) >= TABLES


def test_the_folder_is_made_when_it_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "pool.db"
    Store(path).migrate()
    assert path.exists()


def test_a_second_time_runs_nothing(path: Path) -> None:
    Store(path).migrate()
    assert Store(path).migrate() == []


def test_eight_processes_at_once_migrate_once(path: Path, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import sys
from pathlib import Path
from gemini_pool.store.db import Store
print("ready", flush=True)
sys.stdin.readline()
print(len(Store(Path(sys.argv[1])).migrate()))
"""
    processes = [elsewhere(code, path) for _ in range(8)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 8
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    results = [process.communicate(timeout=30) for process in processes]
    assert [errors for _, errors in results if errors] == []
    every = len(list(db.MIGRATIONS.glob("0*.py")))
    assert sorted(int(said) for said, _ in results) == [0] * 7 + [every]
    assert len(Catalog(Store(path), "reject").list()) == len(
        {model.id for model in Catalog(Store(path), "reject").list()}
    )


def test_an_existing_database_is_kept(path: Path) -> None:
    store = Store(path)
    store.migrate()
    key = Keys(store, ()).create("amber's program")
    again = Store(path)
    again.migrate()
    assert Keys(again, ()).find(key)


def test_an_older_database_gets_what_is_missing_and_keeps_its_rows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        shelf(tmp_path, before, last=1)
        old = Store(path)
        old.migrate()
        key = Keys(old, ()).create("amber's program")
    store = Store(path)
    assert "0002" in {name[:4] for name in store.migrate()}
    assert Keys(store, ()).find(key)
    assert Catalog(store, "reject").list()


def test_a_migration_that_fails_leaves_nothing_half_done(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = shelf(tmp_path, monkeypatch) / "9999_broken.py"
    made = "def up(migrator, db):\n    db.execute_sql('CREATE TABLE half (id INTEGER)')\n"
    last.write_text(made + "    db.execute_sql('CREATE NONSENSE')\n")
    with pytest.raises(StoreError):
        Store(path).migrate()
    assert "half" not in tables(path)
    last.write_text(made)
    assert [name[:4] for name in Store(path).migrate()] == ["9999"]
    assert "half" in tables(path)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_text("not a database " * 100)
    with pytest.raises(StoreError):
        Store(path).migrate()
    assert path.read_text() == "not a database " * 100


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        Store(tmp_path / "file" / "pool.db").migrate()
