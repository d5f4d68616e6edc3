"""What is wrong with the pool and was told of, and to whom it is still to be told."""

CONDITIONS = """
CREATE TABLE conditions (
    key TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    account_id INTEGER,
    account TEXT NOT NULL,
    since REAL NOT NULL,
    told INTEGER NOT NULL,
    looks INTEGER NOT NULL
)
"""
# Ids that are never used again: an open page goes on from the last one that it has seen.
ALERTS = """
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    event TEXT NOT NULL,
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    account_id INTEGER,
    account TEXT NOT NULL
)
"""
# `place` tells one address from another without being it: addresses hold secrets.
DELIVERIES = """
CREATE TABLE alert_deliveries (
    alert_id INTEGER NOT NULL,
    place TEXT NOT NULL,
    tries INTEGER NOT NULL,
    PRIMARY KEY (alert_id, place)
)
"""


def up(migrator, db):
    for statement in (CONDITIONS, ALERTS, DELIVERIES):
        db.execute_sql(statement)
