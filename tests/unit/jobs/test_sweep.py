"""What is old goes, and the log says so; what is young stays."""

import logging
from datetime import UTC, datetime

import pytest
from fakes import FakeClock

from gemini_pool.jobs.sweep import older_than, sweep, tallies_older_than

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
DAY = 86_400


class FakeJournal:
    """Calls by their times."""

    def __init__(self, *times: float) -> None:
        self.times = list(times)

    def prune(self, before: float) -> int:
        kept = [at for at in self.times if at >= before]
        removed = len(self.times) - len(kept)
        self.times = kept
        return removed


class FakeTally:
    """Tallies by their days."""

    def __init__(self, *days: str) -> None:
        self.days = list(days)

    def prune(self, before_day: str) -> int:
        kept = [day for day in self.days if day >= before_day]
        removed = len(self.days) - len(kept)
        self.days = kept
        return removed


class FakeConversations:
    """Conversations that are over, until they are swept."""

    def __init__(self, over: int) -> None:
        self.over = over

    def prune(self) -> int:
        removed, self.over = self.over, 0
        return removed


def test_calls_are_kept_for_so_many_days_to_the_second() -> None:
    clock = FakeClock(NOON)
    journal = FakeJournal(NOON - 30 * DAY - 1, NOON - 30 * DAY, NOON)
    prune = older_than(30, journal, clock)
    assert prune() == 1
    assert journal.times == [NOON - 30 * DAY, NOON]
    clock.advance(DAY)
    assert prune() == 1
    assert journal.times == [NOON]


def test_tallies_are_kept_for_so_many_days() -> None:
    tally = FakeTally("2025-01-24", "2025-01-25", "2026-03-01")
    assert tallies_older_than(400, tally, FakeClock(NOON))() == 1
    assert tally.days == ["2025-01-25", "2026-03-01"]


def test_a_sweep_goes_through_all_stores_and_says_what_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock(NOON)
    conversations, journal, tally = FakeConversations(3), FakeJournal(NOON), FakeTally("2020-01-01")
    stores = {
        "conversations": conversations.prune,
        "calls": older_than(30, journal, clock),
        "tallies": tallies_older_than(400, tally, clock),
    }
    sweep(stores)
    assert (conversations.over, journal.times, tally.days) == (0, [NOON], [])
    assert caplog.messages == ["the sweep deleted old conversations: 3", "the sweep deleted old tallies: 1"]
    sweep(stores)
    assert len(caplog.messages) == 2
