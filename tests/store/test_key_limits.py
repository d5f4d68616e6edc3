"""What an operator may say of a key: kept as it was said, changed one by one, refused by name."""

import shutil
import sqlite3
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from gemini_pool.errors import BadRequest
from gemini_pool.store import db as store_db
from gemini_pool.store.db import Store
from gemini_pool.store.key_windows import KeyWindows
from gemini_pool.store.keys import Keys
from gemini_pool.store.limits import NO_LIMITS, KeyLimits

EVERYTHING: dict[str, Any] = {
    "description": "for the laptop",
    "expires_at": 2_000_000_000.5,
    "upgrade": True,
    "image_format": "base64",
    "models": ["gemini-auto", "auto"],
    "per_minute": 7,
    "per_day": 100,
    "concurrent": 2,
    "tokens_per_day": 50_000,
    "networks": ["192.0.2.7", "10.1.2.3/8", "2001:db8::/32"],
}
LIMITS = KeyLimits(
    models=frozenset({"gemini-auto", "auto"}),
    per_minute=7,
    per_day=100,
    concurrent=2,
    tokens_per_day=50_000,
    networks=(ip_network("192.0.2.7/32"), ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")),
)


@pytest.fixture
def keys(store: Store) -> Keys:
    return Keys(store, (), clock=lambda: 1000.0)


def test_all_that_is_said_of_a_key_is_listed_and_known(keys: Keys, store: Store) -> None:
    key_id, text = keys.create("amber", **EVERYTHING)
    listed = keys.get(key_id)
    assert listed
    assert (listed.name, listed.description, listed.limits) == ("amber", "for the laptop", LIMITS)
    assert (listed.expires_at, listed.image_format, listed.upgrade) == (2_000_000_000.5, "base64", True)
    assert (listed.usage_count, listed.last_used_at) == (0, None)
    found = Keys(store, ()).find(text)
    assert found
    assert (found.id, found.limits, found.expires_at, found.image_format) == (
        key_id, LIMITS, 2_000_000_000.5, "base64"
    )  # fmt: skip


def test_a_key_has_no_limits_unless_they_are_said(keys: Keys, store: Store) -> None:
    _, text = keys.create("amber")
    found = Keys(store, ()).find(text)
    assert found
    assert (found.limits, found.expires_at, found.image_format) == (NO_LIMITS, None, "")


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("name", " bruno ", "bruno"),
        ("description", "", ""),
        ("expires_at", None, None),
        ("upgrade", False, False),
        ("image_format", "", ""),
        ("models", (), frozenset()),
        ("per_minute", 0, 0),
        ("concurrent", 1000, 1000),
        ("networks", ["::1"], (ip_network("::1/128"),)),
    ],
)
def test_what_is_changed_is_changed_alone(keys: Keys, field: str, value: object, kept: object) -> None:
    keys.create("amber", **EVERYTHING)
    before = keys.get(1)
    assert keys.change(1, **{field: value})  # type: ignore[arg-type]
    after = keys.get(1)
    shown = {**_flat(before), field: kept}
    assert _flat(after) == shown


def _flat(listing: Any) -> dict[str, Any]:
    limits = {name: getattr(listing.limits, name) for name in KeyLimits.__slots__}
    return {name: getattr(listing, name) for name in type(listing).__slots__ if name != "limits"} | limits


def test_a_change_is_known_elsewhere_within_a_second(keys: Keys, path: Path, within) -> None:  # type: ignore[no-untyped-def]
    _, text = keys.create("amber")
    elsewhere = Keys(Store(path), ())
    keys.change(1, per_minute=3)
    assert within(1.0, lambda: elsewhere.find(text).limits.per_minute == 3)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("name", "a" * 2001),
        ("expires_at", float("nan")),
        ("expires_at", float("inf")),
        ("expires_at", -1.0),
        ("image_format", "gif"),
        ("per_minute", -1),
        ("per_day", 2**70),
        ("concurrent", 1001),
        ("networks", ["10.0.0.0/33"]),
        ("networks", ["example.com"]),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(keys: Keys, field: str, value: object) -> None:
    keys.create("amber", **EVERYTHING)
    before = keys.get(1)
    with pytest.raises(BadRequest, match=f"`{field}`") as caught:
        keys.change(1, **{"description": "new", field: value})  # type: ignore[arg-type]
    assert caught.value.param == field
    assert keys.get(1) == before


def test_a_key_that_is_not_there_is_told(keys: Keys) -> None:
    assert keys.get(1) is None
    assert not keys.change(1, per_minute=1)
    assert not keys.change(1)
    assert not keys.delete(1)
    keys.create("amber")
    assert keys.change(1)


def test_a_deleted_key_is_gone_its_calls_stay_and_its_number_is_never_used_again(
    keys: Keys, store: Store, path: Path
) -> None:
    key_id, text = keys.create("amber", per_minute=3)
    KeyWindows(store).enter(key_id, KeyLimits(per_minute=3))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(
            "INSERT INTO calls (at, request_id, key_id, key_name, model, endpoint, outcome, total_ms)"
            f" VALUES (1.0, 'one', {key_id}, 'amber', 'm', '/', 'ok', 5)"
        )
        assert keys.delete(key_id)
        assert (keys.list(), Keys(store, ()).find(text)) == ([], None)
        assert db.execute("SELECT key_id FROM calls").fetchall() == [(key_id,)]
        assert db.execute("SELECT * FROM key_windows").fetchall() == []
    assert keys.create("bruno")[0] == key_id + 1


def test_an_older_database_counts_what_its_journal_tells_of_the_keys(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "migrations"
    older.mkdir()
    for migration in store_db.MIGRATIONS.glob("0*.py"):
        if int(migration.name[:4]) < 12:
            shutil.copy(migration, older)
    with monkeypatch.context() as before:
        before.setattr(store_db, "MIGRATIONS", older)
        Store(path).migrate()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for name in ("amber", "bruno"):
            db.execute(
                f"INSERT INTO keys (name, prefix, digest, created_at) VALUES ('{name}', 'sk', '{name}', 1.0)"
            )
        for at, account in ((5.0, "1"), (7.0, "1"), (9.0, "NULL")):
            db.execute(
                "INSERT INTO calls (at, request_id, key_id, key_name, account_id, model, endpoint, outcome,"
                f" total_ms) VALUES ({at}, 'r', 1, 'amber', {account}, 'm', '/', 'ok', 5)"
            )
    store = Store(path)
    assert store.migrate()[0] == "0012_key_limits"
    listed = [(key.name, key.usage_count, key.last_used_at, key.limits) for key in Keys(store, ()).list()]
    assert listed == [("amber", 2, 7.0, NO_LIMITS), ("bruno", 0, None, NO_LIMITS)]
