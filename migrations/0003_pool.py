"""What the pool knows of its accounts beyond one request: strikes, conversations, counters, better models."""

from peewee import CompositeKey, FloatField, IntegerField, Model, TextField

COLUMNS = [
    "ALTER TABLE accounts ADD COLUMN strikes INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE cooldowns ADD COLUMN firm INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE keys ADD COLUMN upgrade INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE models ADD COLUMN better TEXT",
]
BETTER = [
    ("gemini-2.5-flash", "gemini-3-flash-preview"),
    ("gemini-2.5-pro", "gemini-3.1-pro-preview"),
    ("gemini-3-pro-preview", "gemini-3.1-pro-preview"),
]


class Conversation(Model):
    account_id = IntegerField()
    session = TextField()
    digest = TextField()
    hint = TextField(null=True)
    at = FloatField()

    class Meta:
        table_name = "conversations"
        primary_key = CompositeKey("account_id", "session")
        # Many can share a hint, and the newest of them is asked for.
        indexes = ((("digest", "at"), False), (("hint", "at"), False), (("at",), False))


class Tally(Model):
    account_id = IntegerField()
    kind = TextField()
    day = TextField()
    answers = IntegerField()
    failures = IntegerField()
    last_used = FloatField()

    class Meta:
        table_name = "tallies"
        primary_key = CompositeKey("account_id", "kind", "day")


class Preference(Model):
    key_id = IntegerField(primary_key=True)
    model = TextField()

    class Meta:
        table_name = "preferences"


def up(migrator, db):
    for statement in COLUMNS:
        db.execute_sql(statement)
    for name, better in BETTER:
        db.execute_sql("UPDATE models SET better = ? WHERE id = ?", (better, name))
    tables = [Conversation, Tally, Preference]
    with db.bind_ctx(tables):
        db.create_tables(tables)
