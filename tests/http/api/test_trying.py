"""Trying accounts out: what it says, and that it punishes nobody."""

from typing import Any

import pytest
from programs import Program
from running import until

from gemini_pool.roster import AccountState, Standing, Verdict
from gemini_pool.simulator.world import World
from gemini_pool.wiring import Services


def states(services: Services) -> list[str]:
    return [one.state(0.0) for one in services.accounts.accounts()]


def test_one_that_answers_shows_its_steps(program: Program) -> None:
    tested = program.get("/api/accounts/1/test")
    assert (tested["success"], tested["outcome"]) == (True, "answers")
    assert [step["name"] for step in tested["steps"]] == ["token", "session", "answer"]


@pytest.mark.parametrize(
    ("behaviour", "success", "outcome", "steps"),
    [
        ({"xsrf": "401"}, False, "refused", []),
        ({"xsrf": "403"}, False, "refused", []),
        ({"xsrf": "500"}, True, "unknown", []),
        ({"api": "reset", "api_on": ["session"]}, True, "unknown", ["token"]),
        ({"api": "429-retry-after", "retry_after": 30}, True, "limited", ["token", "session"]),
        ({"stream": "succeeded-empty"}, True, "unknown", ["token", "session"]),
    ],
)
def test_only_dead_cookies_are_a_failure_and_nobody_is_punished(
    program: Program,
    services: Services,
    world: World,
    behaviour: dict[str, Any],
    success: bool,
    outcome: str,
    steps: list[str],
) -> None:
    world.behave("amber", **behaviour)
    for _ in range(4):
        tested = program.get("/api/accounts/1/test")
    assert (tested["success"], tested["outcome"]) == (success, outcome)
    assert [step["name"] for step in tested["steps"]] == steps
    assert tested["cooldown"] == (30 if outcome == "limited" else None)
    assert states(services) == [AccountState.ACTIVE] * 3


def test_one_that_answers_again_is_well_again(program: Program, services: Services) -> None:
    account = services.accounts.accounts()[0]
    services.accounts.record(account, Verdict("signed out", standing=Standing.NEEDS_SIGN_IN))
    program.get("/api/accounts/1/test")
    assert states(services)[0] == AccountState.ACTIVE


def test_many_are_tried_as_work_that_can_be_watched(program: Program, world: World) -> None:
    world.behave("bruno", xsrf="401")
    begun = program.post("/api/accounts/test")
    assert begun["total"] == 3
    path = f"/api/works/{begun['work_id']}"
    until(lambda: program.get(path)["work"]["state"] == "done", what="the work")
    work = program.get(path)
    assert work["work"]["counts"] == {"ok": 2, "failed": 1}
    items = {item["name"]: item for item in work["items"]}
    assert "no longer accepted" in items["bruno"]["message"]
    assert [step["name"] for step in items["amber"]["steps"]] == ["token", "session", "answer"]


def test_work_is_cancelled(program: Program, world: World) -> None:
    world.behave(None, first_delay=1.0)
    begun = program.post("/api/accounts/test", {"ids": [1, 2, 3]})
    path = f"/api/works/{begun['work_id']}"
    until(lambda: program.get(path)["work"]["counts"].get("running"), what="its begin")
    assert program.post(f"{path}/cancel")["success"] is True
    until(lambda: program.get(path)["work"]["state"] == "cancelled", what="its end")
    counts = program.get(path)["work"]["counts"]
    assert "running" not in counts
    assert program.post(f"{path}/cancel")["success"] is False  # it has ended
