"""What calls come to by hour and by day."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import pytest

from gemini_pool.errors import StoreError
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.figures import Counts, ModelStats, Point, Span, Subject
from gemini_pool.store.journal import AttemptRecord, CallJournal, CallRecord
from gemini_pool.store.statistics import Statistics

HOUR, DAY = 3600, 86_400
NOW = datetime(2026, 3, 20, 13, 20, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2026, 3, 20, tzinfo=UTC).timestamp()
CALL = CallRecord(
    NOW,
    "req_one",
    1,
    "amber's program",
    3,
    "gemini-2.5-pro",
    "/v1/chat/completions",
    "ok",
    "",
    400,
    2000,
    5,
    7,
)
ERROR = replace(CALL, outcome="error", error="Busy", first_ms=None, account_id=None)
LIMIT = AttemptRecord(7, "QuotaExhausted", "No more today.", 90)

Write = Callable[..., None]


@pytest.fixture
def statistics(store: Store) -> Statistics:
    return Statistics(store, clock=lambda: NOW)


@pytest.fixture
def write(store: Store, statistics: Statistics, behind: WriteBehind) -> Write:
    journal = CallJournal(store, behind, statistics.count)

    def write(*calls: CallRecord) -> None:
        for call in calls:
            journal.record(call)
        journal.flush()

    return write


def busy(points: list[Point]) -> dict[int, Counts]:
    return {point.start: point.figures.counts for point in points if point.figures.counts.calls}


def test_calls_are_told_apart_by_how_they_ended(statistics: Statistics, write: Write) -> None:
    write(CALL, CALL, ERROR)
    write(replace(ERROR, error="BadRequest"), replace(CALL, outcome="client_closed", total_ms=9))
    write(replace(CALL, attempts=(LIMIT,), total_ms=5000))
    (counts,) = busy(statistics.series(Span.DAY)).values()
    assert counts == Counts(
        calls=6, answers=3, failures=1, refused=1, client_closed=1, limited=1, average_ms=3000.0
    )


def test_a_day_has_twenty_four_hours_and_the_last_is_this_one(statistics: Statistics, write: Write) -> None:
    write(replace(CALL, at=NOW - 25 * HOUR), replace(CALL, at=NOW - 23 * HOUR), CALL)
    points = statistics.series(Span.DAY)
    assert [point.seconds for point in points] == [HOUR] * 24
    assert [point.start for point in points] == [int(MIDNIGHT) + h * HOUR for h in range(-10, 14)]
    assert list(busy(points)) == [points[0].start, points[-1].start]


def test_a_week_has_seven_days_in_quarters_and_a_month_thirty(statistics: Statistics, write: Write) -> None:
    write(replace(CALL, at=MIDNIGHT - 6 * DAY - 1), replace(CALL, at=MIDNIGHT - 6 * DAY + 7 * HOUR), CALL)
    week, month = statistics.series(Span.WEEK), statistics.series(Span.MONTH)
    assert (len(week), week[0].start, week[0].seconds) == (27, MIDNIGHT - 6 * DAY, 6 * HOUR)
    assert list(busy(week)) == [week[1].start, week[-1].start]
    assert (len(month), month[0].start, month[-1].start) == (30, MIDNIGHT - 29 * DAY, MIDNIGHT)
    assert [counts.calls for counts in busy(month).values()] == [1, 1, 1]


@pytest.mark.parametrize("span", Span)
def test_medians_and_percentiles_are_told_within_a_tenth(
    statistics: Statistics, write: Write, span: Span
) -> None:
    times = [round(20 * 1.009**n) for n in range(900)]  # 20 ms to a minute
    write(*(replace(CALL, first_ms=ms, total_ms=ms * 3) for ms in times))
    hundredths = quantiles(times, n=100)
    figures = statistics.series(span)[-1].figures
    assert figures.first
    assert figures.total
    assert figures.first.p50 == pytest.approx(hundredths[49], rel=0.1)
    assert figures.first.p95 == pytest.approx(hundredths[94], rel=0.1)
    assert figures.total.p50 == pytest.approx(3 * hundredths[49], rel=0.1)
    assert figures.total.p95 == pytest.approx(3 * hundredths[94], rel=0.1)


def test_failures_do_not_make_answers_look_fast(statistics: Statistics, write: Write) -> None:
    write(*[replace(ERROR, total_ms=1)] * 20)
    assert statistics.series(Span.DAY)[-1].figures.total is None
    write(CALL)
    last = statistics.series(Span.DAY)[-1].figures
    assert last.total
    assert last.total.p50 == pytest.approx(2000, rel=0.1)


def test_every_account_that_was_asked_counts_what_it_did(statistics: Statistics, write: Write) -> None:
    refused = AttemptRecord(9, "PolicyRefused", "Blocked.", 50)
    write(
        replace(CALL, attempts=(LIMIT,)),
        replace(ERROR, account_id=9, error="PolicyRefused", attempts=(refused,)),
        replace(ERROR, account_id=7, error="NoAccountAvailable", attempts=(LIMIT,)),
        replace(CALL, outcome="client_closed"),
        # Whose caller went while another account was looked for.
        replace(CALL, outcome="client_closed", account_id=7, attempts=(LIMIT,)),
        ERROR,
    )
    told = statistics.by_account(Span.DAY)
    assert told == statistics.by_account(Span.WEEK) == statistics.by_account(Span.MONTH)
    assert told == {
        3: Counts(2, answers=1, failures=0, refused=0, client_closed=1, limited=0, average_ms=2000.0),
        7: Counts(3, answers=0, failures=3, refused=0, client_closed=0, limited=3, average_ms=None),
        9: Counts(1, answers=0, failures=0, refused=1, client_closed=0, limited=0, average_ms=None),
    }
    assert busy(statistics.series(Span.DAY, Subject.account(7)))[int(NOW) // HOUR * HOUR] == told[7]


def test_models_come_the_busiest_first(statistics: Statistics, write: Write) -> None:
    write(CALL, replace(CALL, model="gemini-auto"), CALL, replace(ERROR, model="", error="BadRequest"))
    for span in Span:
        told = statistics.by_model(span)
        assert [(model, one.counts.answers) for model, one in told.items()] == [
            ("gemini-2.5-pro", 2),
            ("gemini-auto", 1),
        ]
    assert len(busy(statistics.series(Span.DAY, model="gemini-auto"))) == 1


def test_a_key_is_told_of_as_the_admin_api_wants_it(statistics: Statistics, write: Write) -> None:
    write(
        CALL,
        CALL,
        replace(CALL, model="gemini-auto", total_ms=5000),
        replace(ERROR, error="LimitReached", model=""),
        replace(CALL, outcome="client_closed"),
        replace(CALL, at=NOW - 2 * DAY),
        replace(CALL, key_id=None),
        replace(CALL, key_id=2),
    )
    key = statistics.of_key(1, 2)
    assert (key.total_calls, key.success_calls, key.error_calls, key.period_days) == (5, 3, 1, 2)
    assert (key.success_rate, key.avg_response_time) == (75.0, 3000.0)
    assert key.model_stats == {"gemini-2.5-pro": ModelStats(3, 2, 0), "gemini-auto": ModelStats(1, 1, 0)}
    assert statistics.of_key(1, 3).total_calls == 6
    assert statistics.of_key(None, 1).total_calls == 1
    nobody = statistics.of_key(44, 30)
    assert (nobody.total_calls, nobody.success_rate, nobody.avg_response_time) == (0, 0.0, 0.0)


def test_two_processes_add_to_the_same_hour(path: Path, store: Store, statistics: Statistics) -> None:
    for journal in (CallJournal(one, WriteBehind(), Statistics(one).count) for one in (store, Store(path))):
        journal.record(CALL)
        journal.flush()
    assert [counts.answers for counts in busy(statistics.series(Span.DAY)).values()] == [2]


def test_calls_that_cannot_be_written_are_not_counted_twice(
    path: Path, store: Store, statistics: Statistics, behind: WriteBehind
) -> None:
    journal = CallJournal(store, behind, statistics.count)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON statistics WHEN NEW.kind = 'key' AND NEW.width = 86400"
            " BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        journal.record(CALL)
        with pytest.raises(StoreError, match="full"):
            journal.flush()
        assert journal.recent() == []
        other.execute("DROP TRIGGER full")
    journal.flush()
    assert journal.recent() == [CALL]
    assert [counts.calls for counts in busy(statistics.series(Span.DAY)).values()] == [1]


def test_old_hours_and_days_are_deleted(path: Path, statistics: Statistics, write: Write) -> None:
    write(CALL, replace(CALL, at=NOW - 10 * DAY), replace(CALL, at=NOW - 100 * DAY))
    assert statistics.prune(NOW - 90 * DAY) == 3 + 3 + 3  # all, key and account: two times hours, once days
    assert statistics.prune(NOW - 90 * DAY) == 0
    assert len(busy(statistics.series(Span.MONTH))) == 2
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM statistics").fetchone() == (9,)
