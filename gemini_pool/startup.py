"""What every process does first: its settings, its database."""

from collections.abc import Mapping

from gemini_pool.settings import Settings, read_settings
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.door import Door, open_door
from gemini_pool.store.saved import SavedSettings
from gemini_pool.store.secrets import open_vault

DATABASE_FILE = "gemini_pool.db"


def open_store(settings: Settings) -> Store:
    """The database of this DATA_DIR, brought up to date."""
    store = Store(settings.data_path / DATABASE_FILE)
    store.migrate()
    return store


def effective_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of the environment, then what was saved in its store, then the defaults."""
    return read_settings(environ, saved_settings(read_settings(environ)).all())


def saved_settings(settings: Settings) -> SavedSettings:
    """What was saved in this DATA_DIR."""
    return SavedSettings(open_store(settings), open_vault(settings.encryption_key, settings.data_path))


def open_console(settings: Settings) -> Door:
    """The console's door, for a process that serves nobody."""
    return _door(settings, open_store(settings))


def setup_code(settings: Settings) -> str:
    """What the first visit of the console must present; empty when a password is set. Leaves nothing open."""
    store = open_store(settings)
    try:
        return _door(settings, store).admins.setup_code()
    finally:
        store.close()


def _door(settings: Settings, store: Store) -> Door:
    vault = open_vault(settings.encryption_key, settings.data_path)
    return open_door(store, vault, WriteBehind(), settings.data_path, settings.admin_secrets)
