"""What a key may do and what it did; how much of it is used, each limit in a row of its own.

What the call journal still holds of a key is counted as its use so far.
"""

from peewee import CompositeKey, FloatField, IntegerField, Model, TextField

COLUMNS = [
    "description TEXT NOT NULL DEFAULT ''",
    "expires_at REAL",
    "image_format TEXT NOT NULL DEFAULT ''",
    "models TEXT NOT NULL DEFAULT '[]'",
    "networks TEXT NOT NULL DEFAULT '[]'",
    "per_minute INTEGER NOT NULL DEFAULT 0",
    "per_day INTEGER NOT NULL DEFAULT 0",
    "concurrent INTEGER NOT NULL DEFAULT 0",
    "tokens_per_day INTEGER NOT NULL DEFAULT 0",
    "usage_count INTEGER NOT NULL DEFAULT 0",
    "last_used_at REAL",
]
COUNT = """
UPDATE keys SET usage_count = of_key.calls, last_used_at = of_key.latest FROM (
    SELECT key_id, COUNT(*) AS calls, MAX(at) AS latest FROM calls
    WHERE account_id IS NOT NULL GROUP BY key_id
) AS of_key WHERE of_key.key_id = keys.id
"""


class KeyWindow(Model):
    key_id = IntegerField()
    kind = TextField()
    begins = FloatField()
    used = IntegerField()

    class Meta:
        table_name = "key_windows"
        primary_key = CompositeKey("key_id", "kind")


def up(migrator, db):
    for column in COLUMNS:
        db.execute_sql(f"ALTER TABLE keys ADD COLUMN {column}")
    db.execute_sql(COUNT)
    with db.bind_ctx([KeyWindow]):
        db.create_tables([KeyWindow])
