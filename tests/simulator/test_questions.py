from typing import Any

import pytest

from gemini_pool.simulator.world import World

from .caller import Caller


@pytest.mark.parametrize(
    "missing", ["session", "query", "answerGenerationMode", "toolsSpec", "assistSkippingMode"]
)
def test_a_missing_member_is_refused_by_name(amber: Caller, missing: str) -> None:
    question = amber.question("hello")
    del question[missing]
    answer = amber.send(question)
    assert (answer.status, answer.error()["status"]) == (400, "INVALID_ARGUMENT")
    assert missing in answer.error()["message"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"query": {"text": "hello"}}, "text"),
        ({"query": {"parts": []}}, "query.parts"),
        ({"query": {"parts": ["hello"]}}, "query.parts"),
        ({"query": {"parts": [{"text": 5}]}}, "text"),
        ({"query": {"parts": [{"text": "half a pair \ud83d"}]}}, "surrogate"),
        ({"query": {"parts": [{"text": ""}]}}, "empty"),
        ({"session": 7}, "session"),
        ({"fileIds": "1"}, "fileIds"),
        ({"fileIds": [1]}, "fileIds"),
        ({"answerGenerationMode": "FAST"}, "answerGenerationMode"),
        ({"assistSkippingMode": None}, "assistSkippingMode"),
        ({"toolsSpec": []}, "toolsSpec"),
        ({"toolsSpec": {"magic": {}}}, "magic"),
        ({"toolsSpec": {"toolRegistry": "mine"}}, "toolRegistry"),
        ({"toolsSpec": {"imageGenerationSpec": True}}, "imageGenerationSpec"),
        ({"temperature": 0.5}, "temperature"),
        ({"languageCode": None}, "languageCode"),
        ({"userMetadata": {"zone": "UTC"}}, "zone"),
        ({"assistGenerationConfig": {"model": "x"}}, "model"),
    ],
)
def test_a_wrong_shape_is_refused_by_name(amber: Caller, changes: dict[str, Any], named: str) -> None:
    answer = amber.ask(**changes)
    assert answer.status == 400
    assert named in answer.error()["message"]


@pytest.mark.parametrize(
    "tools",
    [
        {},
        {"imageGenerationSpec": {}},
        {"videoGenerationSpec": {}},
        {"webGroundingSpec": {}, "toolRegistry": "default_tool_registry", "imageGenerationSpec": {}},
    ],
)
def test_every_known_tools_spec_is_taken(amber: Caller, tools: dict[str, Any]) -> None:
    assert amber.ask(toolsSpec=tools).status == 200


@pytest.mark.parametrize("params", [{}, {"token": ""}, {"token": 1}])
def test_the_envelopes_token_is_a_dash(amber: Caller, params: dict[str, Any]) -> None:
    body = amber.envelope("streamAssistRequest", amber.question("x"), additionalParams=params)
    assert amber.call("widgetStreamAssist", body).status == 400


def test_the_envelope_holds_nothing_else(amber: Caller) -> None:
    body = amber.envelope("streamAssistRequest", amber.question("x"), extra=1)
    assert amber.call("widgetStreamAssist", body).status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"\xff"'])
def test_a_body_that_is_no_object_is_refused(amber: Caller, body: bytes) -> None:
    answer = amber.call("widgetStreamAssist", body)
    assert (answer.status, answer.error()["status"]) == (400, "INVALID_ARGUMENT")


def test_the_body_must_be_called_json(amber: Caller) -> None:
    body = amber.envelope("streamAssistRequest", amber.question("x"))
    assert amber.call("widgetStreamAssist", body, Content_Type="text/plain").status == 400


def test_only_post_is_served(amber: Caller) -> None:
    assert amber.http("GET", "/v1alpha/locations/global/widgetStreamAssist").status == 405


def test_an_unknown_path_is_not_found_and_still_recorded(amber: Caller, world: World) -> None:
    answer = amber.http("GET", "/v1alpha/locations/global/widgetDance")
    assert (answer.status, answer.error()["status"]) == (404, "NOT_FOUND")
    assert world.counts()["unknown"]["other"] == 1


@pytest.mark.parametrize("config", [{}, {"modelId": ""}])
def test_no_model_means_auto(amber: Caller, config: dict[str, str]) -> None:
    assert "/auto]" in amber.ask(assistGenerationConfig=config).text()


def test_an_unknown_model_is_an_error_inside_the_stream(amber: Caller) -> None:
    answer = amber.ask(assistGenerationConfig={"modelId": "gpt-7"})
    assert answer.status == 200
    error = answer.json()[0]["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"] == "model id: gpt-7 is invalid"
