"""Alerts on their way from the pool to people."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from programs import Program
from proxies import Heard, Peer, answer
from signing_in import PASSWORD

from gemini_pool.news import build_alerts
from gemini_pool.roster import Standing, Verdict
from gemini_pool.wiring import EXTENSION, Services


class People(Peer):
    """Those who are told: one that listens, and by another path one that may be deaf."""

    def __init__(self) -> None:
        super().__init__(self._said)
        self.deaf = False

    def _said(self, heard: Heard) -> bytes:
        deaf = self.deaf and heard.target == "/second"
        return answer(500 if deaf else 200, b"", "Connection: close")

    def told(self, path: str = "/first") -> list[str]:
        return [json.loads(one.body)["event"] for one in self.requests if one.target == path]


@pytest.fixture
def people() -> Iterator[People]:
    with People() as listening:
        yield listening


@pytest.fixture
def app(make_app: Callable[..., Flask], people: People) -> Flask:
    addresses = f"{people.url}/first,{people.url}/second"
    return make_app("amber", "bruno", "clara", ADMIN_PASSWORD=PASSWORD, ALERT_URLS=addresses)


def look(services: Services, times: int = 2) -> None:
    office = services.office
    for _ in range(times):
        build_alerts(services, office.webhooks, office.profiles.get).run()


def stop(services: Services, *names: str, standing: Standing = Standing.FORBIDDEN) -> None:
    for one in services.accounts.accounts():
        if one.name in names:
            services.accounts.record(one, Verdict("It is shut out.", standing=standing))


def test_a_pool_that_empties_is_told_step_by_step_and_its_recovery_too(
    services: Services, people: People, program: Program
) -> None:
    stop(services, "amber", "bruno", standing=Standing.NEEDS_SIGN_IN)
    look(services, times=4)
    assert sorted(people.told()) == ["account_needs_human", "account_needs_human", "pool_nearly_empty"]
    holding = program.get("/api/alerts")["holding"]
    assert {one["event"] for one in holding} == {"account_needs_human", "pool_nearly_empty"}
    for one in services.accounts.accounts():
        services.accounts.record(one, Verdict("", standing=Standing.GOOD))
    look(services)
    assert people.told()[3:] == ["recovered"] * 3
    alerts = program.get("/api/alerts")
    assert alerts["holding"] == []
    assert len(alerts["alerts"]) == 6
    assert people.told("/second") == people.told()


def test_an_account_is_told_of_by_name(services: Services, people: People) -> None:
    stop(services, "clara")
    look(services)
    (heard, _) = people.requests
    body: dict[str, Any] = json.loads(heard.body)
    assert (body["event"], body["account"]) == (
        "account_needs_human",
        {"id": 3, "name": "clara"},
    )


def test_one_that_is_deaf_is_told_again_without_the_others(services: Services, people: People) -> None:
    people.deaf = True
    stop(services, "clara")
    look(services, times=4)
    assert len(people.told("/second")) == 3
    people.deaf = False
    look(services)
    assert (len(people.told("/first")), len(people.told("/second"))) == (1, 4)


def test_one_that_stays_deaf_is_given_up(services: Services, people: People) -> None:
    people.deaf = True
    stop(services, "clara")
    look(services, times=12)
    assert len(people.told("/second")) == 5


def test_a_test_message_goes_to_all_and_says_how_it_went(program: Program, people: People) -> None:
    people.deaf = True
    tested = program.post("/api/alerts/test")
    assert tested["success"] is False
    assert [one["success"] for one in tested["results"]] == [True, False]
    assert tested["results"][0]["address"] == f"http://{people.netloc}/…"
    assert people.told() == ["test"]


def test_without_an_address_there_is_nobody_to_tell(make_app: Callable[..., Flask]) -> None:
    app = make_app("amber", ADMIN_PASSWORD=PASSWORD)
    assert Program(app).post("/api/alerts/test") == {"success": False, "results": []}
    services: Services = app.extensions[EXTENSION]
    stop(services, "amber")
    look(services)
    events = {one.event for one in services.alerts.latest()}
    assert events == {"account_needs_human", "pool_empty"}
