"""Who looks after the pool: the administrator, his sessions and recovery codes, and tries that failed."""

from peewee import FloatField, IntegerField, Model, TextField


class Admin(Model):
    id = IntegerField(primary_key=True)
    password = TextField(default="")
    fixed = TextField(default="")
    totp = TextField(default="")
    totp_begun = TextField(default="")
    totp_step = IntegerField(default=0)

    class Meta:
        table_name = "admin"


class RecoveryCode(Model):
    digest = TextField(primary_key=True)

    class Meta:
        table_name = "recovery_codes"


class Tries(Model):
    name = TextField(primary_key=True)
    failures = IntegerField(default=0)
    until = FloatField(default=0)
    last_at = FloatField()
    known = IntegerField(default=0)

    class Meta:
        table_name = "tries"


# AUTOINCREMENT, as in 0001: an id that was shown is never another session's.
SESSIONS = """
CREATE TABLE admin_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    created_at REAL NOT NULL,
    last_seen REAL NOT NULL
)
"""


def up(migrator, db):
    db.execute_sql(SESSIONS)
    tables = [Admin, RecoveryCode, Tries]
    with db.bind_ctx(tables):
        db.create_tables(tables)
        Admin.create(id=1)
