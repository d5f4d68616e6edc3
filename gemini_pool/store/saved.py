"""Settings that were saved here rather than given by the environment, which comes first."""

from peewee import Model, TextField

from gemini_pool.store.db import Store


class SettingRow(Model):
    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "settings"


class SavedSettings:
    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> dict[str, str]:
        with self._store.reading():
            return {row.name: row.value for row in SettingRow.select().execute(self._store.db)}

    def save(self, name: str, value: str) -> None:
        """Keep a value; an empty one forgets the setting."""
        with self._store.writing():
            if value:
                SettingRow.replace(name=name, value=value).execute(self._store.db)
            else:
                SettingRow.delete().where(SettingRow.name == name).execute(self._store.db)
