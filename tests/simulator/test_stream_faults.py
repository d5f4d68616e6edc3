import json
import socket
from typing import Any, get_args

import pytest

from gemini_pool.simulator.behaviour import StreamFault
from gemini_pool.simulator.world import World

from .caller import Answer, Caller, chunks, read_until


def spoilt(amber: Caller, world: World, fault: str, **changes: Any) -> Answer:
    world.behave("amber", text="one two three four", deltas=4, stream=fault, **changes)
    return amber.ask()


def heard_until_the_end(plug: socket.socket) -> bytes:
    heard = b""
    while piece := plug.recv(65536):
        heard += piece
    return heard


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ("error-first-429", 429, "RESOURCE_EXHAUSTED"),
        ("error-first-500", 500, "INTERNAL"),
        ("error-first-401", 401, "UNAUTHENTICATED"),
        ("error-model", 400, "INVALID_ARGUMENT"),
    ],
)
def test_an_error_can_be_the_only_element(
    amber: Caller, world: World, fault: str, code: int, status: str
) -> None:
    answer = spoilt(amber, world, fault)
    assert answer.status == 200
    (element,) = answer.json()
    assert (element["error"]["code"], element["error"]["status"]) == (code, status)


def test_an_error_can_come_after_good_text(amber: Caller, world: World) -> None:
    *elements, last = spoilt(amber, world, "error-after-429", error_details=True).json()
    assert last["error"]["code"] == 429
    assert len(last["error"]["details"]) == 2
    assert any('"one ' in json.dumps(element) for element in elements)
    assert not any("error" in element for element in elements)


def test_a_cut_loses_the_connection_inside_an_object(amber: Caller, world: World) -> None:
    world.behave("amber", text="one two", deltas=2, stream="cut")
    with amber.open_stream() as plug:
        heard = heard_until_the_end(plug)
    assert b'"one' in heard
    assert not heard.endswith(b"0\r\n\r\n")
    assert heard.rpartition(b"{")[2].count(b"}") == 0


def test_a_reset_comes_after_some_text(amber: Caller, world: World) -> None:
    world.behave("amber", text="one two", deltas=2, stream="reset-after")
    with amber.open_stream() as plug:
        assert b'"one' in read_until(plug, b'"one')
        with pytest.raises(ConnectionResetError):
            heard_until_the_end(plug)


def test_an_unclosed_array_ends_cleanly(amber: Caller, world: World) -> None:
    answer = spoilt(amber, world, "unclosed")
    assert answer.body.endswith(b"\n}")
    whole = Answer(200, {}, answer.body + b"]")
    assert whole.text() == "one two three four"
    assert whole.answers()[-1]["state"] == "SUCCEEDED"


def test_an_array_can_be_empty(amber: Caller, world: World) -> None:
    assert spoilt(amber, world, "empty-array").json() == []


@pytest.mark.parametrize(
    ("fault", "state", "reasons"),
    [
        ("succeeded-empty", "SUCCEEDED", None),
        ("failed", "FAILED", None),
        ("skipped-policy", "SKIPPED", ["CUSTOMER_POLICY_VIOLATION"]),
        ("skipped-non-assist", "SKIPPED", ["NON_ASSIST_SEEKING_QUERY_IGNORED"]),
        ("skipped-unknown", "SKIPPED", ["REASON_NOBODY_KNOWS_YET"]),
    ],
)
def test_an_answer_can_end_without_a_word(
    amber: Caller, world: World, fault: str, state: str, reasons: list[str] | None
) -> None:
    answer = spoilt(amber, world, fault)
    assert answer.text() == ""
    last = answer.answers()[-1]
    assert (last["state"], last.get("assistSkippedReasons")) == (state, reasons)


def test_a_policy_says_what_it_enforced(amber: Caller, world: World) -> None:
    result = spoilt(amber, world, "skipped-policy").answers()[-1]["customerPolicyEnforcementResult"]
    assert result["verdict"] == "BLOCK"
    assert result["policyResults"][0]["modelArmorEnforcementResult"]["modelArmorViolation"]
    assert result["policyResults"][1]["bannedPhraseEnforcementResult"]["bannedPhrases"]


def test_garbage_is_no_json(amber: Caller, world: World) -> None:
    answer = spoilt(amber, world, "garbage")
    assert answer.status == 200
    with pytest.raises(ValueError, match=r"Expecting|codec"):
        answer.json()


def test_silence_follows_the_first_text_until_the_caller_leaves(amber: Caller, world: World) -> None:
    world.behave("amber", text="one two", deltas=2, stream="silence")
    plug = amber.open_stream()
    assert b"two" not in read_until(plug, b'"one')
    plug.settimeout(0.05)
    with pytest.raises(TimeoutError):
        plug.recv(1)
    assert world.open_streams() == 1
    plug.close()
    assert world.wait_until(lambda w: w.open_streams() == 0)


@pytest.mark.parametrize("fault", get_args(StreamFault))
@pytest.mark.parametrize("changes", [{"text": ""}, {"split": 7}, {"gzip": True}])
def test_every_fault_goes_with_every_shape(
    amber: Caller, world: World, fault: str, changes: dict[str, Any]
) -> None:
    world.behave("amber", stream=fault, **changes)
    with amber.open_stream("x", "Accept-Encoding: gzip", "Connection: close") as plug:
        assert read_until(plug, b"\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")
    assert world.wait_until(lambda w: w.open_streams() == 0)
    assert world.calls("amber", "stream")[-1].fault == fault


def test_a_spoilt_answer_is_still_cut_to_size(amber: Caller, world: World) -> None:
    world.behave("amber", stream="unclosed", split=5)
    with amber.open_stream("x", "Connection: close") as plug:
        pieces = chunks(heard_until_the_end(plug))
    assert {len(piece) for piece in pieces[:-1]} == {5}
