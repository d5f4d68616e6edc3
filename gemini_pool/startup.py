"""What every process does first: its settings, its database."""

from collections.abc import Mapping

from gemini_pool.settings import Settings, read_settings
from gemini_pool.store.db import Store
from gemini_pool.store.saved import SavedSettings

DATABASE_FILE = "gemini_pool.db"


def open_store(settings: Settings) -> Store:
    """The database of this DATA_DIR, brought up to date."""
    store = Store(settings.data_path / DATABASE_FILE)
    store.migrate()
    return store


def effective_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of the environment, then what was saved in its store, then the defaults."""
    store = open_store(read_settings(environ))
    return read_settings(environ, SavedSettings(store).all())
