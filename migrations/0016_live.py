"""What pages hear of as it happens: events, and work that takes long."""

from peewee import CompositeKey, IntegerField, Model, TextField


class WorkItem(Model):
    work_id = IntegerField()
    number = IntegerField()
    ref = TextField()
    name = TextField()
    state = TextField()
    message = TextField()
    steps = TextField()

    class Meta:
        table_name = "work_items"
        primary_key = CompositeKey("work_id", "number")


# Ids that are never used again: a page goes on from the last one that it has seen.
EVENTS = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    name TEXT NOT NULL,
    ref TEXT NOT NULL
)
"""
WORKS = """
CREATE TABLE works (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    total INTEGER NOT NULL,
    started_at REAL NOT NULL,
    heard_at REAL NOT NULL,
    ended_at REAL,
    message TEXT NOT NULL DEFAULT '',
    cancelled INTEGER NOT NULL DEFAULT 0
)
"""


def up(migrator, db):
    db.execute_sql(EVENTS)
    db.execute_sql(WORKS)
    with db.bind_ctx([WorkItem]):
        db.create_tables([WorkItem])
