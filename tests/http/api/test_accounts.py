"""Accounts through the admin API, as consoles of this kind read and write them."""

import time
from typing import Any

import pytest
from programs import SEAT, Program, seat_of

from gemini_pool.roster import AccountState, QuotaKind, Verdict
from gemini_pool.simulator.world import World
from gemini_pool.wiring import Services


def listed(program: Program) -> dict[int, Any]:
    return {one["id"]: one for one in program.get("/api/accounts")["accounts"]}


def test_the_list_has_every_field_that_other_consoles_read(program: Program) -> None:
    answer = program.get("/api/accounts")
    assert answer["current_index"] == 0
    amber = answer["accounts"][0]
    for name, kind in {
        "id": int, "team_id": str, "csesidx": str, "user_agent": str, "secure_c_ses": str, "host_c_oses": str,
        "tempmail_name": str, "tempmail_url": str, "available": bool, "unavailable_reason": str,
        "cooldown_reason": str, "has_jwt": bool, "cookie_expired": bool, "quota": dict,
    }.items():  # fmt: skip
        assert isinstance(amber[name], kind), name
    assert amber["cooldown_until"] is None
    assert amber["quota"]["mode"] == "passive_detection"
    assert set(amber["quota"]["quota_types"]) == {"text_queries", "images", "videos"}


def test_cookies_are_masked(program: Program) -> None:
    text = program.send("GET", "/api/accounts").text
    for name in ("amber", "bruno", "clara"):
        assert seat_of(name)["secure_c_ses"] not in text
        assert seat_of(name)["host_c_oses"] not in text


def test_an_account_is_added_once_and_answers(program: Program, app: Any, keyed: dict[str, str]) -> None:
    program.post("/api/accounts/bulk", {"action": "delete", "ids": [1, 2, 3]})
    account_id = program.post("/api/accounts", seat_of("dieter"))["id"]
    assert account_id == 4
    said = app.test_client().post(
        "/v1/chat/completions", json={"messages": [{"role": "user", "content": "Hi"}]}, headers=keyed
    )
    assert "[dieter/" in said.json["choices"][0]["message"]["content"]
    again = program.refused("POST", "/api/accounts", 400, seat_of("dieter"))
    assert "Account 4 has this csesidx" in again["error"]


@pytest.mark.parametrize("field", ["secure_c_ses", "csesidx", "team_id"])
def test_a_missing_field_is_named(program: Program, field: str) -> None:
    seat = {name: value for name, value in SEAT.items() if name != field}
    fields = program.refused("POST", "/api/accounts", 400, seat)["fields"]
    assert set(fields) == {"config_id" if field == "team_id" else field}


def test_what_is_sent_back_masked_changes_nothing(program: Program, services: Services) -> None:
    before = services.accounts.profile(1)
    shown = listed(program)[1]
    fields = ("team_id", "secure_c_ses", "host_c_oses", "csesidx", "tempmail_name", "tempmail_url")
    program.put("/api/accounts/1", {name: shown[name] for name in fields})
    assert services.accounts.profile(1) == before


def test_new_cookies_begin_anew(program: Program, services: Services) -> None:
    account = services.accounts.accounts()[0]
    services.accounts.record(account, Verdict("limit", kind=QuotaKind.TEXT, until=time.time() + 600))
    assert listed(program)[1]["state"] == AccountState.RATE_LIMITED
    assert listed(program)[1]["cooldown_until"] > time.time()
    program.put("/api/accounts/1", {"secure_c_ses": "CSE.new"})
    assert listed(program)[1]["state"] == AccountState.ACTIVE


def test_renewing_takes_what_is_given(program: Program, services: Services, world: World) -> None:
    new = world.wallet.rotate(world.accounts["amber"])
    answer = program.post("/api/accounts/1/refresh-cookie", {"secure_c_ses": new})
    assert answer["success"] is True
    profile = services.accounts.profile(1)
    assert profile
    assert profile.given.credentials.secure_c_ses == new


def test_toggle_switches_off_and_on(program: Program) -> None:
    assert program.post("/api/accounts/1/toggle") == {"success": True, "available": False}
    assert listed(program)[1]["state"] == AccountState.DISABLED
    assert program.post("/api/accounts/1/toggle") == {"success": True, "available": True}


def test_an_id_is_never_used_again(program: Program) -> None:
    program.delete("/api/accounts/3")
    assert program.post("/api/accounts", SEAT)["id"] == 4
    assert set(listed(program)) == {1, 2, 4}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/accounts/9"),
        ("PUT", "/api/accounts/9"),
        ("DELETE", "/api/accounts/9"),
        ("POST", "/api/accounts/9/toggle"),
        ("POST", "/api/accounts/9/refresh-cookie"),
        ("GET", "/api/accounts/9/test"),
        ("GET", "/api/accounts/9/quota"),
        ("GET", "/api/accounts/9/history"),
        ("DELETE", "/api/accounts/99999999999999999999"),
    ],
)
def test_what_is_not_there_is_404(program: Program, method: str, path: str) -> None:
    program.refused(method, path, 404, {})


def test_several_at_once(program: Program) -> None:
    assert program.post("/api/accounts/bulk", {"action": "disable", "ids": [1, 2, 9]})["count"] == 2
    assert [one["enabled"] for one in listed(program).values()] == [False, False, True]
    assert program.post("/api/accounts/bulk", {"action": "enable", "ids": [1]})["count"] == 1
    assert program.post("/api/accounts/bulk", {"action": "delete", "ids": [1, 2]})["count"] == 2
    assert set(listed(program)) == {3}
    assert (
        "ids" in program.refused("POST", "/api/accounts/bulk", 400, {"action": "delete", "ids": []})["fields"]
    )


def test_its_history_tells_what_happened(program: Program) -> None:
    program.put("/api/accounts/1", {"name": "Amber", "note": "mine"})
    program.post("/api/accounts/1/toggle")
    history = program.get("/api/accounts/1/history")["history"]
    assert [one["what"] for one in history] == ["disabled", "edited", "added"]
    assert history[1]["reason"] == "name, note"


def test_its_limits_are_told(program: Program, services: Services) -> None:
    account = services.accounts.accounts()[0]
    services.accounts.record(account, Verdict("spent", kind=QuotaKind.IMAGES, until=time.time() + 60))
    quota = program.get("/api/accounts/1/quota")["quota"]["quota_types"]
    assert quota["images"]["status"] == "cooldown"
    assert 0 < quota["images"]["cooldown_remaining"] <= 60
    assert quota["text_queries"]["status"] == "available"


def test_answers_of_today_are_counted(program: Program, app: Any, keyed: dict[str, str]) -> None:
    for _ in range(3):
        app.test_client().post(
            "/v1/chat/completions", json={"messages": [{"role": "user", "content": "Hi"}]}, headers=keyed
        )
    app.extensions["gemini_pool"].behind.flush()
    assert sum(one["answers_today"] for one in listed(program).values()) == 3


def test_changes_are_written_down_without_secrets(program: Program) -> None:
    program.post("/api/accounts", SEAT)
    program.put("/api/accounts/1", {"secure_c_ses": "CSE.marked", "name": "x"})
    program.delete("/api/accounts/2")
    text = program.send("GET", "/api/audit").text
    assert '"account.deleted","target":"account 2"' in text
    assert '"detail":"secure_c_ses, name"' in text or '"detail":"name, secure_c_ses"' in text
    assert SEAT["secure_c_ses"] not in text
    assert "CSE.marked" not in text
