"""Accounts and their cool-downs, keys, models, saved settings, the call journal, the revision."""

from peewee import BooleanField, CompositeKey, FloatField, IntegerField, Model, TextField


class Revision(Model):
    number = IntegerField()

    class Meta:
        table_name = "revision"


class Cooldown(Model):
    account_id = IntegerField()
    kind = TextField()
    until = FloatField()

    class Meta:
        table_name = "cooldowns"
        primary_key = CompositeKey("account_id", "kind")


class Catalogued(Model):
    id = TextField(primary_key=True)
    upstream_id = TextField(null=True)
    kind = TextField()
    aliases = TextField()
    about = TextField()
    enabled = BooleanField()
    position = IntegerField()
    created = IntegerField()

    class Meta:
        table_name = "models"


class SavedSetting(Model):
    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "settings"


# Ids that are never used again need AUTOINCREMENT, which peewee's own id column leaves out.
ACCOUNTS = """
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    origin TEXT UNIQUE,
    name TEXT NOT NULL,
    config_id TEXT NOT NULL,
    csesidx TEXT NOT NULL,
    secure_c_ses TEXT NOT NULL,
    host_c_oses TEXT NOT NULL DEFAULT '',
    user_agent TEXT NOT NULL DEFAULT '',
    expires_at REAL,
    enabled INTEGER NOT NULL DEFAULT 1,
    standing TEXT NOT NULL DEFAULT 'good',
    reason TEXT NOT NULL DEFAULT '',
    resting_until REAL NOT NULL DEFAULT 0,
    created_at REAL NOT NULL
)
"""
KEYS = """
CREATE TABLE keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    active INTEGER NOT NULL DEFAULT 1,
    created_at REAL NOT NULL
)
"""
CALLS = """
CREATE TABLE calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    request_id TEXT NOT NULL,
    key_id INTEGER,
    key_name TEXT NOT NULL,
    account_id INTEGER,
    model TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    first_ms INTEGER,
    total_ms INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0
)
"""


def up(migrator, db):
    for statement in (ACCOUNTS, KEYS, CALLS, "CREATE INDEX calls_at ON calls (at)"):
        db.execute_sql(statement)
    tables = [Revision, Cooldown, Catalogued, SavedSetting]
    with db.bind_ctx(tables):
        db.create_tables(tables)
        Revision.create(number=0)
