"""Which files the session of a conversation holds: the service's ids by digest, as JSON. And now that files
are fetched, the models that make them are offered."""

MAKERS = ("gemini-image", "gemini-video")


def up(migrator, db):
    db.execute_sql("ALTER TABLE conversations ADD COLUMN files TEXT NOT NULL DEFAULT ''")
    db.execute_sql("UPDATE models SET enabled = 1 WHERE id IN (?, ?)", MAKERS)
