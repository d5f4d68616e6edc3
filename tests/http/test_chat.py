"""POST /v1/chat/completions through the whole application, without a socket in front."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gemini_pool.simulator.server import Simulator

MakeApp = Callable[..., Flask]

ASK: dict[str, Any] = {"model": "gemini-2.5-flash", "messages": [{"role": "user", "content": "Hello?"}]}
PATH = "/v1/chat/completions"


def frames(body: str) -> list[Any]:
    """The data of a stream's frames; its last must be [DONE]."""
    data = [frame.removeprefix("data: ") for frame in body.split("\n\n") if frame]
    assert data[-1] == "[DONE]"
    return [json.loads(frame) for frame in data[:-1]]


def test_a_question_is_answered(client: FlaskClient, keyed: dict[str, str]) -> None:
    answer = client.post(PATH, json=ASK, headers=keyed)
    assert answer.status_code == 200
    message = answer.json["choices"][0]["message"]
    assert message["content"].startswith("[amber/")
    assert message["content"].rstrip().endswith("Hello?")
    assert answer.json["model"] == "gemini-2.5-flash"


def test_a_stream_says_the_same_in_pieces(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator
) -> None:
    simulator.world.behave("amber", text="你好，世界 🌍 in pieces", deltas=6)
    answer = client.post(PATH, json=ASK | {"stream": True}, headers=keyed)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    deltas = [frame["choices"][0]["delta"].get("content", "") for frame in frames(answer.text)]
    assert "".join(deltas) == "你好，世界 🌍 in pieces"
    assert len([delta for delta in deltas if delta]) == 6


def test_system_text_and_history_reach_the_model(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator
) -> None:
    history = [
        {"role": "developer", "content": "Answer in rhyme."},
        {"role": "user", "content": "My name is Ada."},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "greet", "arguments": '{"who":"Ada"}'}}
        ]},
        {"role": "tool", "tool_call_id": "call_1", "content": "greeted"},
        {"role": "assistant", "content": []},
        {"role": "user", "content": [{"type": "text", "text": "What is"}, "my name?"]},
    ]  # fmt: skip
    answer = client.post(PATH, json={"messages": history, "unheard_of": {"x": 1}}, headers=keyed)
    assert answer.status_code == 200
    (heard,) = simulator.world.prompts["amber"]
    for said in ("Answer in rhyme.", "My name is Ada.", "greet", "greeted", "What is\nmy name?"):
        assert said in heard
    assert heard.index("Answer in rhyme.") < heard.index("My name is Ada.") < heard.index("What is")


def test_the_older_prompts_form_is_answered(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator
) -> None:
    body = {"prompts": [{"role": "user", "text": "From the older form"}], "conversation_id": "abc"}
    assert client.post(PATH, json=body, headers=keyed).status_code == 200
    assert simulator.world.prompts["amber"] == ["From the older form"]


def test_a_stop_sequence_ends_the_answer_before_it(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator
) -> None:
    simulator.world.behave("amber", text="one two STOP three", deltas=18)
    for stream in (False, True):
        answer = client.post(PATH, json=ASK | {"stop": ["STOP"], "stream": stream}, headers=keyed)
        if stream:
            parts = [frame["choices"][0] for frame in frames(answer.text)]
            text = "".join(part["delta"].get("content", "") for part in parts)
            finish = parts[-1]["finish_reason"]
        else:
            (choice,) = answer.json["choices"]
            text, finish = choice["message"]["content"], choice["finish_reason"]
        assert (text, finish) == ("one two ", "stop")


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_bound_on_tokens_ends_with_length(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator, name: str
) -> None:
    simulator.world.behave("amber", text="four" * 100, deltas=10)
    (choice,) = client.post(PATH, json=ASK | {name: 10}, headers=keyed).json["choices"]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["content"] == "four" * 10


def test_an_answer_that_was_cut_by_us_leaves_no_stream_open(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator
) -> None:
    simulator.world.behave("amber", text="word " * 500, deltas=500, delay=0.01)
    client.post(PATH, json=ASK | {"max_tokens": 3, "stream": True}, headers=keyed).close()
    assert simulator.world.wait_until(lambda world: world.open_streams() == 0)


@pytest.mark.parametrize("bound", [{"max_tokens": 3}, {"stop": " word"}], ids=str)
def test_a_whole_answer_within_bounds_does_not_wait_for_the_rest(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator, bound: dict[str, Any]
) -> None:
    simulator.world.behave("amber", text="word " * 2000, deltas=2000, delay=0.05)
    begun = time.monotonic()
    assert client.post(PATH, json=ASK | bound, headers=keyed).status_code == 200
    assert time.monotonic() - begun < 10  # of the 100 s that the whole of it takes
    assert simulator.world.wait_until(lambda world: world.open_streams() == 0)


def test_a_stop_at_the_very_beginning_is_an_answer_and_no_failure(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator
) -> None:
    simulator.world.behave("amber", text="END of it")
    (choice,) = client.post(PATH, json=ASK | {"stop": "END"}, headers=keyed).json["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "stop")


@pytest.mark.parametrize("split", [1, 2, 3, 5, 7, 64])
def test_chinese_and_emoji_survive_however_the_service_cuts_its_bytes(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator, split: int
) -> None:
    said = "春眠不觉晓，处处闻啼鸟。👩‍🚀 “夜来风雨声” 花落知多少 🌸"
    simulator.world.behave("amber", text=said, split=split, deltas=9)
    whole = client.post(PATH, json=ASK, headers=keyed).json["choices"][0]["message"]["content"]
    told = frames(client.post(PATH, json=ASK | {"stream": True}, headers=keyed).text)
    streamed = "".join(frame["choices"][0]["delta"].get("content", "") for frame in told)
    assert whole == streamed == said


def test_thoughts_come_apart_from_the_answer(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator
) -> None:
    simulator.world.behave("amber", text="So be it.", thoughts=2)
    message = client.post(PATH, json=ASK, headers=keyed).json["choices"][0]["message"]
    assert message["content"] == "So be it."
    assert "Thought 1" in message["reasoning_content"]


def test_usage_is_told_when_it_is_asked_for_and_only_then(client: FlaskClient, keyed: dict[str, str]) -> None:
    body = ASK | {"stream": True, "stream_options": {"include_usage": True}}
    told = frames(client.post(PATH, json=body, headers=keyed).text)
    assert told[-1]["choices"] == []
    assert told[-1]["usage"]["total_tokens"] > 0
    untold = frames(client.post(PATH, json=ASK | {"stream": True}, headers=keyed).text)
    assert all(frame["choices"] and not frame.get("usage") for frame in untold)


def test_a_cut_stream_ends_with_an_error_and_without_done(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator
) -> None:
    simulator.world.behave("amber", text="half an answer", stream="cut")
    body = client.post(PATH, json=ASK | {"stream": True}, headers=keyed).text
    last = json.loads(body.strip().split("\n\n")[-1].removeprefix("data: "))
    assert set(last["error"]) == {"message", "type", "param", "code"}
    assert "[DONE]" not in body


def test_a_policy_refusal_is_the_callers_to_mend(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator
) -> None:
    simulator.world.behave("amber", stream="skipped-policy")
    answer = client.post(PATH, json=ASK, headers=keyed)
    assert answer.status_code == 400
    assert answer.json["error"]["code"] == "content_filter"
    simulator.world.behave("amber", stream=None)
    assert client.post(PATH, json=ASK, headers=keyed).status_code == 200


@pytest.mark.parametrize("fault", ["succeeded-empty", "empty-array"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_empty_answer_is_never_a_success(
    client: FlaskClient, keyed: dict[str, str], simulator: Simulator, fault: str, stream: bool
) -> None:
    simulator.world.behave("amber", stream=fault)
    answer = client.post(PATH, json=ASK | {"stream": stream}, headers=keyed)
    assert answer.status_code == 502
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["retry-after"] == "5"  # nobody knows when, but he is told when to come back


def test_a_caller_who_hangs_up_gives_the_account_back(
    simulator: Simulator, make_app: MakeApp, keyed: dict[str, str]
) -> None:
    simulator.world.behave(None, text="word " * 200, deltas=200, delay=0.02)
    client = make_app("amber", "bruno").test_client()
    stream = client.post(PATH, json=ASK | {"stream": True}, headers=keyed)  # amber's turn
    next(stream.iter_encoded())
    stream.close()
    assert simulator.world.wait_until(lambda world: world.open_streams() == 0)
    simulator.world.behave(None, text=None, deltas=None, delay=0.0)
    answers = [client.post(PATH, json=ASK, headers=keyed).json for _ in range(4)]
    texts = [answer["choices"][0]["message"]["content"] for answer in answers]
    # An account that is still thought to be busy would be passed over.
    assert [text.partition("/")[0] for text in texts] == ["[bruno", "[amber", "[bruno", "[amber"]
