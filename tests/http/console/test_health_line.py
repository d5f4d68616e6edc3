"""Health checks on the pages of accounts."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from pages import Person, text_of
from signing_in import PASSWORD

from gemini_pool.jobs.leader import LOCK_FILE, Leader
from gemini_pool.simulator.world import World
from gemini_pool.store.health import Checkup, Found
from gemini_pool.store.job_book import JobEntry

MakeApp = Callable[..., Flask]
AMBER = 1


@pytest.fixture
def person(make_app: MakeApp) -> Person:
    return Person(make_app("amber", "bruno", ADMIN_PASSWORD=PASSWORD))


def line(person: Person) -> str:
    """What the account's page says of its checks."""
    text = text_of(person.see(f"/accounts/{AMBER}"))
    begins = text.find("Last check:")
    begins = text.find("It was not checked yet.") if begins < 0 else begins
    return text[begins : text.index("What it is", begins)]


def test_an_account_tells_what_its_last_check_found(person: Person) -> None:
    assert line(person).startswith("It was not checked yet.")
    now = time.time()
    person.services.health.note(
        [Checkup(AMBER, Found.HEALTHY, now - 180, "The service gave it a token.", ms=212)]
    )
    assert line(person).startswith("Last check: healthy 3 min ago (212 ms)")
    refused = Checkup(AMBER, Found.NEEDS_SIGN_IN, now, "<i>Refused</i>", failures=3)
    person.services.health.note([refused])
    assert line(person).startswith("Last check: needs a sign-in now 3 failures in a row")
    assert "<i>Refused</i>" in line(person)


def test_the_next_look_is_told_as_far_as_it_is_planned(person: Person, tmp_path: Path) -> None:
    now = time.time()
    book = person.services.job_book
    book.open([JobEntry("health", "Check the accounts", 300)], since=0)
    book.plan("health", now + 240)
    assert "Checks do not run by themselves." in line(person), "nobody runs the jobs"
    leader = Leader(tmp_path / LOCK_FILE)
    assert leader.try_lead()
    assert "next look in 4 min" in line(person) or "next look in 3 min 59 s" in line(person)
    person.services.health.note([Checkup(AMBER, Found.FORBIDDEN, now, next_at=now + 7200, taken_out=True)])
    assert "next look in 2 h" in line(person) or "next look in 1 h 59 min" in line(person)
    book.pause("health")
    assert "Checks do not run by themselves." in line(person)
    leader.resign()


def test_an_account_is_checked_now(person: Person, world: World) -> None:
    form = {"next": f"/accounts/{AMBER}"}
    assert "amber: healthy (" in person.after(f"/accounts/{AMBER}/check", form)
    world.behave("amber", xsrf="401")
    assert "amber: needs a sign-in (" in person.after(f"/accounts/{AMBER}/check", form)
    assert person.deeds() == ["accounts.checked", "accounts.checked"]
    assert person.send("/accounts/99/check").status_code == 404


def test_a_check_without_an_answer_says_so(
    person: Person, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gemini_pool.web.api.health.MOST_SECONDS", 0.3)
    world.behave("amber", xsrf="slow", xsrf_delay=20.0)
    told = person.after(f"/accounts/{AMBER}/check", {"next": f"/accounts/{AMBER}"})
    assert "amber gave no answer in time. Nothing is concluded from that." in told


def test_all_are_checked_here_where_nobody_runs_the_jobs(person: Person, world: World) -> None:
    world.behave("bruno", xsrf="401")
    told = person.after("/accounts/check-all", {"next": "/accounts?sort=name"})
    assert "2 accounts were checked: 1 passed, 1 failed, 1 taken out." in told


def test_a_round_is_ordered_where_somebody_runs_the_jobs(person: Person, tmp_path: Path) -> None:
    book = person.services.job_book
    book.open([JobEntry("health", "Check the accounts", 300)], since=0)
    leader = Leader(tmp_path / LOCK_FILE)
    assert leader.try_lead()
    answer = person.send("/accounts/check-all")
    told = text_of(person.see(answer.headers["location"]))
    leader.resign()
    assert answer.headers["location"] == "/activity/jobs/health"
    assert "A round of checks begins within two seconds" in told
    assert book.orders().wanted.keys() == {"health"}
    assert person.services.health.checkups() == {}
