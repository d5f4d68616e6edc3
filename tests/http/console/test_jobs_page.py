"""Background jobs on their pages: how they stand, how they went, and the buttons."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from pages import Person, text_of
from signing_in import PASSWORD

from gemini_pool.jobs.leader import LOCK_FILE, Leader
from gemini_pool.store.job_book import JobBook, JobEntry

HOUR = 3600
ENTRIES = [
    JobEntry("health", "Check the accounts", 300),
    JobEntry("sign-ins", "Sign in the accounts that are ordered", None),
    JobEntry("sweep", "Delete what is old", HOUR),
    JobEntry("tidy", "Tidy <i>up</i>", 60),
]
FAR = 4e9


@pytest.fixture
def person(make_app: Callable[..., Flask]) -> Person:
    person = Person(make_app("amber", ADMIN_PASSWORD=PASSWORD))
    person.services.job_book.open(ENTRIES, since=0)
    return person


@pytest.fixture
def book(person: Person) -> JobBook:
    return person.services.job_book


@pytest.fixture
def led(tmp_path: Path) -> None:
    """Another process leads."""
    assert Leader(tmp_path / LOCK_FILE).try_lead()


def ran(book: JobBook, name: str, message: str, *, ok: bool = True, ordered: bool = False) -> None:
    run_id = book.begin(name, 77, ordered=ordered, next_at=FAR)
    book.end(name, run_id, ok=ok, message=message, next_at=FAR)


def row(person: Person, name: str) -> str:
    """What the table says of a job."""
    page = person.see("/activity/jobs").text
    begins = page.index(f'<a href="/activity/jobs/{name}">')

    class Piece:
        text = page[begins : page.index("</tr>", begins)]

    return text_of(Piece)


def test_each_job_is_told_with_its_state_its_last_run_and_its_next(
    person: Person, book: JobBook, led: None
) -> None:
    ran(book, "sweep", "Deleted calls: 12, files on disk: 3.")
    ran(book, "health", "Something went wrong here; the log tells what.", ok=False)
    book.begin("tidy", 77, ordered=False, next_at=FAR)
    book.pause("health")
    sweep = row(person, "sweep")
    assert sweep.startswith("Delete what is old Calls, files,")
    assert "Waits 1 h Done now took " in sweep
    assert "Deleted: calls 12, files on disk 3. in " in sweep
    assert sweep.endswith("Run now Pause")
    health = row(person, "health")
    assert "Paused 5 min Failed now" in health
    assert health.endswith("the log tells what. – Run now Resume")
    assert row(person, "tidy").startswith("Tidy <i>up</i> Running begun now ")
    assert row(person, "sign-ins").endswith("Waits only when asked for none yet – Run now")
    assert "<i>" not in person.see("/activity/jobs").text


def test_it_says_who_runs_the_jobs(person: Person, book: JobBook, tmp_path: Path) -> None:
    book.begin("sweep", 77, ordered=False, next_at=FAR)
    page = text_of(person.see("/activity/jobs"))
    assert "Nobody runs the background jobs: start python -m gemini_pool jobs or set SCHEDULER=1." in page
    assert "Nobody runs it 1 h none yet –" in row(person, "sweep"), "the process that ran it is gone"
    leader = Leader(tmp_path / LOCK_FILE)
    assert leader.try_lead()
    assert "runs the background jobs." in text_of(person.see("/activity/jobs"))
    leader.resign()


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ("run", "Delete what is old: it begins within two seconds."),
        ("pause", "Delete what is old: it runs only when it is asked for, until you resume it."),
        ("resume", "Delete what is old: it runs at its times again."),
    ],
)
def test_a_job_is_run_paused_and_resumed(
    person: Person, book: JobBook, led: None, order: str, told: str
) -> None:
    if order == "resume":
        book.pause("sweep")
    assert told in person.after(f"/activity/jobs/sweep/{order}", {"next": "/activity/jobs/sweep"})
    job = book.get("sweep")
    assert job
    assert (job.wanted, job.paused) == (order == "run", order == "pause")
    assert person.deeds() == [{"run": "job.ordered", "pause": "job.paused", "resume": "job.resumed"}[order]]
    if order == "run":
        assert "at once: it was asked for" in row(person, "sweep")


def test_an_order_that_nobody_hears_says_so(person: Person, book: JobBook) -> None:
    assert "It is noted. Nobody runs the background jobs now" in person.after("/activity/jobs/sweep/run")
    assert book.orders().wanted.keys() == {"sweep"}


def test_the_runs_of_a_job_have_their_own_page(person: Person, book: JobBook, led: None) -> None:
    for number in range(55):
        ran(book, "sweep", f"Run {number} <b>.", ordered=number == 54)
    page = person.see("/activity/jobs/sweep")
    text = text_of(page)
    assert page.text.count("<b>") == 0
    assert "Run 54 <b>. asked for 77" in text
    assert "Run 5 <b>. at its time 77" in text
    assert "Run 4 <b>." not in text
    assert "Its events" not in text
    ran(book, "health", "Something went wrong here; the log tells what.", ok=False)
    assert "?tab=events&amp;level=ERROR&amp;q=the%20job%20health" in person.see("/activity/jobs/health").text
    assert "It has not run yet." in text_of(person.see("/activity/jobs/sign-ins"))
    for path in ("/activity/jobs/nothing", "/activity/jobs/nothing/run"):
        assert person.see("/activity/jobs/nothing").status_code == 404, path
    assert person.send("/activity/jobs/nothing/run").status_code == 404


def test_a_run_that_was_cut_off_says_so(person: Person, book: JobBook, led: None) -> None:
    book.begin("sweep", 77, ordered=False, next_at=FAR)
    book.open(ENTRIES, since=FAR)
    assert "Cut off" in row(person, "sweep")
    assert "Its process ended before it did." in row(person, "sweep")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("3 passed, 1 failed, 1 taken out.", "通过 3 个、失败 1 个、停用 1 个"),
        ("Deleted calls: 12.", "已删除：调用 12"),
        ("Nothing was old.", "没有过期内容"),
        ("2 signed in, 1 failed", "已登录 2 个，失败 1 个"),
    ],
)
def test_what_came_of_a_run_is_told_in_chinese(
    person: Person, book: JobBook, led: None, message: str, told: str
) -> None:
    person.browser.client.set_cookie("language", "zh_CN")
    ran(book, "sweep", message)
    assert told in row(person, "sweep")
    assert "Delete what is old" not in row(person, "sweep")
