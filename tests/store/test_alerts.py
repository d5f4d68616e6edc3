"""What is wrong is told once, and once when it is over; what comes and goes is not told."""

import pytest

from gemini_pool.store.alerts import AlertBook, Condition
from gemini_pool.store.db import Store
from gemini_pool.store.live import Live

EMPTY = Condition("pool", "pool_empty", "No account can answer", "None of 3.")
AMBER = Condition(
    "person:1", "account_needs_human", "amber needs somebody", "A picture puzzle.", (1, "amber")
)
PLACES = ("a", "b")


@pytest.fixture
def live(store: Store) -> Live:
    return Live(store)


@pytest.fixture
def book(store: Store, live: Live) -> AlertBook:
    return AlertBook(store, live, lambda: 1_000.0)


def events(book: AlertBook) -> list[str]:
    return [one.event for one in reversed(book.latest())]


def look(book: AlertBook, *conditions: Condition, times: int = 1) -> int:
    return sum(book.look(conditions, PLACES) for _ in range(times))


def test_what_holds_is_told_once_and_once_when_it_is_over(book: AlertBook) -> None:
    assert look(book, EMPTY) == 0
    assert look(book, EMPTY) == 1
    assert look(book, EMPTY, times=5) == 0
    assert [one.condition for one in book.holding()] == [EMPTY]
    assert look(book) == 0
    assert look(book) == 1
    assert look(book, times=5) == 0
    assert events(book) == ["pool_empty", "recovered"]
    assert book.latest()[0].title == "Over: no account can answer"
    assert book.holding() == []


def test_what_comes_and_goes_is_not_told(book: AlertBook) -> None:
    for _ in range(5):
        look(book, EMPTY)
        look(book)
    assert events(book) == []


def test_what_was_told_and_flickers_is_not_told_again(book: AlertBook) -> None:
    look(book, EMPTY, times=2)
    for _ in range(5):
        look(book)
        look(book, EMPTY)
    assert events(book) == ["pool_empty"]
    look(book, times=2)
    assert events(book) == ["pool_empty", "recovered"]


def test_conditions_are_apart_and_new_words_are_no_news(book: AlertBook) -> None:
    look(book, EMPTY, times=2)
    other = Condition("pool", "pool_empty", "No account can answer", "None of 4.")
    assert look(book, other, AMBER, times=2) == 1
    assert [one.condition.message for one in book.holding()] == ["A picture puzzle.", "None of 4."]
    assert book.latest()[0].account == (1, "amber")


def test_pages_are_told_the_id(book: AlertBook, live: Live) -> None:
    look(book, EMPTY, times=2)
    assert [(one.name, one.ref) for one in live.since(0)] == [("notification", str(book.latest()[0].id))]


def test_each_place_is_told_for_itself_and_a_restart_forgets_none(book: AlertBook, store: Store) -> None:
    look(book, EMPTY, times=2)
    first, second = book.undelivered()
    book.delivered(first)
    book.failed(second)
    (left,) = AlertBook(store, Live(store)).undelivered()
    assert (left.place, left.tries, left.alert.event) == ("b", 1, "pool_empty")


def test_old_alerts_are_forgotten(book: AlertBook) -> None:
    look(book, EMPTY, times=2)
    assert book.prune(999.0) == 0
    assert book.prune(1_001.0) == 1
    assert (book.latest(), book.undelivered()) == ([], [])
