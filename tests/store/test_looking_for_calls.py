"""Calls on disk: looked through page by page, filtered, searched, counted."""

from dataclasses import replace

import pytest

from gemini_pool.errors import Busy, QuotaExhausted
from gemini_pool.store import journal as journal_module
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.call_filter import CallFilter
from gemini_pool.store.db import Store
from gemini_pool.store.journal import AttemptRecord, CallCount, CallJournal, CallPage, CallRecord, message_of

CALL = CallRecord(
    at=100.0,
    request_id="req_one",
    key_id=1,
    key_name="amber's program",
    account_id=3,
    model="gemini-2.5-pro",
    endpoint="/v1/chat/completions",
    outcome="ok",
    error="",
    first_ms=3,
    total_ms=12,
    prompt_tokens=5,
    completion_tokens=7,
    address="203.0.113.9",
    request_bytes=120,
    response_bytes=340,
    status=200,
)
FAILED = replace(
    CALL, outcome="error", error="Busy", error_message="It answered with 503.", status=502, first_ms=None
)


@pytest.fixture
def journal(store: Store, behind: WriteBehind) -> CallJournal:
    return CallJournal(store, behind)


def write(journal: CallJournal, *calls: CallRecord) -> None:
    """Calls, each a second after the one before and named by its place."""
    for number, call in enumerate(calls):
        journal.record(replace(call, at=100.0 + number, request_id=f"req_{number}"))
    journal.flush()


def names(page: CallPage) -> list[str]:
    return [kept.call.request_id.removeprefix("req_") for kept in page.calls]


def found(journal: CallJournal, **asked: object) -> list[str]:
    wanted = CallFilter(**asked)  # type: ignore[arg-type]
    page = journal.page(wanted)
    assert journal.count(wanted) == CallCount(len(page.calls))
    return names(page)


def test_a_call_comes_back_with_what_it_met(journal: CallJournal) -> None:
    quota = AttemptRecord.of(3, QuotaExhausted("No more today."), 0.8123)
    busy = AttemptRecord.of(5, Busy("503."), 0.02)
    call = replace(FAILED, attempts=(quota, busy))
    journal.record(call)
    journal.flush()
    (kept,) = journal.page().calls
    assert kept.call == call
    assert kept.call.attempts[0] == AttemptRecord(3, "QuotaExhausted", "No more today.", 812)
    assert journal.get(kept.id) == kept
    assert journal.get(kept.id + 1) is None


def test_pages_follow_each_other_by_the_time_of_the_calls(journal: CallJournal) -> None:
    for at in (3.0, 1.0, 2.0, 2.0, 5.0):
        journal.record(replace(CALL, at=at, request_id=f"req_{at}"))
    journal.flush()
    first = journal.page(limit=2)
    assert names(first) == ["5.0", "3.0"]
    assert first.next_before == first.calls[-1].id
    second = journal.page(before_id=first.next_before, limit=2)
    assert [kept.call.at for kept in second.calls] == [2.0, 2.0]
    third = journal.page(before_id=second.next_before, limit=2)
    assert (names(third), third.next_before) == (["1.0"], None)
    assert names(journal.page(limit=2, offset=4)) == ["1.0"]


def test_who_asks_for_what_follows_a_deleted_call_gets_nothing(journal: CallJournal) -> None:
    write(journal, CALL, CALL, CALL)
    oldest = journal.page().calls[1]
    journal.prune(oldest.call.at + 0.5)
    assert journal.page(before_id=oldest.id) == CallPage(())


def test_calls_are_found_by_what_they_are(journal: CallJournal) -> None:
    write(
        journal,
        CALL,
        replace(CALL, key_id=2),
        replace(CALL, account_id=7, key_id=None),
        replace(CALL, model="gemini-auto"),
        FAILED,
        replace(FAILED, key_id=2),
    )
    assert found(journal) == ["5", "4", "3", "2", "1", "0"]
    assert found(journal, key_id=2) == ["5", "1"]
    assert found(journal, key_id=0) == ["2"]
    assert found(journal, account_id=7) == ["2"]
    assert found(journal, model="gemini-auto") == ["3"]
    assert found(journal, outcome="error") == ["5", "4"]
    assert found(journal, outcome="error", key_id=2) == ["5"]
    assert found(journal, since=102.0, until=104.0) == ["3", "2"]


def test_a_text_is_found_in_ids_errors_models_and_keys(journal: CallJournal) -> None:
    write(
        journal,
        CALL,
        replace(CALL, key_name="clara_s 100%"),
        replace(CALL, model="gemini-auto"),
        FAILED,
    )
    assert found(journal, text="REQ_2") == ["2"]
    assert found(journal, text="busy") == ["3"]
    assert found(journal, text="503") == ["3"]
    assert found(journal, text="auto") == ["2"]
    assert found(journal, text="100%") == ["1"]
    assert found(journal, text="clara_s") == ["1"]
    assert found(journal, text="1_0") == []
    assert found(journal, text="amber", outcome="error") == ["3"]


def test_a_text_is_looked_for_in_so_many_calls_and_the_page_says_how_to_go_on(
    journal: CallJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MOST_SEARCHED", 3)
    write(journal, FAILED, CALL, replace(CALL, key_id=2), CALL, CALL, FAILED)
    wanted = CallFilter(text="busy", key_id=1)
    assert journal.count(wanted) == CallCount(1, exact=False)
    first = journal.page(wanted)
    assert (names(first), first.searched_since) == (["5"], 103.0)
    second = journal.page(wanted, before_id=first.next_before)
    assert (names(second), second.next_before, second.searched_since) == (["0"], None, None)


def test_a_count_that_would_take_long_stops(journal: CallJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MOST_COUNTED", 3)
    write(journal, *[CALL] * 3)
    assert journal.count() == CallCount(3)
    write(journal, CALL)
    assert journal.count() == CallCount(3, exact=False)


def test_the_last_minute_is_counted(journal: CallJournal) -> None:
    write(journal, *[CALL] * 5)  # from 100 to 104
    assert journal.last_minute(clock=lambda: 162.5) == 2


def test_what_an_error_of_others_says_is_kept_out() -> None:
    assert message_of(Busy("x" * 5000)) == "x" * 1000
    assert message_of(KeyError("a secret")) == message_of(None) == ""
