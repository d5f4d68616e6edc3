"""Health checks by hand, and what is told of the last ones."""

from pathlib import Path
from typing import Any

import pytest
from programs import Program

from gemini_pool.roster import Standing, Verdict
from gemini_pool.simulator.world import World
from gemini_pool.wiring import Services

AMBER, BRUNO, CLARA = 1, 2, 3


def by_id(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {row["account_id"]: row for row in rows}


def test_all_are_checked_and_the_answer_tells_of_each(
    program: Program, services: Services, world: World
) -> None:
    world.behave("clara", xsrf="401")
    program.post("/api/accounts/2/toggle")
    told = program.post("/api/admin/health-check")
    assert (told["status"], told["message"]) == ("completed", "1 passed, 1 failed, 0 not checked.")
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
    assert told["message"] == "2 passed, 0 failed, 1 not checked."


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
    program: Program, services: Services, world: World, keyed: dict[str, str], tmp_path: Path
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
