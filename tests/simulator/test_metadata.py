import re
from typing import Any

import pytest

from gemini_pool.simulator.world import World

from .caller import Answer, Caller

MADE, UPLOADED = "file_origin_type = AI_GENERATED", "file_origin_type = USER_UPLOADED"
FILM_ONLY = {"videoGenerationSpec": {}}
EVERYTHING = {"webGroundingSpec": {}, "imageGenerationSpec": {}, "videoGenerationSpec": {}}


def listed(answer: Answer) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = answer.json()["listSessionFileMetadataResponse"]["fileMetadata"]
    return files


@pytest.fixture
def session(amber: Caller, world: World) -> str:
    """A session of amber's with one upload and two pictures."""
    world.behave("amber", files=2)
    name = amber.session()
    amber.upload(name, b"content")
    amber.ask("draw", name)
    return name


def test_no_files_give_an_empty_object(amber: Caller) -> None:
    answer = amber.metadata(amber.session())
    assert (answer.status, answer.json()) == (200, {"listSessionFileMetadataResponse": {}})


def test_a_made_file_is_listed_as_the_stream_named_it(amber: Caller, world: World) -> None:
    world.behave("amber", files=1)
    session = amber.session()
    (named,) = [one["file"] for one in amber.ask("draw", session).contents() if "file" in one]
    (file,) = listed(amber.metadata(session))
    assert {name: file[name] for name in named} == named
    assert file["session"] == world.sessions("amber")[0].full_name
    assert file["byteSize"] == str(world.made_files("amber")[0].size)
    assert file["session"].endswith(session)
    assert file["session"] != session


def test_big_numbers_are_text_and_moments_are_utc(amber: Caller, session: str) -> None:
    upload, *_ = listed(amber.metadata(session))
    assert upload["byteSize"] == "7"
    assert upload["tokenCount"].isdigit()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", upload["uploadTime"])


@pytest.mark.parametrize(
    ("changes", "origins"),
    [
        ({}, ["USER_UPLOADED", "AI_GENERATED", "AI_GENERATED"]),
        ({"filter": ""}, ["USER_UPLOADED", "AI_GENERATED", "AI_GENERATED"]),
        ({"filter": MADE}, ["AI_GENERATED", "AI_GENERATED"]),
        ({"filter": UPLOADED}, ["USER_UPLOADED"]),
    ],
)
def test_a_filter_narrows_the_list(
    amber: Caller, session: str, changes: dict[str, str], origins: list[str]
) -> None:
    assert [file["fileOriginType"] for file in listed(amber.metadata(session, **changes))] == origins


def test_the_files_of_a_session_have_names_of_their_own(amber: Caller, session: str) -> None:
    amber.ask("draw more", session)
    names = [file["name"] for file in listed(amber.metadata(session, filter=MADE))]
    assert names == [f"generated_{number}.png" for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("tools", "mime_type"),
    [(FILM_ONLY, "video/mp4"), (EVERYTHING, "image/png"), ({"imageGenerationSpec": {}}, "image/png")],
)
def test_a_film_is_made_where_films_alone_are_asked_for(
    amber: Caller, world: World, tools: dict[str, Any], mime_type: str
) -> None:
    world.behave("amber", files=1)
    session = amber.session()
    (named,) = [one["file"] for one in amber.ask("x", session, toolsSpec=tools).contents() if "file" in one]
    (file,) = listed(amber.metadata(session))
    assert named["mimeType"] == file["mimeType"] == mime_type
    assert file["name"].endswith(mime_type[-3:])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"filter": "file_origin_type=AI_GENERATED"}, "filter"),
        ({"filter": None}, "filter"),
        ({"pageSize": 5}, "pageSize"),
        ({"session": 5}, "name"),
        ({"session": "sessions/abc"}, "Invalid session name"),
        ({"session": "-"}, "Invalid session name"),
    ],
)
def test_a_deviation_is_refused_by_name(
    amber: Caller, session: str, changes: dict[str, Any], message: str
) -> None:
    answer = amber.metadata(**{"session": session, **changes})
    assert (answer.status, answer.error()["status"]) == (400, "INVALID_ARGUMENT")
    assert message in answer.error()["message"]


def test_only_sessions_of_the_account_are_listed(amber: Caller, bruno: Caller, session: str) -> None:
    assert bruno.metadata(session).status == 403
    assert amber.metadata(session[:-19] + "1" * 19).status == 404


def test_a_listing_makes_no_session(amber: Caller, world: World) -> None:
    name = "collections/default_collection/engines/agentspace-engine/sessions/-"
    assert amber.metadata(name).status == 404
    assert world.sessions() == []


def test_listings_are_counted_and_struck(amber: Caller, world: World) -> None:
    session = amber.session()
    world.behave("amber", api="503", api_on=("metadata",))
    assert amber.metadata(session).status == 503
    assert amber.create().status == 200
    assert world.counts()["amber"]["metadata"] == 1
    assert [(call.status, call.fault) for call in world.calls("amber", "metadata")] == [(503, "503")]
