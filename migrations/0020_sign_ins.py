"""Sign-ins by browser: each that was made, and how the accounts fare with them."""

RUNS = """
CREATE TABLE sign_ins (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER,
    address TEXT NOT NULL,
    work_id INTEGER NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL,
    outcome TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    steps TEXT NOT NULL DEFAULT '[]',
    evidence INTEGER NOT NULL DEFAULT 0
)
"""
TROUBLES = """
CREATE TABLE sign_in_troubles (
    account_id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    failures INTEGER NOT NULL,
    next_at REAL NOT NULL,
    person INTEGER NOT NULL,
    message TEXT NOT NULL
)
"""


def up(migrator, db):
    db.execute_sql(RUNS)
    db.execute_sql("CREATE INDEX sign_ins_by_account ON sign_ins (account_id, id)")
    db.execute_sql(TROUBLES)
