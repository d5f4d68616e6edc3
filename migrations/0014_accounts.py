"""What the console knows of accounts and models beyond what the pool needs; what happened to each account;
and which accounts were deleted, lest the environment brings them back."""

from peewee import FloatField, IntegerField, Model, TextField

COLUMNS = [
    "ALTER TABLE accounts ADD COLUMN email TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE accounts ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE accounts ADD COLUMN external_id TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE accounts ADD COLUMN trial_end TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE accounts ADD COLUMN mailbox TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE accounts ADD COLUMN cookies_at REAL",
    "CREATE INDEX accounts_seat ON accounts (config_id, csesidx)",
    "ALTER TABLE models ADD COLUMN name TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE models ADD COLUMN context_length INTEGER NOT NULL DEFAULT 32768",
    "ALTER TABLE models ADD COLUMN max_tokens INTEGER NOT NULL DEFAULT 8192",
    "ALTER TABLE models ADD COLUMN price TEXT NOT NULL DEFAULT ''",
    "UPDATE models SET name = id",
]
# Its ids tell the order of what happened within one moment.
HISTORY = """
CREATE TABLE account_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    at REAL NOT NULL,
    what TEXT NOT NULL,
    kind TEXT,
    reason TEXT NOT NULL DEFAULT ''
)
"""


class Deleted(Model):
    origin = TextField(primary_key=True)
    account_id = IntegerField()
    at = FloatField()

    class Meta:
        table_name = "deleted_accounts"


def up(migrator, db):
    for statement in (
        *COLUMNS,
        HISTORY,
        "CREATE INDEX account_history_of ON account_history (account_id, id)",
    ):
        db.execute_sql(statement)
    with db.bind_ctx([Deleted]):
        db.create_tables([Deleted])
