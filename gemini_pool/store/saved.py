"""Settings that were saved here rather than given by the environment, which comes first."""

from peewee import Model, TextField

from gemini_pool.store.db import Store
from gemini_pool.store.secrets import Vault

# Before a value that is encrypted; no value in the clear begins so.
SEAL = "sealed:"


class SettingRow(Model):
    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "settings"


class SavedSettings:
    """Secrets among them are sealed."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def all(self) -> dict[str, str]:
        with self._store.reading():
            rows = list(SettingRow.select().execute(self._store.db))
        return {row.name: self._opened(row.value) for row in rows}

    def save(self, name: str, value: str, *, secret: bool = False) -> None:
        """Keep a value; an empty one forgets the setting."""
        kept = SEAL + self._vault.seal(value) if secret else value
        with self._store.writing():
            if value:
                SettingRow.replace(name=name, value=kept).execute(self._store.db)
            else:
                SettingRow.delete().where(SettingRow.name == name).execute(self._store.db)

    def _opened(self, value: str) -> str:
        return self._vault.open(value.removeprefix(SEAL)) if value.startswith(SEAL) else value
