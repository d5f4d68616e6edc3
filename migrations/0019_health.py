"""What the health checks found: of each account the last time, and of the last round in numbers."""

HEALTH = """
CREATE TABLE health (
    account_id INTEGER PRIMARY KEY,
    found TEXT NOT NULL,
    message TEXT NOT NULL,
    error_code TEXT NOT NULL,
    ms INTEGER,
    at REAL NOT NULL,
    failures INTEGER NOT NULL,
    network_errors INTEGER NOT NULL,
    next_at REAL,
    taken_out INTEGER NOT NULL
)
"""
ROUND = """
CREATE TABLE health_round (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at REAL NOT NULL,
    ms INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    taken_out INTEGER NOT NULL,
    recovered INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    outage INTEGER NOT NULL
)
"""


def up(migrator, db):
    db.execute_sql(HEALTH)
    db.execute_sql(ROUND)
