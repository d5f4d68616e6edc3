"""A journal of a million calls and a thousand accounts: every page is there at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from many import CALLS, MOST_SECONDS, NOW, seconds

from gemini_pool.startup import DATABASE_FILE
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.call_filter import CallFilter
from gemini_pool.store.db import Store
from gemini_pool.store.figures import Span, Subject
from gemini_pool.store.journal import CallCount, CallJournal
from gemini_pool.store.statistics import Statistics


@pytest.fixture(scope="module")
def many(many_folder: Path) -> Iterator[Store]:
    store = Store(many_folder / DATABASE_FILE)
    yield store
    store.close()


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
