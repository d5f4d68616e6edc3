"""Activity: calls, events and the audit."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from pages import Person, beside, text_of
from signing_in import PASSWORD

from gemini_pool.store import journal
from gemini_pool.store.journal import AttemptRecord, CallRecord

MakeApp = Callable[..., Flask]
OK = CallRecord(
    at=0,
    request_id="req_ok",
    key_id=None,
    key_name="API_KEY",
    account_id=1,
    model="gemini-auto",
    endpoint="/v1/chat/completions",
    outcome="ok",
    error="",
    first_ms=300,
    total_ms=900,
    prompt_tokens=10,
    completion_tokens=20,
    attempts=(AttemptRecord(2, "Busy", "It <i>was</i> busy.", 412),),
)
BAD = replace(
    OK, request_id="req_bad", outcome="error", error="Busy", error_message="All were busy.", status=502
)


@pytest.fixture
def person(make_app: MakeApp) -> Person:
    return Person(make_app("amber", "bruno", ADMIN_PASSWORD=PASSWORD))


def record(person: Person, *calls: CallRecord) -> None:
    for call in calls:
        person.services.journal.record(call)
    person.services.behind.flush()


def shown(answer: Any) -> list[int]:
    """The ids of the calls on a page."""
    return [int(one) for one in re.findall(r'<tbody id="call-(\d+)"', answer.text)]


def test_a_call_opens_to_its_attempts(person: Person) -> None:
    record(person, replace(OK, at=time.time()))
    closed = person.see("/activity")
    assert "It <i>was</i> busy." not in text_of(closed)
    link = re.search(r'href="(/activity\?open=1)#call-1"', closed.text)
    assert link
    page = person.see(link[1])
    text = text_of(page)
    assert "bruno Busy: It <i>was</i> busy. 412 ms amber Answered 900 ms" in text
    assert "<i>was" not in page.text
    assert "req_ok" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [4, 3, 2, 1]),
        ("key=7", [4]),
        ("key=0", [3, 2, 1]),
        ("model=other", [3]),
        ("account=amber", [4, 3, 1]),
        ("account=2", [2]),
        ("status=error", [2]),
        ("status=nonsense", [4, 3, 2, 1]),
        ("q=ALL+were", [2]),
        ("q=%25", []),
        ("time=1h", [4, 3, 2]),
        ("from=2001-09-09T01:00&to=2001-09-09T02:00", [1]),
        ("before=3", [2, 1]),
        ("before=99999999999999999999999&open=x", [4, 3, 2, 1]),
    ],
)
def test_calls_are_filtered_by_the_query(person: Person, query: str, found: list[int]) -> None:
    now = time.time()
    record(
        person,
        replace(OK, at=1_000_000_000),
        replace(BAD, at=now - 30, account_id=2),
        replace(OK, at=now - 20, model="other"),
        replace(OK, at=now - 10, key_id=7, key_name="Laptop"),
    )
    assert shown(person.see(f"/activity?{query}")) == found


def test_a_filter_that_cannot_be_used_is_told_beside_its_field(person: Person) -> None:
    page = person.see("/activity?account=nobody&from=yesterday")
    assert "No account has this name." in beside(page, "account")
    assert "Write it as" in beside(page, "from")


def test_older_calls_follow_without_gap(person: Person) -> None:
    record(person, *(replace(OK, at=1_700_000_000 + i) for i in range(60)))
    first = person.see("/activity?model=gemini-auto")
    older = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert older
    second = person.see(older[1].replace("&amp;", "&"))
    assert shown(first) + shown(second) == list(range(60, 0, -1))
    assert "Newest" in text_of(second)


def test_it_is_told_how_far_back_a_text_was_looked_for(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST_SEARCHED", 2)
    record(person, replace(BAD, at=1_700_000_000), *(replace(OK, at=1_700_000_001 + i) for i in range(3)))
    page = person.see("/activity?q=All+were")
    assert "No call is like this." in text_of(page)
    assert "Older calls may hold it as well." in text_of(page)
    further = re.search(r'<a href="([^"]+)">Look further back', page.text)
    assert further
    assert shown(person.see(further[1].replace("&amp;", "&"))) == [1]


def test_events_are_filtered_and_cleared(person: Person) -> None:
    lines = person.services.log_lines
    for level, message in ((logging.INFO, "all is well"), (logging.ERROR, "it <u>broke</u>")):
        lines.keep(
            at=time.time(),
            level=level,
            logger="x",
            message=message,
            process=1,
            request_id="",
            trace="Trace: deep",
        )
    person.services.behind.flush()
    every = person.see("/activity?tab=events")
    assert "all is well" in text_of(every)
    assert "<u>" not in every.text
    graver = text_of(person.see("/activity?tab=events&level=ERROR"))
    assert "all is well" not in graver
    assert "it <u>broke</u> Trace Trace: deep" in graver
    assert "The events are cleared." in person.after("/activity/clear")
    assert lines.page() == []
    assert person.deeds() == ["log.cleared"]


def test_the_audit_tells_who_did_what_from_where(person: Person) -> None:
    person.send("/keys", {"name": "<em>Laptop</em>"})
    page = person.see("/activity?tab=audit&q=made")
    assert "Key made key 1 <em>Laptop</em> by the console 127.0.0.1" in text_of(page)
    assert "<em>" not in page.text
    assert "No change is like this." in text_of(person.see("/activity?tab=audit&q=nothing"))
