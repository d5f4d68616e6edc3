"""A pool as it is after a while: a million calls, a thousand accounts, and how long anything takes there."""

import time
from collections.abc import Callable
from pathlib import Path

from gemini_pool.roster import Credentials
from gemini_pool.settings import read_settings
from gemini_pool.startup import open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.profiles import NewAccount
from gemini_pool.store.secrets import open_vault
from gemini_pool.store.transfer.found import FoundAccount
from gemini_pool.store.transfer.plan import plan

CALLS = 1_000_000
ACCOUNTS = 1_000
NOW = int(time.time())
MOST_SECONDS = 0.3
COUNTED = '{"40":3,"52":11,"61":20,"63":9,"70":4,"88":1}'

# Thirty days of calls by twenty keys on a thousand accounts; one in fifty failed.
FILL_CALLS = f"""
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {CALLS} - 1)
INSERT INTO calls (at, request_id, key_id, key_name, account_id, model, endpoint, outcome, error,
    error_message, first_ms, total_ms, prompt_tokens, completion_tokens, address, status)
SELECT {NOW} - ({CALLS} - i) * 2.592, 'req_' || printf('%024x', i * 7919), i % 20 + 1,
    'program ' || (i % 20 + 1), i % 1000 + 1, iif(i % 3, 'gemini-2.5-flash', 'gemini-2.5-pro'),
    '/v1/chat/completions', iif(i % 50, 'ok', 'error'), iif(i % 50, '', 'Busy'),
    iif(i % 50, '', 'The service answered with 503.'), 300, 2000, 500, 200, '203.0.113.9', 200 FROM n
"""
# What days of them leave in the statistics: of each of so many subjects two models.
FILL_STATISTICS = f"""
WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < :subjects),
    t(start) AS (SELECT :first UNION ALL SELECT start + :width FROM t WHERE start + :width <= {NOW}),
    m(model) AS (VALUES ('gemini-2.5-flash'), ('gemini-2.5-pro'))
INSERT INTO statistics SELECT :width, :kind, start, iif(:kind = 'all', 0, i), model,
    48, 48, 0, 0, 0, 0, 9000, 90000, '{COUNTED}', '{COUNTED}' FROM s, t, m
"""


def fill(folder: Path) -> None:
    """Make such a pool in a DATA_DIR."""
    settings = read_settings({"DATA_DIR": str(folder)})
    store = open_store(settings)
    with store.writing(shared=False):
        store.db.execute_sql(FILL_CALLS)
        for width, days in ((3600, 2), (86_400, 31)):
            first = NOW // 86_400 * 86_400 - days * 86_400
            for kind, subjects in (("all", 1), ("key", 20), ("account", ACCOUNTS)):
                values = {"width": width, "first": first, "kind": kind, "subjects": subjects}
                store.db.execute_sql(FILL_STATISTICS, values)
    Accounts(store, open_vault("", folder)).apply(plan(map(found, range(ACCOUNTS)), ()))
    store.close()


def found(number: int) -> FoundAccount:
    credentials = Credentials(f"CSE.{number}" * 20, str(number), f"config-{number}", f"COS.{number}" * 20)
    account = NewAccount(credentials, name=f"seat {number}", email=f"seat-{number}@example.com")
    return FoundAccount("test", 1, number, account)


def seconds(asked: Callable[[], object]) -> float:
    """How long it takes where nothing else is going on: the processor's time, for other tests may run
    beside, and the best of three."""
    taken = []
    for _ in range(3):
        started = time.thread_time()
        asked()
        taken.append(time.thread_time() - started)
    return min(taken)
