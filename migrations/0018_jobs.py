"""Background jobs as every process sees them: what there are, what is asked of them, and their runs."""

JOBS = """
CREATE TABLE jobs (
    name TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    every_seconds REAL,
    listed INTEGER NOT NULL,
    paused INTEGER NOT NULL DEFAULT 0,
    wanted_at REAL,
    next_at REAL,
    running INTEGER,
    last INTEGER
) WITHOUT ROWID
"""
RUNS = """
CREATE TABLE job_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    state TEXT NOT NULL,
    ordered INTEGER NOT NULL,
    process INTEGER NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL,
    message TEXT NOT NULL DEFAULT ''
)
"""


def up(migrator, db):
    db.execute_sql(JOBS)
    db.execute_sql(RUNS)
    db.execute_sql("CREATE INDEX job_runs_job ON job_runs (job, id)")
