"""Health checks by hand, and what is told of the last ones."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from programs import Program

from gemini_pool.roster import Standing, Verdict
from gemini_pool.simulator.world import World
from gemini_pool.store.health import Checkup, Found
from gemini_pool.wiring import EXTENSION, Services

AMBER, BRUNO, CLARA = 1, 2, 3


def by_id(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {row["account_id"]: row for row in rows}


def test_all_are_checked_and_the_answer_tells_of_each(
    program: Program, services: Services, world: World
) -> None:
    world.behave("clara", xsrf="401")
    program.post("/api/accounts/2/toggle")
    told = program.post("/api/admin/health-check")
    assert (told["status"], told["message"]) == ("completed", "1 passed, 1 failed, 1 taken out.")
    results = by_id(told["results"])
    assert results.keys() == {AMBER, CLARA}
    amber, clara = results[AMBER], results[CLARA]
    assert (amber["status"], amber["account_name"], amber["disabled"]) == ("success", "amber", False)
    assert amber["check_duration_ms"] >= 0
    assert amber["timestamp"].endswith("Z")
    assert (clara["status"], clara["error_code"], clara["disabled"]) == (
        "failed",
        "CredentialsRejected",
        True,
    )
    assert program.get("/api/accounts/3")["account"]["state"] == "needs_sign_in"
    (deed,) = [one for one in services.audit.page() if one.action == "accounts.checked"]
    assert deed.target == "2 accounts"


def test_one_is_checked_and_comes_back(program: Program, services: Services, world: World) -> None:
    clara = services.accounts.accounts()[CLARA - 1]
    services.accounts.record(clara, Verdict("Signed out.", standing=Standing.NEEDS_SIGN_IN))
    result = program.post("/api/admin/accounts/3/health-check")
    assert (result["status"], result["account_id"]) == ("success", CLARA)
    assert services.accounts.accounts()[CLARA - 1].standing is Standing.GOOD
    program.refused("POST", "/api/admin/accounts/99/health-check", 404)


def test_an_account_that_is_switched_off_stays_so(program: Program) -> None:
    program.post("/api/accounts/2/toggle")
    assert program.post("/api/admin/accounts/2/health-check")["status"] == "success"
    assert program.get("/api/accounts/2")["account"]["state"] == "disabled"


def test_a_check_that_takes_too_long_is_told_so(
    program: Program, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gemini_pool.web.api.health.MOST_SECONDS", 0.3)
    world.behave("clara", xsrf="slow", xsrf_delay=20.0)
    program.refused("POST", "/api/admin/accounts/3/health-check", 503)
    told = program.post("/api/admin/health-check")
    assert told["message"] == "2 passed, 0 failed, 1 skipped."


def test_the_status_tells_of_accounts_and_of_the_last_round(
    program: Program, services: Services, world: World
) -> None:
    summary = program.get("/api/admin/health-status")["summary"]
    assert (summary["total"], summary["unknown"], summary["last_round"]) == (3, 3, None)
    world.behave("clara", xsrf="401")
    services.health_checks.round()
    told = program.get("/api/admin/health-status")
    summary = told["summary"]
    assert (summary["active"], summary["healthy"], summary["unhealthy"], summary["unknown"]) == (3, 2, 1, 0)
    assert (summary["last_round"]["passed"], summary["last_round"]["taken_out"]) == (2, 1)
    clara = by_id(told["accounts"])[CLARA]
    assert (clara["status"], clara["state"], clara["taken_out"]) == ("needs_sign_in", "needs_sign_in", True)
    assert (clara["failures"], clara["network_errors"]) == (1, 0)
    assert clara["next_check_at"] > clara["last_check_at"]
    assert by_id(told["accounts"])[AMBER]["status"] == "healthy"


def test_a_call_that_was_answered_spares_its_account_a_check(
    program: Program, services: Services, world: World, keyed: dict[str, str]
) -> None:
    client = program._client
    asked = {"messages": [{"role": "user", "content": "Hi"}]}
    assert client.post("/v1/chat/completions", json=asked, headers=keyed).status_code == 200
    services.behind.flush()
    (answered,) = services.journal.answered_since(0)
    before = len(world.calls(method="xsrf"))
    services.health_checks.round()
    assert len(world.calls(method="xsrf")) == before + 2
    assert services.health.checkups()[answered].message == "It answered a caller."


# The settings, by the names that the operator gives them


Checked = Callable[..., tuple[Services, dict[str, Checkup]]]


@pytest.fixture
def checked(make_app: Callable[..., Flask]) -> Checked:
    """What a round finds under these settings, by name."""

    def check(**environ: str) -> tuple[Services, dict[str, Checkup]]:
        app = make_app("amber", "bruno", "clara", **{"HEALTH_CHECK_RETRY_COUNT": "0", **environ})
        services: Services = app.extensions[EXTENSION]
        services.health_checks.round()
        names = {one.id: one.name for one in services.accounts.accounts()}
        return services, {names[one.account_id]: one for one in services.health.checkups().values()}

    return check


def test_how_long_a_check_may_take(checked: Checked, world: World) -> None:
    world.behave("clara", xsrf="slow", xsrf_delay=20.0)
    _, found = checked(HEALTH_CHECK_TIMEOUT="1")
    assert found["clara"].message == "The service did not answer within 1 s."


def test_how_often_a_check_is_tried(checked: Checked, world: World) -> None:
    world.behave("clara", xsrf="500")
    checked(HEALTH_CHECK_RETRY_COUNT="1")
    assert len(world.calls("clara", "xsrf")) == 2


def test_whether_an_account_is_taken_out(checked: Checked, world: World) -> None:
    world.behave("clara", xsrf="401")
    services, found = checked(HEALTH_CHECK_AUTO_DISABLE="0")
    assert found["clara"].found is Found.NEEDS_SIGN_IN
    assert services.accounts.accounts()[CLARA - 1].standing is Standing.GOOD


def test_after_how_many_network_errors(checked: Checked, world: World) -> None:
    world.behave("clara", xsrf="500")
    services, _ = checked(HEALTH_CHECK_NETWORK_ERROR_THRESHOLD="1")
    assert services.accounts.accounts()[CLARA - 1].standing is Standing.FAILING


def test_how_many_are_checked_at_one_time(checked: Checked, world: World) -> None:
    world.behave(None, rtt=0.3)
    began = time.monotonic()
    checked(HEALTH_CHECK_CONCURRENT_LIMIT="1")
    assert time.monotonic() - began > 0.9


def test_how_long_it_is_until_the_next_look(checked: Checked, world: World) -> None:
    world.behave("clara", xsrf="401")
    _, found = checked(HEALTH_CHECK_INTERVAL="77")
    assert found["clara"].next_at == found["clara"].at + 77
