import http.client
import time

import pytest

from gemini_pool.simulator.world import World

from .caller import Caller, read_until


@pytest.mark.parametrize(
    ("fault", "code", "status", "message"),
    [
        ("401", 401, "UNAUTHENTICATED", "authentication credentials"),
        ("403", 403, "PERMISSION_DENIED", "permission"),
        ("403-session", 403, "PERMISSION_DENIED", "session is not owned by the provided user"),
        ("404-session", 404, "NOT_FOUND", "not found"),
        ("429", 429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        ("429-retry-after", 429, "RESOURCE_EXHAUSTED", "Resource has been exhausted"),
        ("500", 500, "INTERNAL", "Internal error"),
        ("503", 503, "UNAVAILABLE", "unavailable"),
        ("400-model", 400, "INVALID_ARGUMENT", "model id: auto is invalid"),
    ],
)
def test_a_fault_answers_in_the_services_envelope(
    amber: Caller, world: World, fault: str, code: int, status: str, message: str
) -> None:
    world.behave("amber", api=fault)
    answer = amber.ask()
    assert answer.status == code
    assert (answer.error()["code"], answer.error()["status"]) == (code, status)
    assert message in answer.error()["message"]
    call = world.calls("amber", "stream")[-1]
    assert (call.status, call.fault) == (code, fault)


def test_a_bad_gateway_speaks_html(amber: Caller, world: World) -> None:
    world.behave("amber", api="502-html")
    answer = amber.ask()
    assert (answer.status, answer.headers["content-type"]) == (502, "text/html; charset=UTF-8")


def test_a_refused_model_is_named(amber: Caller, world: World) -> None:
    world.behave("amber", api="400-model")
    answer = amber.ask(assistGenerationConfig={"modelId": "gemini-2.5-pro"})
    assert answer.error()["message"] == "model id: gemini-2.5-pro is invalid"


def test_a_fault_strikes_only_the_methods_named(amber: Caller, world: World) -> None:
    world.behave("amber", api="500", api_on=("session", "upload"))
    assert amber.create().status == 500
    assert amber.upload("-").status == 500
    assert amber.ask().status == 200


def test_a_fault_strikes_only_the_account_named(amber: Caller, bruno: Caller, world: World) -> None:
    world.behave("bruno", api="429")
    assert (amber.ask().status, bruno.ask().status) == (200, 429)


def test_retry_after_is_a_header_only_where_asked_for(amber: Caller, world: World) -> None:
    world.behave("amber", api="429", retry_after=7)
    assert "retry-after" not in amber.ask().headers
    world.behave("amber", api="429-retry-after")
    assert amber.ask().headers["retry-after"] == "7"


def test_a_429_can_carry_the_rpc_details(amber: Caller, world: World) -> None:
    world.behave("amber", api="429", retry_after=37)
    assert "details" not in amber.ask().error()
    world.behave("amber", error_details=True)
    retry, quota = amber.ask().error()["details"]
    assert retry == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}
    assert quota["@type"] == "type.googleapis.com/google.rpc.QuotaFailure"
    assert quota["violations"][0]["description"]


def test_a_single_401_ends_the_token_but_not_the_account(amber: Caller, world: World) -> None:
    token = amber.token()
    world.behave("amber", api="401-once")
    question = amber.question("hello")
    assert amber.send(question, token).status == 401
    assert amber.send(question, token).status == 401
    assert amber.send(question).status == 200
    assert world.behaviour("amber").api is None


def test_a_hang_lasts_until_the_caller_leaves(amber: Caller, world: World) -> None:
    world.behave("amber", api="hang")
    plug = amber.open_stream()
    assert world.wait_until(lambda w: w.open_streams() == 1)
    assert world.calls("amber", "stream")[-1].status is None
    plug.close()
    assert world.wait_until(lambda w: w.open_streams() == 0)


def test_a_reset_tears_the_connection_down(amber: Caller, world: World) -> None:
    world.behave("amber", api="reset")
    with pytest.raises(ConnectionResetError):
        amber.ask()


def test_a_healed_account_answers_again(amber: Caller, world: World) -> None:
    world.behave(None, api="500")
    assert amber.ask().status == 500
    world.reset()
    assert amber.ask().status == 200


def test_the_first_delay_comes_before_the_status_line(amber: Caller, world: World) -> None:
    world.behave("amber", first_delay=0.05)
    plug = amber.open_stream()
    begun = time.monotonic()
    assert read_until(plug, b"\r\n").startswith(b"HTTP/1.1 200")
    assert time.monotonic() - begun > 0.03
    plug.close()


def test_a_lost_connection_is_not_a_clean_end(amber: Caller, world: World) -> None:
    world.behave("amber", stream="cut")
    with pytest.raises(http.client.IncompleteRead):
        amber.ask()
