"""Keys, ids and errors: what every route has in common."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from running import KEY, until

from gemini_pool.simulator.server import Simulator

MakeApp = Callable[..., Flask]

CHAT = "/v1/chat/completions"


def error_of(answer: Any) -> dict[str, Any]:
    """The error object; it must have OpenAI's four keys and tell nothing of our code."""
    assert answer.content_type == "application/json"
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}
    assert "Traceback" not in answer.text
    return dict(answer.json["error"])


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer {KEY}"},
        {"x-api-key": KEY},
        {"x-api-token": KEY},
        {"x-goog-api-key": KEY},
    ],
)
def test_a_key_is_taken_in_every_header_clients_use(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.get("/v1/models", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer sk-gp-wrong"}, {"authorization": f"Basic {KEY}"}, {"x-api-key": ""}],
)
def test_without_a_good_key_there_is_no_answer(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.get("/v1/models", headers=headers)
    assert answer.status_code == 401
    assert error_of(answer)["code"] == "invalid_api_key"


def test_a_closed_network_may_do_without_keys(make_app: MakeApp) -> None:
    anybody = make_app("amber", ALLOW_ANONYMOUS="1").test_client()
    assert anybody.get("/v1/models").status_code == 200


def test_a_key_made_while_the_service_runs_works_within_a_second(app: Flask, client: FlaskClient) -> None:
    key = app.extensions["gemini_pool"].keys.create("late")[1]
    until(
        lambda: client.get("/v1/models", headers={"x-api-key": key}).status_code == 200,
        seconds=1,
        what="the new key to be taken",
    )


def test_every_answer_has_a_request_id(client: FlaskClient, keyed: dict[str, str]) -> None:
    for path in ("/health", "/v1/models", "/nowhere", "/v1/models/none"):
        assert client.get(path, headers=keyed).headers["x-request-id"].startswith("req_")
    given = client.get("/health", headers={"x-request-id": "from-the-caller-1"})
    assert given.headers["x-request-id"] == "from-the-caller-1"
    assert client.get("/health", headers={"x-request-id": "bad id!"}).headers["x-request-id"] != "bad id!"


def test_health_needs_no_key(client: FlaskClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json["status"] == "ok"


def test_a_body_that_is_no_json_is_refused(client: FlaskClient, keyed: dict[str, str]) -> None:
    for body in (b"{", b"[]", b"", b"\xff"):
        answer = client.post(CHAT, data=body, headers=keyed)
        assert answer.status_code == 400
        assert error_of(answer)["code"] == "invalid_json"


def test_a_body_over_the_limit_is_refused(make_app: MakeApp, keyed: dict[str, str]) -> None:
    client = make_app("amber", MAX_BODY_MB="1").test_client()
    answer = client.post(CHAT, data=b" " * 1_100_000, headers=keyed)
    assert answer.status_code == 413
    assert "1 MB" in error_of(answer)["message"]


def test_wrong_methods_and_paths_are_told_in_json(client: FlaskClient, keyed: dict[str, str]) -> None:
    wrong = client.get(CHAT, headers=keyed)
    assert (wrong.status_code, error_of(wrong)["code"]) == (405, "method_not_allowed")
    assert "POST" in wrong.headers["allow"]
    nowhere = client.get("/v1/nowhere", headers=keyed)
    assert (nowhere.status_code, error_of(nowhere)["code"]) == (404, "not_found")


def test_an_unknown_model_is_told_by_name(client: FlaskClient, keyed: dict[str, str]) -> None:
    body = {"model": "gpt-9", "messages": [{"role": "user", "content": "Hi"}]}
    answer = client.post(CHAT, json=body, headers=keyed)
    error = error_of(answer)
    assert (answer.status_code, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert "gpt-9" in error["message"]


def test_an_empty_pool_says_so(make_app: MakeApp, keyed: dict[str, str]) -> None:
    client = make_app().test_client()
    answer = client.post(CHAT, json={"messages": [{"role": "user", "content": "Hi"}]}, headers=keyed)
    assert answer.status_code == 503
    assert "no accounts" in error_of(answer)["message"]


def test_when_all_accounts_rest_the_caller_learns_when_to_come_back(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator
) -> None:
    simulator.world.behave("amber", api="429-retry-after", retry_after=90)
    ask = {"messages": [{"role": "user", "content": "Hi"}]}
    for _ in range(2):
        answer = client.post(CHAT, json=ask, headers=keyed)
        assert answer.status_code == 429
        assert 85 <= int(answer.headers["retry-after"]) <= 90
        assert error_of(answer)["type"] == "rate_limit_error"
    assert simulator.world.counts()["amber"]["stream"] == 1


def test_a_fault_of_ours_is_told_without_its_trace(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.view_functions, "system.health", lambda: 1 / 0)
    answer = client.get("/health")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in error_of(answer)["message"]


def test_browsers_may_call_the_api_and_nothing_else(client: FlaskClient) -> None:
    asked = client.options(
        CHAT, headers={"origin": "https://chat.example", "access-control-request-method": "POST"}
    )
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "authorization" in asked.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in asked.headers
    refused = client.get("/v1/models", headers={"origin": "https://chat.example"})
    assert refused.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in client.get("/health").headers


@pytest.mark.parametrize(
    ("path", "lacking"),
    [
        ("/v1/embeddings", "embeddings"),
        ("/v1/moderations", "moderation"),
        ("/v1/fine_tuning/jobs", "fine-tuning"),
        ("/v1/audio/speech", "speech"),
    ],
)
def test_what_the_service_has_not_is_said_so(client: FlaskClient, path: str, lacking: str) -> None:
    answer = client.post(path, json={"input": "hi"})
    assert answer.status_code == 404
    error = answer.json["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "not_found")
    assert f"{path} does not exist here" in error["message"]
    assert lacking in error["message"]
