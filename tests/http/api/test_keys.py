"""API keys through the admin API: made, limited, told of, ended."""

from typing import Any

import pytest
from flask import Flask
from programs import Program
from running import until

from gemini_pool.simulator.world import World
from gemini_pool.wiring import Services

HELLO = {"messages": [{"role": "user", "content": "Hi"}]}


def ask(app: Flask, key: str, **body: Any) -> Any:
    return app.test_client().post(
        "/v1/chat/completions", json=HELLO | body, headers={"authorization": f"Bearer {key}"}
    )


def test_a_key_is_shown_once_and_works_at_once(program: Program, app: Flask) -> None:
    made = program.post("/api/api-keys", {"name": "Anna", "expires_days": 7, "description": "phone"})
    assert made["success"] is True
    until(lambda: ask(app, made["key"]).status_code == 200, what="the key to be known")
    (shown,) = program.get("/api/api-keys")["keys"]
    for name, kind in {
        "id": int, "name": str, "created_at": str, "expires_at": str, "is_active": bool, "usage_count": int,
        "description": str, "is_expired": bool,
    }.items():  # fmt: skip
        assert isinstance(shown[name], kind), name
    assert made["key"] not in program.send("GET", "/api/api-keys").text
    assert made["key_info"]["id"] == shown["id"]


def test_limits_are_kept_and_changed(program: Program) -> None:
    key_id = program.post(
        "/api/api-keys",
        {
            "name": "x",
            "per_minute": 3,
            "models": ["gemini-auto"],
            "networks": ["10.0.0.0/8"],
            "image_format": "url",
        },
    )["key_info"]["id"]
    program.put(f"/api/api-keys/{key_id}", {"per_minute": 0, "expires_days": 1, "name": "y"})
    key = program.get(f"/api/api-keys/{key_id}")["key"]
    assert (key["name"], key["per_minute"], key["models"]) == ("y", 0, ["gemini-auto"])
    assert (key["networks"], key["image_format"]) == (["10.0.0.0/8"], "url")
    assert key["expires_at"]
    program.put(f"/api/api-keys/{key_id}", {"expires_days": 0})
    assert program.get(f"/api/api-keys/{key_id}")["key"]["expires_at"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "expires_days": -1}, "expires_days"),
        ({"name": "x", "per_minute": "3"}, "per_minute"),
        ({"name": "x", "image_format": "gif"}, "image_format"),
    ],
)
def test_what_cannot_be_is_named(program: Program, body: Any, field: str) -> None:
    assert field in program.refused("POST", "/api/api-keys", 400, body)["fields"]


def test_a_network_that_is_none_is_told_at_its_field(program: Program) -> None:
    refusal = program.refused("POST", "/api/api-keys", 400, {"name": "x", "networks": ["home"]})
    assert "no address and no network" in refusal["fields"]["networks"]


def test_a_revoked_key_is_listed_and_refused_and_a_deleted_one_is_gone(program: Program, app: Flask) -> None:
    made = program.post("/api/api-keys", {"name": "x"})
    key_id = made["key_info"]["id"]
    until(lambda: ask(app, made["key"]).status_code == 200, what="the key to be known")
    program.post(f"/api/api-keys/{key_id}/revoke")
    until(lambda: ask(app, made["key"]).status_code == 401, what="the key to be refused")
    assert program.get("/api/api-keys?include_inactive=false")["keys"] == []
    assert [key["is_active"] for key in program.get("/api/api-keys")["keys"]] == [False]
    program.delete(f"/api/api-keys/{key_id}")
    program.refused("GET", f"/api/api-keys/{key_id}", 404)
    assert program.post("/api/api-keys", {"name": "y"})["key_info"]["id"] == key_id + 1


def test_its_calls_are_counted_and_listed(
    program: Program, app: Flask, services: Services, world: World
) -> None:
    made = program.post("/api/api-keys", {"name": "Anna"})
    key_id = made["key_info"]["id"]
    until(lambda: ask(app, made["key"]).status_code == 200, what="the key to be known")
    world.behave(None, api="400-model")
    assert ask(app, made["key"], model="gemini-2.5-pro").status_code >= 400
    services.behind.flush()
    stats = program.get(f"/api/api-keys/{key_id}/stats?days=30")["stats"]
    assert (stats["total_calls"], stats["success_calls"], stats["error_calls"]) == (2, 1, 1)
    assert (stats["success_rate"], stats["key_name"], stats["period_days"]) == (50.0, "Anna", 30)
    assert isinstance(stats["avg_response_time"], float)
    assert stats["model_stats"]["gemini-2.5-pro"] == {"total": 1, "success": 0, "error": 1}
    page = program.get(f"/api/api-keys/{key_id}/logs?page=1&page_size=1")
    assert (page["total"], page["total_pages"], page["page_size"]) == (2, 2, 1)
    (log,) = page["logs"]
    for name in (
        "id", "api_key_id", "timestamp", "model", "status", "error_message", "ip_address", "endpoint",
        "response_time", "request_size", "response_size",
    ):  # fmt: skip
        assert name in log
    assert (log["status"], log["ip_address"]) == ("error", "127.0.0.1")
    failed = program.get(f"/api/api-logs?key_id={key_id}&status=error")
    assert [one["model"] for one in failed["logs"]] == ["gemini-2.5-pro"]


def test_a_call_opens_to_the_accounts_that_failed(
    program: Program, app: Flask, services: Services, world: World, keyed: dict[str, str]
) -> None:
    world.behave(None, api="503")
    world.behave("clara", api=None)
    for _ in range(3):
        app.test_client().post("/v1/chat/completions", json=HELLO, headers=keyed)
    services.behind.flush()
    calls = program.get("/api/calls")["calls"]
    tried = next(call for call in calls if call["attempts"])
    assert {one["account"] for one in tried["attempts"]} <= {1, 2}
    assert tried["attempts"][0]["error"] == "Busy"
    assert tried["account_id"] == 3
    assert program.get(f"/api/calls/{tried['id']}")["call"] == tried
    assert program.get(f"/api/calls?text={tried['request_id']}")["calls"] == [tried]
    program.refused("GET", "/api/calls/99999", 404)


def test_numbers_over_time(program: Program, app: Flask, services: Services, keyed: dict[str, str]) -> None:
    app.test_client().post("/v1/chat/completions", json=HELLO, headers=keyed)
    services.behind.flush()
    series = program.get("/api/statistics/series?span=24h")
    assert len(series["points"]) == 24
    assert series["points"][-1]["counts"]["answers"] == 1
    tables = program.get("/api/statistics/tables?span=7d")
    assert [one["model"] for one in tables["models"]] == ["gemini-auto"]
    assert tables["accounts"][0]["counts"]["answers"] == 1
    assert "span" in program.refused("GET", "/api/statistics/series?span=1y", 400)["fields"]
