"""Work that one process orders and another does: it may be paused, and outlives whoever works on it."""

COLUMNS = (
    "ALTER TABLE works ADD COLUMN ordered INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE works ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE works ADD COLUMN paused INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE work_items ADD COLUMN data TEXT NOT NULL DEFAULT ''",
)


def up(migrator, db):
    for column in COLUMNS:
        db.execute_sql(column)
    db.execute_sql("CREATE INDEX work_items_by_state ON work_items (state)")
