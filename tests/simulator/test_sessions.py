import re

import pytest

from gemini_pool.simulator.world import World

from .caller import Caller

SHORT = r"collections/default_collection/engines/agentspace-engine/sessions/\d{19}"
FULL = rf"projects/\d+/locations/global/{SHORT}"


def full_name(caller: Caller, session: str) -> str:
    name: str = caller.ask(session=session).json()[-1]["streamAssistResponse"]["sessionInfo"]["session"]
    return name


def test_a_created_session_has_a_short_name(amber: Caller) -> None:
    session = amber.create().json()["session"]
    assert re.fullmatch(SHORT, session["name"])
    assert session["displayName"] == ""


def test_the_name_asked_for_does_not_matter(amber: Caller) -> None:
    request = {"session": {"name": "a1b2c3d4e5f6", "displayName": "a1b2c3d4e5f6"}}
    answer = amber.call("widgetCreateSession", amber.envelope("createSessionRequest", request))
    assert re.fullmatch(SHORT, answer.json()["session"]["name"])


def test_streams_give_the_full_name_and_both_are_accepted(amber: Caller, world: World) -> None:
    short = amber.session()
    full = full_name(amber, short)
    assert re.fullmatch(FULL, full)
    assert full.endswith(short)
    assert "/turn 2/" in amber.ask(session=full).text()
    assert len(world.sessions("amber")) == 1


@pytest.mark.parametrize("name", ["-", "collections/default_collection/engines/agentspace-engine/sessions/-"])
def test_a_dash_makes_a_session(amber: Caller, world: World, name: str) -> None:
    made = full_name(amber, name)
    assert world.sessions("amber")[0].full_name == made


def test_a_session_of_another_account_is_not_owned(amber: Caller, bruno: Caller) -> None:
    answer = bruno.ask(session=amber.session())
    assert answer.status == 403
    assert answer.error()["status"] == "PERMISSION_DENIED"
    assert "session is not owned by the provided user" in answer.error()["message"]


def test_an_unknown_session_is_not_found(amber: Caller) -> None:
    session = amber.session()
    answer = amber.ask(session=session[:-19] + "1" * 19)
    assert (answer.status, answer.error()["status"]) == (404, "NOT_FOUND")


def test_the_project_of_a_full_name_must_fit(amber: Caller) -> None:
    assert amber.ask(session=f"projects/7/locations/global/{amber.session()}").status == 404


def test_a_malformed_session_name_is_refused(amber: Caller) -> None:
    answer = amber.ask(session="sessions/abc")
    assert (answer.status, answer.error()["status"]) == (400, "INVALID_ARGUMENT")


def test_a_session_remembers_its_turns(amber: Caller, world: World) -> None:
    session = amber.session()
    amber.ask("one", session)
    amber.ask("two", session, assistGenerationConfig={"modelId": "gemini-2.5-pro"})
    turns = world.sessions("amber")[0].turns
    assert [(turn.prompt, turn.model) for turn in turns] == [("one", "auto"), ("two", "gemini-2.5-pro")]


def test_two_prompts_at_once_in_a_session_are_noticed(amber: Caller, world: World) -> None:
    session = amber.session()
    amber.ask("one", session)
    assert world.overlaps() == 0
    world.behave("amber", stream="silence")
    with amber.open_stream():
        assert world.wait_until(lambda w: w.open_streams() == 1)
        world.behave("amber", stream=None)
        amber.ask("two", world.sessions("amber")[-1].short_name)
    assert world.overlaps() == 1


def test_a_reset_forgets_sessions_but_not_tokens(amber: Caller, world: World) -> None:
    session, token = amber.session(), amber.token()
    world.reset()
    assert amber.ask(session=session).status == 404
    assert amber.create(token).status == 200
