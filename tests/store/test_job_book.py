"""The book of background jobs: what there is, what was asked, what is forgotten."""

import pytest

from gemini_pool.store.db import Store
from gemini_pool.store.job_book import JobBook, JobEntry, RunState
from gemini_pool.store.live import Live

SWEEP, HEALTH = JobEntry("sweep", "Sweep", 3600), JobEntry("health", "Health", None)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(store: Store, clock: Clock) -> JobBook:
    return JobBook(store, Live(store), clock)


def test_a_job_that_is_there_no_more_is_not_listed_and_keeps_its_history(book: JobBook) -> None:
    book.open([SWEEP, HEALTH], 0)
    book.end(
        "health", book.begin("health", 1, ordered=False, next_at=None), ok=True, message="", next_at=None
    )
    book.open([SWEEP], 0)
    assert [job.entry for job in book.all()] == [SWEEP]
    assert not book.want("health")
    book.open([SWEEP, HEALTH], 0)
    assert [job.entry for job in book.all()] == [HEALTH, SWEEP]
    assert book.runs("health")


def test_only_runs_of_those_who_led_before_are_cut_off(book: JobBook, clock: Clock) -> None:
    book.open([SWEEP, HEALTH], 0)
    book.begin("sweep", 1, ordered=False, next_at=None)
    clock.now = 2000.0
    book.begin("health", 2, ordered=False, next_at=None)
    assert book.open([SWEEP, HEALTH], since=1500.0) == {"sweep"}
    health, sweep = book.all()
    assert health.running
    assert sweep.running is None
    assert sweep.last
    assert (sweep.last.state, sweep.last.ms) == (RunState.CUT_OFF, 1_000_000)


def test_old_runs_are_forgotten_but_for_the_last_and_those_under_way(book: JobBook, clock: Clock) -> None:
    book.open([SWEEP, HEALTH], 0)
    for _ in range(3):
        run_id = book.begin("sweep", 1, ordered=False, next_at=None)
        book.end("sweep", run_id, ok=True, message="", next_at=None)
    book.begin("health", 1, ordered=False, next_at=None)
    assert book.prune(clock.now + 1) == 2
    assert [run.id for run in book.runs("sweep")] == [run_id]
    assert len(book.runs("health")) == 1


def test_each_beginning_and_end_is_told_to_pages(store: Store, book: JobBook) -> None:
    book.open([SWEEP], 0)
    live = Live(store)
    seen = live.latest()
    run_id = book.begin("sweep", 1, ordered=False, next_at=None)
    book.end("sweep", run_id, ok=False, message="No.", next_at=None)
    book.pause("sweep")
    assert [(event.name, event.ref) for event in live.since(seen)] == [("job_update", "sweep")] * 3
