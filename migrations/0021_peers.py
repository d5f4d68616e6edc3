"""Instances that are given our new cookies, what is still to be brought to them, and who brings us some."""

# AUTOINCREMENT, as in 0001: an id that was shown is never another's.
PEERS = """
CREATE TABLE peers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    kind TEXT NOT NULL,
    token TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    create_missing INTEGER NOT NULL,
    created_at REAL NOT NULL,
    success_at REAL,
    failure_at REAL,
    failure TEXT NOT NULL DEFAULT ''
)
"""
# What is brought is read when it is brought: nothing here is worth stealing.
QUEUE = """
CREATE TABLE peer_queue (
    peer_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    next_at REAL NOT NULL,
    PRIMARY KEY (peer_id, account_id)
)
"""
TOKENS = """
CREATE TABLE sync_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    created_at REAL NOT NULL,
    last_used_at REAL
)
"""


def up(migrator, db):
    for statement in (PEERS, QUEUE, TOKENS, "CREATE INDEX peer_queue_due ON peer_queue (next_at)"):
        db.execute_sql(statement)
