import json
from typing import Any

import pytest

from gemini_pool.simulator.world import CAST, World, make_account

from .caller import Answer, Caller


def post(caller: Caller, path: str, value: Any) -> Answer:
    return caller.http("POST", path, json.dumps(value).encode())


def test_the_accounts_are_an_accounts_config_array(amber: Caller) -> None:
    answer = amber.http("GET", "/_sim/accounts")
    assert answer.json() == [make_account(name).as_config() for name in CAST]


def test_a_behaviour_is_changed_field_by_field(amber: Caller, world: World) -> None:
    post(amber, "/_sim/behaviour", {"account": "amber", "behaviour": {"words": 3}})
    answer = post(amber, "/_sim/behaviour", {"account": "amber", "behaviour": {"api_on": ["session"]}})
    assert answer.json()["amber"]["words"] == 3
    assert world.behaviour("amber").api_on == ("session",)
    assert world.behaviour("bruno").words == 0


def test_no_account_means_all(amber: Caller, world: World) -> None:
    post(amber, "/_sim/behaviour", {"account": None, "behaviour": {"api": "429"}})
    assert {world.behaviour(name).api for name in CAST} == {"429"}
    assert amber.http("GET", "/_sim/behaviour").json()["emil"]["api"] == "429"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"account": "zoe", "behaviour": {}}, "no account is named 'zoe'"),
        ({"account": 5, "behaviour": {}}, "account must be a name or null"),
        ({"account": None, "behaviour": {"speed": 1}}, "unknown behaviour: speed"),
        ({"account": None, "behaviour": {"words": "1"}}, "words must be int, not '1'"),
        ({"account": None, "behaviour": []}, "behaviour must be an object"),
        ({"account": None}, "behaviour is missing"),
        ({"behavior": {}}, "unknown member: behavior"),
        ([], "the body must be an object"),
    ],
)
def test_bad_input_is_refused_with_a_clear_message(amber: Caller, body: Any, message: str) -> None:
    answer = post(amber, "/_sim/behaviour", body)
    assert answer.status == 400
    assert message in answer.json()["error"]


def test_a_body_that_is_no_json_is_refused(amber: Caller) -> None:
    assert amber.http("POST", "/_sim/behaviour", b"{").status == 400


def test_an_unknown_control_is_not_found(amber: Caller) -> None:
    assert amber.http("GET", "/_sim/reset").status == 404


def test_counts_calls_and_prompts_can_be_read_from_outside(amber: Caller) -> None:
    amber.ask("hello")
    counts = amber.http("GET", "/_sim/counts").json()
    never = dict.fromkeys(("xsrf", "session", "stream", "upload", "metadata", "download"), 0)
    assert counts["amber"] == never | {"xsrf": 1, "stream": 1}
    assert counts["bruno"] == never
    calls = amber.http("GET", "/_sim/calls").json()
    assert [(call["account"], call["method"], call["status"], call["fault"]) for call in calls] == [
        ("amber", "xsrf", 200, None),
        ("amber", "stream", 200, None),
    ]
    assert amber.http("GET", "/_sim/prompts").json()["amber"] == ["hello"]


def test_open_streams_can_be_read_from_outside(amber: Caller, world: World) -> None:
    world.behave("amber", stream="silence")
    with amber.open_stream():
        assert world.wait_until(lambda w: w.open_streams() == 1)
        assert amber.http("GET", "/_sim/open").json() == {"open_streams": 1}


def test_a_reset_forgets_what_was_asked_and_heals_everyone(amber: Caller, world: World) -> None:
    amber.ask()
    world.behave(None, api="500")
    assert post(amber, "/_sim/reset", {}).status == 200
    assert world.calls() == []
    assert world.prompts["amber"] == []
    assert world.behaviour("amber").api is None


def test_calls_are_told_apart_by_account_and_method(amber: Caller, bruno: Caller, world: World) -> None:
    amber.ask()
    bruno.create()
    assert [call.method for call in world.calls("bruno")] == ["xsrf", "session"]
    assert [call.account for call in world.calls(method="xsrf")] == ["amber", "bruno"]
    assert world.calls("amber", "session") == []


def test_a_test_can_wait_in_vain(world: World) -> None:
    assert not world.wait_until(lambda w: w.open_streams() == 1, timeout=0.01)


def test_a_test_may_not_name_a_stranger(world: World) -> None:
    with pytest.raises(ValueError, match="no account is named 'zoe'"):
        world.behave("zoe", words=1)
