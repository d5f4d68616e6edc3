"""GET /v1/models and /v1/models/{id}."""

from flask.testing import FlaskClient


def test_models_are_listed_with_their_aliases(client: FlaskClient, keyed: dict[str, str]) -> None:
    listed = client.get("/v1/models", headers=keyed).json
    assert listed["object"] == "list"
    ids = [model["id"] for model in listed["data"]]
    assert {"gemini-auto", "auto", "gemini-enterprise", "gemini-2.5-pro", "gemini-3-flash"} <= set(ids)
    assert len(ids) == len(set(ids))


def test_created_never_changes(client: FlaskClient, keyed: dict[str, str]) -> None:
    first = client.get("/v1/models", headers=keyed).json
    assert first == client.get("/v1/models", headers=keyed).json
    assert {model["created"] for model in first["data"]} == {1767225600}


def test_one_model_can_be_looked_up(client: FlaskClient, keyed: dict[str, str]) -> None:
    model = client.get("/v1/models/gemini-auto", headers=keyed)
    assert model.json == {
        "id": "gemini-auto", "object": "model", "created": 1767225600, "owned_by": "google"
    }  # fmt: skip
    missing = client.get("/v1/models/gpt-9", headers=keyed)
    assert (missing.status_code, missing.json["error"]["code"]) == (404, "model_not_found")


def test_what_draws_and_films_is_offered(client: FlaskClient, keyed: dict[str, str]) -> None:
    ids = [model["id"] for model in client.get("/v1/models", headers=keyed).json["data"]]
    assert {"gemini-image", "gemini-imagen", "gemini-video"} <= set(ids)
    assert client.get("/v1/models/gemini-video", headers=keyed).status_code == 200


def test_the_default_model_is_used_when_none_is_named(client: FlaskClient, keyed: dict[str, str]) -> None:
    body = {"messages": [{"role": "user", "content": "Hi"}]}
    answer = client.post("/v1/chat/completions", json=body, headers=keyed).json
    assert answer["model"] == "gemini-auto"
    assert "/auto]" in answer["choices"][0]["message"]["content"]
