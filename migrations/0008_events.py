"""What admins did, and what the program told of itself."""

# Pages are asked for by the id of the row they end with: none is ever used again.
AUDIT = """
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    admin TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
)
"""
LOG_LINES = """
CREATE TABLE log_lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    level INTEGER NOT NULL,
    logger TEXT NOT NULL,
    message TEXT NOT NULL,
    process INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    trace TEXT NOT NULL
)
"""


def up(migrator, db):
    for statement in (AUDIT, LOG_LINES, "CREATE INDEX audit_at ON audit (at)"):
        db.execute_sql(statement)
