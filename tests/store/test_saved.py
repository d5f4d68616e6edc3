"""Settings that were saved in the store."""

from pathlib import Path

import pytest
from vaults import VAULT

from gemini_pool.settings import read_settings
from gemini_pool.store.db import Store
from gemini_pool.store.saved import SavedSettings


@pytest.fixture
def saved(store: Store) -> SavedSettings:
    return SavedSettings(store, VAULT)


def test_nothing_is_saved_at_first(saved: SavedSettings) -> None:
    assert saved.all() == {}


def test_a_saved_value_survives_reopening(saved: SavedSettings, path: Path) -> None:
    saved.save("PORT", "8001")
    saved.save("UPSTREAM_LANGUAGE", "de-DE")
    assert SavedSettings(Store(path), VAULT).all() == {"PORT": "8001", "UPSTREAM_LANGUAGE": "de-DE"}


def test_the_last_value_counts(saved: SavedSettings) -> None:
    saved.save("PORT", "8001")
    saved.save("PORT", "8002")
    assert saved.all() == {"PORT": "8002"}


def test_an_empty_value_forgets_the_setting_and_no_other(saved: SavedSettings) -> None:
    saved.save("PORT", "8001")
    saved.save("LOG_LEVEL", "debug")
    saved.save("PORT", "")
    saved.save("HOST", "")  # which was not there
    assert saved.all() == {"LOG_LEVEL": "debug"}


def test_the_environment_comes_before_a_saved_value_and_that_before_the_default(
    saved: SavedSettings,
) -> None:
    saved.save("PORT", "8001")
    saved.save("LOG_LEVEL", "debug")
    settings = read_settings({"PORT": "9001"}, saved.all())
    assert (settings.port, settings.log_level, settings.threads) == (9001, "debug", 200)


def test_saving_tells_other_processes(store: Store, saved: SavedSettings) -> None:
    before = store.revision()
    saved.save("PORT", "8001")
    assert store.revision() == before + 1


def test_a_secret_is_read_back_and_lies_nowhere_in_the_clear(saved: SavedSettings, path: Path) -> None:
    saved.save("PROXY", "http://user:marked-secret@proxy:8080", secret=True)
    assert saved.all() == {"PROXY": "http://user:marked-secret@proxy:8080"}
    assert b"marked-secret" not in b"".join(file.read_bytes() for file in path.parent.iterdir())
