"""All that the program keeps, out and in again."""

import json
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from gemini_pool.errors import BadRequest, StoreError
from gemini_pool.roster import Credentials
from gemini_pool.simulator.cast import make_account
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.backups import Backups
from gemini_pool.store.catalog import Catalog, ModelEntry
from gemini_pool.store.db import Store
from gemini_pool.store.profiles import NewAccount
from gemini_pool.store.saved import SavedSettings
from gemini_pool.store.secrets import Vault
from gemini_pool.store.transfer.everything import Transfer
from gemini_pool.store.transfer.plan import Action

MAILBOX = {"tempmail_name": "amber@example.com", "tempmail_url": "https://mail.example/?jwt=hidden"}


class KeysOfATest:
    """As a store of keys takes part in it."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    def exported(self) -> list[dict[str, Any]]:
        return [{"name": "laptop", "digest": "d" * 64}]

    def take_over(self, keys: Any) -> int:
        self.taken += keys
        return len(keys)


class Pool:
    """A database with all that is written to a file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.store = folder, Store(folder / "pool.db")
        self.store.migrate()
        vault = Vault(Fernet.generate_key().decode())
        self.accounts = Accounts(self.store, vault)
        self.catalog, self.saved = Catalog(self.store, "reject"), SavedSettings(self.store, vault)
        self.keys = KeysOfATest()
        backups = Backups(self.store, folder)
        self.transfer = Transfer(self.accounts, self.catalog, self.saved, backups, self.keys, lambda: 0.25)

    def take_over(self, document: object, **options: bool) -> Any:
        return self.transfer.carry_out(self.transfer.preview(json.dumps(document), **options))

    def kept(self) -> Any:
        return [one.given for one in self.accounts.profiles()], self.catalog.rows(), self.saved.all()


def account(name: str) -> NewAccount:
    sim = make_account(name)
    credentials = Credentials(sim.secure_c_ses, sim.csesidx, sim.config_id, sim.host_c_oses, "Mozilla/5.0")
    return NewAccount(credentials, name=name, email=f"{name}@example.com")


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    """Two accounts, the second switched off; a model more and one edited; a setting."""
    pool = Pool(tmp_path / "one")
    pool.accounts.add(
        replace(account("amber"), mailbox=MAILBOX, expires_at=2e9 + 0.5, note="n", trial_end="2026-12-31")
    )
    pool.accounts.add(account("bruno"))
    pool.accounts.switch(2, enabled=False)
    pool.catalog.put(ModelEntry("mine", name="Mine", upstream_id="up", aliases=("my",), price="0.5"))
    pool.catalog.switch("gemini-2.5-pro", enabled=False)
    pool.saved.save("LOG_LEVEL", "debug")
    return pool


@pytest.fixture
def other(tmp_path: Path) -> Pool:
    return Pool(tmp_path / "two")


def test_what_is_exported_with_secrets_makes_the_same_pool_elsewhere(pool: Pool, other: Pool) -> None:
    document = pool.transfer.export(secrets=True)
    done = other.take_over(document)
    assert other.kept() == pool.kept()
    assert (done.accounts.added, done.settings, done.keys) == (2, 1, 1)
    assert other.keys.taken == pool.keys.exported()


def test_taking_over_twice_changes_nothing(pool: Pool) -> None:
    before = pool.kept()
    intent = pool.transfer.preview(json.dumps(pool.transfer.export(secrets=True)))
    assert [step.action for step in intent.accounts.steps] == [Action.UNCHANGED] * 2
    assert (intent.models, intent.problems) == ((), ())
    pool.transfer.carry_out(intent)
    assert pool.kept() == before


def test_without_secrets_none_is_in_the_file_and_it_says_so(pool: Pool) -> None:
    document = pool.transfer.export(secrets=False)
    text = json.dumps(document)
    assert (document["format"], document["version"], document["secrets"]) == ("gemini_pool", 1, False)
    assert document["exported_at"] == "1970-01-01T00:00:00.250000Z"
    amber = make_account("amber")
    for secret in (amber.secure_c_ses, amber.host_c_oses, "jwt=hidden", "secure_c_ses", "tempmail_url"):
        assert secret not in text
    assert "amber@example.com" in text


def test_a_file_without_secrets_updates_what_is_there_and_adds_nobody(pool: Pool, other: Pool) -> None:
    document = pool.transfer.export(secrets=False)
    document["accounts"][0]["note"] = "changed"
    assert pool.take_over(document).accounts.updated == 1
    (amber, _), *_ = pool.kept()
    assert (amber.note, amber.credentials) == ("changed", account("amber").credentials)
    assert amber.mailbox == MAILBOX
    intent = other.transfer.preview(json.dumps(document))
    assert [step.action for step in intent.accounts.steps] == [Action.INCOMPLETE] * 2


def test_the_file_has_the_names_that_older_clients_know(pool: Pool) -> None:
    document = pool.transfer.export(secrets=True)
    amber, mine = document["accounts"][0], document["models"][-1]
    sim = make_account("amber")
    assert (amber["team_id"], amber["csesidx"], amber["available"]) == (sim.config_id, sim.csesidx, True)
    assert (amber["secure_c_ses"], amber["host_c_oses"], amber["user_agent"]) == (
        sim.secure_c_ses,
        sim.host_c_oses,
        "Mozilla/5.0",
    )
    assert amber["tempmail_url"] == MAILBOX["tempmail_url"]
    assert (mine["api_model_id"], mine["price_per_1k_tokens"], mine["account_index"]) == ("up", "0.5", None)
    assert document["log_level"] == "debug"


def of_an_older_program() -> dict[str, Any]:
    sim = make_account("clara")
    return {
        "proxy": "http://user:password@127.0.0.1:7890",
        "log_level": "INFO",
        "image_base_url": "https://img.example",
        "admin_password_hash": "scrypt:secret",
        "admin_secret_key": "secret",
        "accounts": [{"team_id": sim.config_id, "secure_c_ses": sim.secure_c_ses, "csesidx": sim.csesidx}],
        "models": [
            {"id": "gemini-enterprise", "name": "Enterprise", "context_length": 1000, "account_index": 0},
            {"id": "gemini-video-2", "name": "Film", "api_model_id": None, "price_per_1k_tokens": 0.0015},
            {"id": "auto", "name": "an alias of ours"},
            {"id": "big", "max_tokens": "many"},
            {"name": "nameless"},
        ],
    }


def test_the_file_of_an_older_program_is_taken_over_but_for_its_sign_in(other: Pool) -> None:
    intent = other.transfer.preview(json.dumps(of_an_older_program()))
    told = [str(problem) for problem in intent.problems]
    assert [problem.field for problem in intent.problems] == [
        "id", "number", "id", "admin_password_hash", "admin_secret_key",
    ]  # fmt: skip
    assert told[0] == "Line 1, entry 3 has a model with a wrong id; it is left out."
    assert "password@" not in str(told)
    other.transfer.carry_out(intent)
    saved = other.saved.all()
    assert saved.pop("PROXY").startswith("http")
    assert saved == {"LOG_LEVEL": "INFO", "IMAGE_BASE_URL": "https://img.example"}
    assert b"password@" not in (other.folder / "pool.db").read_bytes()
    models = {entry.id: entry for entry in other.catalog.rows()}
    assert (models["gemini-enterprise"].name, models["gemini-enterprise"].context_length) == (
        "Enterprise",
        1000,
    )
    assert (
        models["gemini-enterprise"].about == "The service chooses the model."
    )  # the file says nothing of it
    assert models["gemini-video-2"].kind.value == "videos"
    assert models["gemini-video-2"].price == "0.0015"


@pytest.mark.parametrize(
    "settings",
    [{"THREADS": "many"}, {"PORT": "9000"}, {"DATA_DIR": "/x"}, {"API_KEY": "sk-x"}, {"NONE": "x"}],
)
def test_settings_that_cannot_be_saved_are_left_out(other: Pool, settings: dict[str, str]) -> None:
    intent = other.transfer.preview(json.dumps({"accounts": [], "settings": settings}))
    assert intent.settings == {}
    assert [problem.field for problem in intent.problems] == list(settings)


def test_replacing_takes_the_file_for_all_there_is(pool: Pool) -> None:
    document = {**of_an_older_program(), "models": [{"id": "gemini-auto"}, {"id": "new"}]}
    intent = pool.transfer.preview(json.dumps(document), replacing=True)
    assert intent.accounts.deleted == (1, 2)
    assert "mine" in intent.models_deleted
    pool.transfer.carry_out(intent)
    assert [one.credentials.config_id for one in pool.accounts.accounts()] == [
        make_account("clara").config_id
    ]
    assert [entry.id for entry in pool.catalog.rows()] == ["gemini-auto", "new"]


def test_an_empty_file_wipes_nothing(pool: Pool) -> None:
    before = pool.kept()
    pool.take_over({"accounts": []})
    with pytest.raises(BadRequest):
        pool.take_over({"accounts": []}, replacing=True)
    assert pool.kept() == before
    assert pool.take_over({"accounts": []}, replacing=True, force=True).accounts.deleted == 2


def test_a_preview_writes_nothing(pool: Pool) -> None:
    before = pool.store.revision()
    pool.transfer.preview(json.dumps(of_an_older_program()), replacing=True)
    assert pool.store.revision() == before
    assert not (pool.folder / "backups").exists()


def test_before_it_is_taken_over_there_is_a_backup_of_what_was(pool: Pool) -> None:
    backup = pool.take_over(of_an_older_program(), replacing=True).backup
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(backup.parent.stat().st_mode) == 0o700
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT name FROM accounts").fetchall() == [("amber",), ("bruno",)]


def test_the_newest_ten_backups_stay(tmp_path: Path, store: Store) -> None:
    moments = iter(range(12))
    backups = Backups(store, tmp_path, clock=lambda: next(moments))
    made = [backups.make() for _ in range(12)]
    assert sorted((tmp_path / "backups").iterdir()) == made[2:]


def test_a_backup_that_cannot_be_made_stops_it_all(pool: Pool) -> None:
    (pool.folder / "backups").write_text("in the way")
    before = pool.kept()
    with pytest.raises(StoreError, match="backups"):
        pool.take_over(of_an_older_program())
    assert pool.kept() == before
