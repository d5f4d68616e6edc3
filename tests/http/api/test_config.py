"""The configuration, the settings, the log's level and the proxy."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from programs import Program
from proxies import Peer, answer
from signing_in import PASSWORD

from gemini_pool.app import create_app
from gemini_pool.settings import read_settings
from gemini_pool.wiring import Services, build_services

MakeApp = Callable[..., Flask]


@pytest.fixture
def reloads(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the workers were told to read the settings anew."""
    told: list[float] = []
    monkeypatch.setitem(services.office.__dict__, "reload", lambda: told.append(time.time()))
    return told


def setting(program: Program, name: str) -> Any:
    return next(one for one in program.get("/api/settings")["settings"] if one["name"] == name)


def test_the_configuration_has_what_other_consoles_read_and_no_secret(make_app: MakeApp) -> None:
    program = Program(
        make_app(
            "amber",
            ADMIN_PASSWORD=PASSWORD,
            PROXY="http://user:marked-secret@proxy:8080",
            UPLOAD_API_TOKEN="marked-token",
        )
    )
    config = program.get("/api/config")
    assert config["proxy"] == "http://user:•••@proxy:8080"
    assert (config["proxy_enabled"], config["log_level"]) == (True, "INFO")
    assert config["service"] == {
        "port": 8000,
        "base_url": "http://localhost",
        "api_url": "http://localhost/v1",
    }
    assert {"models", "accounts", "image_base_url", "upload_endpoint", "upload_api_token"} <= set(config)
    for path in ("/api/config", "/api/settings", "/api/config/export", "/api/status", "/api/proxy/status"):
        text = program.send("GET", path).text
        assert "marked" not in text, path
        assert PASSWORD not in text, path
    assert not {"admin_password_hash", "admin_secret_key"} & set(config)


def test_a_setting_is_saved_told_of_and_read_at_the_next_start(
    program: Program, services: Services, reloads: list[float]
) -> None:
    program.put("/api/config", {"log_level": "ERROR", "image_base_url": "https://img.example", "proxy": None})
    assert len(reloads) == 1
    assert program.get("/api/logging")["level"] == "ERROR"
    assert setting(program, "IMAGE_BASE_URL")["source"] == "saved"
    settings = read_settings({"DATA_DIR": services.settings.data_dir}, services.saved.all())
    assert (settings.log_level, settings.image_base_url) == ("error", "https://img.example")


def test_a_secret_is_saved_sealed_and_stays_when_it_is_sent_back_masked(
    program: Program, services: Services, reloads: list[float]
) -> None:
    program.put("/api/config", {"proxy": "http://user:marked-secret@proxy:8080"})
    shown = program.get("/api/config")["proxy"]
    program.put("/api/config", {"proxy": shown, "proxy_enabled": True})
    masked = setting(program, "PROXY")["value"]
    assert "marked" not in masked
    assert program.put("/api/settings", {"values": {"PROXY": masked}})["changed"] == []
    assert services.saved.all()["PROXY"] == "http://user:marked-secret@proxy:8080"
    assert len(reloads) == 1
    on_disk = b"".join(path.read_bytes() for path in services.settings.data_path.glob("*.db*"))
    assert b"marked-secret" not in on_disk
    program.put("/api/config", {"proxy_enabled": False})
    assert "PROXY" not in services.saved.all()


def test_what_the_environment_sets_is_fixed(make_app: MakeApp) -> None:
    program = Program(make_app("amber", ADMIN_PASSWORD=PASSWORD, LOG_LEVEL="warning"))
    shown = setting(program, "LOG_LEVEL")
    assert (shown["source"], shown["fixed"], shown["value"]) == ("environment", True, "warning")
    values = {"LOG_LEVEL": "info", "DRAIN_SECONDS": "5"}
    refusal = program.refused("PUT", "/api/settings", 400, {"values": values})
    assert "the environment sets it" in refusal["fields"]["LOG_LEVEL"]
    assert setting(program, "DRAIN_SECONDS")["source"] == "default"  # all or nothing


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"DRAIN_SECONDS": "soon"}, "is not a whole number"),
        ({"NOTHING": "1"}, "is not a setting"),
        ({"API_KEY": "sk-x"}, "cannot be saved"),
    ],
)
def test_a_wrong_setting_is_named(program: Program, values: dict[str, str], fault: str) -> None:
    (told,) = program.refused("PUT", "/api/settings", 400, {"values": values})["fields"].values()
    assert fault in told


def test_an_empty_value_forgets_what_was_saved(program: Program, reloads: list[float]) -> None:
    program.put("/api/settings", {"values": {"DRAIN_SECONDS": "5"}})
    assert setting(program, "DRAIN_SECONDS")["value"] == "5"
    program.put("/api/settings", {"values": {"DRAIN_SECONDS": ""}})
    assert setting(program, "DRAIN_SECONDS")["source"] == "default"
    assert len(reloads) == 2


def test_the_log_s_level(program: Program, reloads: list[float]) -> None:
    assert program.post("/api/logging", {"level": "DEBUG"}) == {"success": True, "level": "DEBUG"}
    assert program.get("/api/logging")["level"] == "DEBUG"
    assert "level" in program.refused("POST", "/api/logging", 400, {"level": "LOUD"})["fields"]


def test_a_proxy_is_tried(program: Program) -> None:
    direct = program.post("/api/proxy/test")
    assert (direct["success"], direct["delay_ms"] >= 0) == (True, True)
    with Peer(lambda _: answer(200, b"hello")) as peer:
        through = program.post("/api/proxy/test", {"proxy": f"http://127.0.0.1:{peer.port}"})
        assert through["success"] is True
        assert len(peer.requests) == 1
    dead = program.post("/api/proxy/test", {"proxy": f"http://127.0.0.1:{peer.port}"})
    assert (dead["success"], dead["message"]) == (False, dead["detail"])
    wrong = program.post("/api/proxy/test", {"proxy": "ftp://user:marked@host"})
    assert "does not begin with" in wrong["message"]
    assert "marked" not in wrong["message"]


def test_the_status(program: Program) -> None:
    status = program.get("/api/status")
    assert status["accounts"] == {"total": 3, "available": 3, "by_state": {"active": 3}}
    assert status["proxy"] == {"enabled": False, "url": "", "effective": "direct", "available": True}
    assert "gemini-auto" in status["models"]
    assert status["load"]["open"] == 0


def test_a_whole_pool_goes_into_an_empty_instance(program: Program, app: Flask, tmp_path: Any) -> None:
    program.post("/api/models", {"id": "mine", "api_model_id": "gemini-2.5-pro"})
    program.put("/api/settings", {"values": {"DRAIN_SECONDS": "7"}})
    key = program.post("/api/api-keys", {"name": "Anna", "per_minute": 5})["key"]
    file = program.send("GET", "/api/config/export?secrets=1")
    assert "business_gemini_session.json" in file.headers["content-disposition"]
    fresh = read_settings({"DATA_DIR": str(tmp_path / "other"), "ADMIN_PASSWORD": PASSWORD})
    services = build_services(fresh)
    other = Program(create_app(fresh, services))
    plan = other._good(other.send("POST", "/api/config/import/preview", data=file.data))
    assert (plan["added"], plan["problems"]) == (3, [])
    assert other.get("/api/accounts")["accounts"] == []
    done = other._good(other.send("POST", "/api/config/import", data=file.data))
    assert (done["accounts_count"], done["keys"], done["settings"]) == (3, 1, 1)
    assert [one["name"] for one in other.get("/api/accounts")["accounts"]] == ["amber", "bruno", "clara"]
    assert services.keys.find(key)
    assert "mine" in [one["id"] for one in other.get("/api/models")["models"]]
    assert services.saved.all()["DRAIN_SECONDS"] == "7"
    again = other._good(other.send("POST", "/api/config/import", data=file.data))
    assert (again["added"], again["updated"], again["keys"]) == (0, 0, 0)
    services.close()


def test_an_empty_file_wipes_nothing(program: Program) -> None:
    reply = program.send("POST", "/api/config/import?mode=replace", data='{"accounts": []}')
    assert reply.status_code == 400
    assert "leave none" in reply.json["error"]
    assert len(program.get("/api/accounts")["accounts"]) == 3
