"""Which files the session of a conversation holds: the service's ids by digest, as JSON."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE conversations ADD COLUMN files TEXT NOT NULL DEFAULT ''")
