"""What a call met on its way, indexes to look for calls by, and what calls come to by hour and by day."""

import math
from collections import Counter
from json import dumps

COLUMNS = [
    "ALTER TABLE calls ADD COLUMN address TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE calls ADD COLUMN request_bytes INTEGER",
    "ALTER TABLE calls ADD COLUMN response_bytes INTEGER",
    "ALTER TABLE calls ADD COLUMN status INTEGER",
    "ALTER TABLE calls ADD COLUMN error_message TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE calls ADD COLUMN attempts TEXT NOT NULL DEFAULT ''",
]
# The order in which calls are shown, then all that they are looked for by: whatever is asked, no row is read
# but those that are shown. A key's calls are counted so often that they have an index of their own.
INDEXES = [
    "DROP INDEX calls_at",
    "CREATE INDEX calls_newest ON calls (at, id, key_id, account_id, model, outcome)",
    "CREATE INDEX calls_of_key ON calls (key_id, at, id, outcome)",
]
# `width` and `start` in seconds: of an hour or of a day, in UTC. `first_ms` and `total_ms` are sums over the
# answers, `first` and `total` how they are spread, as JSON: how many by bucket.
STATISTICS = """
CREATE TABLE statistics (
    width INTEGER NOT NULL,
    kind TEXT NOT NULL,
    start INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    model TEXT NOT NULL,
    calls INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    client_closed INTEGER NOT NULL,
    limited INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    total_ms INTEGER NOT NULL,
    first TEXT NOT NULL,
    total TEXT NOT NULL,
    PRIMARY KEY (width, kind, start, subject, model)
) WITHOUT ROWID
"""
HOUR, DAY = 3600, 86_400
BUCKETS_A_DOUBLING = 8
OLD_CALLS = "SELECT at, key_id, account_id, model, outcome, first_ms, total_ms FROM calls"
NUMBERS = 8
INSERT = f"INSERT INTO statistics VALUES ({', '.join('?' * 15)})"  # noqa: S608


def up(migrator, db):
    for statement in (*COLUMNS, *INDEXES, STATISTICS):
        db.execute_sql(statement)
    sums = {}
    for at, key_id, account_id, model, outcome, first_ms, total_ms in db.execute_sql(OLD_CALLS):
        subjects = [("all", 0), ("key", key_id or 0)]
        if account_id is not None:
            subjects.append(("account", account_id))
        for width in (HOUR, DAY):
            for kind, subject in subjects:
                place = (width, kind, int(at) // width * width, subject, model)
                _add(
                    sums.setdefault(place, ([0] * NUMBERS, Counter(), Counter())), outcome, first_ms, total_ms
                )
    for place, (numbers, first, total) in sums.items():
        db.execute_sql(INSERT, (*place, *numbers, dumps(first), dumps(total)))


def _add(sums, outcome, first_ms, total_ms):
    """The numbers stand in the order of their columns; who was refused before is not told from who failed."""
    numbers, first, total = sums
    numbers[0] += 1
    numbers[{"ok": 1, "client_closed": 4}.get(outcome, 2)] += 1
    if outcome == "ok":
        numbers[6] += first_ms or 0
        numbers[7] += total_ms
        total[_bucket(total_ms)] += 1
        if first_ms is not None:
            first[_bucket(first_ms)] += 1


def _bucket(ms):
    return int(math.log2(max(ms, 1)) * BUCKETS_A_DOUBLING)
