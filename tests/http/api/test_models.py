"""The catalogue through the admin API."""

from typing import Any

import pytest
from flask import Flask
from programs import Program
from running import until


def ids(program: Program) -> list[str]:
    return [one["id"] for one in program.get("/api/models")["models"]]


def offered(app: Flask, keyed: dict[str, str]) -> list[str]:
    return [one["id"] for one in app.test_client().get("/v1/models", headers=keyed).json["data"]]


def test_the_list_has_every_field_that_other_consoles_read(program: Program) -> None:
    model = program.get("/api/models")["models"][0]
    for name in (
        "id", "name", "description", "api_model_id", "context_length", "max_tokens", "price_per_1k_tokens",
        "enabled", "account_index",
    ):  # fmt: skip
        assert name in model


def test_a_model_is_added_changed_and_deleted(program: Program, app: Flask, keyed: dict[str, str]) -> None:
    given = {"id": "team/mine", "name": "Mine", "api_model_id": "gemini-2.5-pro", "price_per_1k_tokens": "0"}
    assert program.post("/api/models", given)["success"] is True
    until(lambda: "team/mine" in offered(app, keyed), what="the model to be offered")
    program.put("/api/models/team/mine", {"enabled": False, "description": "for us", "account_index": 0})
    model = next(one for one in program.get("/api/models")["models"] if one["id"] == "team/mine")
    assert (model["description"], model["enabled"], model["api_model_id"]) == (
        "for us",
        False,
        "gemini-2.5-pro",
    )
    assert model["account_index"] is None
    until(lambda: "team/mine" not in offered(app, keyed), what="the model to be withdrawn")
    program.delete("/api/models/team/mine")
    assert "team/mine" not in ids(program)
    program.refused("DELETE", "/api/models/team/mine", 404)


def test_a_name_that_is_taken_is_told_at_its_field(program: Program) -> None:
    refusal = program.refused("POST", "/api/models", 400, {"id": "gemini-auto"})
    assert "There is a model `gemini-auto` already" in refusal["fields"]["id"]
    refusal = program.refused("POST", "/api/models", 400, {"id": "new", "aliases": ["auto"]})
    assert "another model's name" in refusal["fields"]["aliases"]


def test_the_order_is_changed(program: Program) -> None:
    first, second, *rest = ids(program)
    program.post("/api/models/order", {"ids": [second, first]})
    assert ids(program) == [second, first, *rest]


@pytest.mark.parametrize(
    "body", [{}, {"id": ""}, {"id": "x", "kind": "sound"}, {"id": "x", "max_tokens": -1}]
)
def test_what_cannot_be_is_refused(program: Program, body: Any) -> None:
    assert program.refused("POST", "/api/models", 400, body)["fields"]
