"""The schema: made once, brought up to date, and never at the cost of what is there."""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from vaults import VAULT

from gemini_pool.errors import StoreError
from gemini_pool.roster import QuotaKind, Standing
from gemini_pool.store import db
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.db import Store
from gemini_pool.store.figures import Span
from gemini_pool.store.histogram import bucket, spread
from gemini_pool.store.journal import CallJournal
from gemini_pool.store.keys import Keys
from gemini_pool.store.saved import SavedSettings
from gemini_pool.store.secrets import Vault
from gemini_pool.store.statistics import Statistics

TABLES = {
    "accounts", "cooldowns", "keys", "models", "settings", "calls", "revision",
    "conversations", "tallies", "preferences",
}  # fmt: skip


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
    _, key = Keys(store, ()).create("amber's program")
    again = Store(path)
    again.migrate()
    assert Keys(again, ()).find(key)


def fill(path: Path, *statements: str) -> None:
    """Rows as an older version of the program left them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_an_older_database_gets_what_is_missing_and_keeps_its_rows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        shelf(tmp_path, before, last=1)
        Store(path).migrate()
        fill(path, "INSERT INTO settings (name, value) VALUES ('PORT', '8001')")
    store = Store(path)
    assert "0002" in {name[:4] for name in store.migrate()}
    assert SavedSettings(store, VAULT).all() == {"PORT": "8001"}
    assert Catalog(store, "reject").list()


def test_a_database_from_before_the_pools_memory_comes_through_with_all_it_holds(
    path: Path, tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        shelf(tmp_path, before, last=2)
        Store(path).migrate()
    sealed = vault.seal("CSE.amber")
    fill(
        path,
        "INSERT INTO accounts (name, config_id, csesidx, secure_c_ses, standing, reason, resting_until,"
        f" created_at) VALUES ('amber', 'c', '1', '{sealed}', 'needs_sign_in', 'signed out', 800.5, 1.0)",
        "INSERT INTO cooldowns (account_id, kind, until) VALUES (1, 'images', 500.25)",
        f"INSERT INTO keys (name, prefix, digest, created_at) VALUES ('it', 'sk', '{'a' * 64}', 1.0)",
        "INSERT INTO calls (at, request_id, key_name, model, endpoint, outcome, total_ms)"
        " VALUES (1.0, 'one', 'it', 'm', '/', 'ok', 5)",
        "UPDATE models SET enabled = 0 WHERE id = 'gemini-2.5-pro'",
        "UPDATE revision SET number = 41",
    )
    store = Store(path)
    assert [name[:4] for name in store.migrate()][:1] == ["0003"]
    (amber,) = Accounts(store, vault).accounts()
    assert (amber.name, amber.credentials.secure_c_ses, amber.reason) == ("amber", "CSE.amber", "signed out")
    assert (amber.standing, amber.resting_until) == (Standing.NEEDS_SIGN_IN, 800.5)
    assert (amber.cooldowns, amber.strikes, amber.firm) == ({QuotaKind.IMAGES: 500.25}, 0, frozenset())
    (key,) = Keys(store, ()).list()
    assert (key.name, key.active, key.upgrade) == ("it", True, False)
    assert [call.request_id for call in CallJournal(store, WriteBehind()).recent()] == ["one"]
    assert "gemini-2.5-pro" not in {model.id for model in Catalog(store, "reject").list()}
    assert store.revision() == 41


def test_calls_from_before_the_statistics_are_counted_in_them(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_767_225_600.0
    with monkeypatch.context() as before:
        shelf(tmp_path, before, last=6)
        Store(path).migrate()
    columns = (
        "at, request_id, key_id, key_name, account_id, model, endpoint, outcome, error, first_ms, total_ms"
    )
    for row in (
        f"{now}, 'one', 4, 'it', 3, 'm', '/', 'ok', '', 400, 2000",
        f"{now - 3600}, 'two', 4, 'it', 3, 'm', '/', 'ok', '', NULL, 2000",
        f"{now}, 'three', NULL, 'it', 3, 'm', '/', 'client_closed', '', 300, 2000",
        f"{now}, 'four', 4, 'it', NULL, 'm', '/', 'error', 'Busy', NULL, 30",
    ):
        fill(path, f"INSERT INTO calls ({columns}) VALUES ({row})")
    store = Store(path)
    store.migrate()
    told = Statistics(store, clock=lambda: now)
    hours = [one.figures for one in told.series(Span.DAY) if one.figures.counts.calls]
    assert [one.counts.answers for one in hours] == [1, 1]
    assert (hours[1].counts.calls, hours[1].counts.client_closed, hours[1].counts.failures) == (3, 1, 1)
    assert hours[1].first == spread(Counter({bucket(400): 1}))
    assert told.by_account(Span.DAY)[3].answers == 2
    assert told.of_key(4, 30).total_calls == 3
    (old, *_) = CallJournal(store, WriteBehind()).page(limit=1).calls
    assert (old.call.attempts, old.call.address, old.call.status) == ((), "", None)


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


def test_accounts_and_models_of_before_the_console_come_through(
    path: Path, tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        shelf(tmp_path, before, last=6)
        Store(path).migrate()
    sealed = vault.seal("CSE.amber")
    fill(
        path,
        "INSERT INTO accounts (origin, name, config_id, csesidx, secure_c_ses, enabled, strikes, created_at)"
        f" VALUES ('amber', 'Amber', 'c', '1', '{sealed}', 0, 2, 1.0)",
        "UPDATE models SET about = 'mine', enabled = 0 WHERE id = 'gemini-2.5-pro'",
    )
    store = Store(path)
    assert "0014" in {name[:4] for name in store.migrate()}
    accounts = Accounts(store, vault)
    (amber,) = accounts.profiles()
    assert (amber.given.name, amber.given.email, amber.given.mailbox, amber.given.enabled) == (
        "Amber",
        "",
        {},
        False,
    )
    assert (amber.account.strikes, amber.cookies_at, amber.created_at) == (2, None, 1.0)
    assert accounts.history(amber.account.id) == []
    (pro,) = (entry for entry in Catalog(store, "reject").rows() if entry.id == "gemini-2.5-pro")
    assert (pro.name, pro.about, pro.enabled, pro.context_length) == ("gemini-2.5-pro", "mine", False, 32_768)
