"""A journal of a million calls and a thousand accounts: every page is there at once."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.call_filter import CallFilter
from gemini_pool.store.db import Store
from gemini_pool.store.figures import Span, Subject
from gemini_pool.store.journal import CallCount, CallJournal
from gemini_pool.store.statistics import Statistics

CALLS = 1_000_000
NOW = 1_767_225_600 + 90 * 86_400 + 47_000
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


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(Path(tmp_path_factory.mktemp("many")) / "pool.db")
    store.migrate()
    with store.writing(shared=False):
        store.db.execute_sql(FILL_CALLS)
        for width, days in ((3600, 2), (86_400, 31)):
            first = NOW // 86_400 * 86_400 - days * 86_400
            for kind, subjects in (("all", 1), ("key", 20), ("account", 1000)):
                values = {"width": width, "first": first, "kind": kind, "subjects": subjects}
                store.db.execute_sql(FILL_STATISTICS, values)
    yield store
    store.close()


def seconds(asked: Callable[[], object]) -> float:
    """How long it takes where nothing else is going on: the processor's time, for other tests may run
    beside, and the best of three."""
    taken = []
    for _ in range(3):
        started = time.thread_time()
        asked()
        taken.append(time.thread_time() - started)
    return min(taken)


FILTERS = {
    "all": CallFilter(),
    "key": CallFilter(key_id=3),
    "key and outcome": CallFilter(key_id=3, outcome="client_closed"),
    "account": CallFilter(account_id=77),
    "account and outcome": CallFilter(account_id=77, outcome="client_closed"),
    "model": CallFilter(model="gemini-2.5-pro"),
    "no such model": CallFilter(model="gemini-none"),
    "outcome": CallFilter(outcome="error"),
    "no such outcome": CallFilter(outcome="interrupted"),
    "time": CallFilter(since=NOW - 20 * 86_400, until=NOW - 19 * 86_400, outcome="error"),
    "text": CallFilter(text="nowhere"),
    "text of a key": CallFilter(key_id=3, text="nowhere"),
    "text of failures": CallFilter(outcome="error", text="nowhere"),
    "everything": CallFilter(key_id=3, account_id=63, model="gemini-2.5-pro", outcome="ok", text="nowhere"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_calls_are_found_and_counted_at_once(many: Store, behind: WriteBehind, name: str) -> None:
    journal, wanted = CallJournal(many, behind), FILTERS[name]
    half_way = CALLS // 2
    assert seconds(lambda: journal.page(wanted)) < MOST_SECONDS
    assert seconds(lambda: journal.page(wanted, before_id=half_way)) < MOST_SECONDS
    assert seconds(lambda: journal.page(wanted, offset=45_000)) < MOST_SECONDS
    assert seconds(lambda: journal.count(wanted)) < MOST_SECONDS


def test_the_numbers_are_right(many: Store, behind: WriteBehind) -> None:
    journal = CallJournal(many, behind)
    assert journal.count() == CallCount(CALLS)
    assert journal.count(CallFilter(key_id=3)) == CallCount(CALLS // 20)
    assert journal.last_minute(clock=lambda: NOW) == 23
    assert seconds(journal.last_minute) < MOST_SECONDS


@pytest.mark.parametrize("span", Span)
def test_statistics_are_told_at_once(many: Store, span: Span) -> None:
    statistics = Statistics(many, clock=lambda: NOW)
    assert sum(point.figures.counts.calls for point in statistics.series(span)) > 0
    assert len(statistics.by_account(span)) == 1000
    assert seconds(lambda: statistics.series(span)) < MOST_SECONDS
    assert seconds(lambda: statistics.series(span, Subject.account(77))) < MOST_SECONDS
    assert seconds(lambda: statistics.by_model(span)) < MOST_SECONDS
    assert seconds(lambda: statistics.by_account(span)) < MOST_SECONDS
    assert seconds(lambda: statistics.of_key(3, 90)) < MOST_SECONDS
