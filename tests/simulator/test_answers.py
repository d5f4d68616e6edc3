import base64
import itertools
from typing import Any

import pytest

from gemini_pool.simulator.world import World

from .caller import Caller

AWKWARD = 'Braces } ] { and "quotes", \\ and \r\n, 日本語, 👩‍🚀, ```py\nx = [1]\n```'


def test_the_echo_names_account_session_turn_and_model(amber: Caller, world: World) -> None:
    text = amber.ask(AWKWARD, assistGenerationConfig={"modelId": "gemini-2.5-flash"}).text()
    session = world.sessions("amber")[0]
    assert text == f"[amber/{session.id}/turn 1/gemini-2.5-flash] {AWKWARD}"


def test_the_prompt_is_heard_as_sent(amber: Caller, world: World) -> None:
    amber.ask(AWKWARD)
    assert world.prompts["amber"] == [AWKWARD]
    assert world.prompts["bruno"] == []


def test_only_the_last_200_prompts_are_kept(world: World) -> None:
    for number in range(250):
        world.log.hear("amber", str(number))
    assert world.prompts["amber"][0] == "50"
    assert len(world.prompts["amber"]) == 200


def test_several_parts_make_one_prompt(amber: Caller, world: World) -> None:
    amber.ask(query={"parts": [{"text": "one "}, {"text": "two"}]})
    assert world.prompts["amber"] == ["one two"]


def test_a_given_text_takes_the_place_of_the_echo(amber: Caller, world: World) -> None:
    world.behave("amber", text="Pong.")
    assert amber.ask("ping").text() == "Pong."


def test_an_empty_text_is_an_answer_without_words(amber: Caller, world: World) -> None:
    world.behave("amber", text="")
    answer = amber.ask()
    assert answer.text() == ""
    assert answer.answers()[-1]["state"] == "SUCCEEDED"


def test_filler_words_follow_the_text(amber: Caller, world: World) -> None:
    world.behave("amber", text="x", words=40)
    text = amber.ask().text()
    assert text.startswith("x the pool answers ")
    assert {"{braces}", "日本語"} <= set(text.split(" "))


def test_the_order_is_empty_elements_thoughts_text_end(amber: Caller, world: World) -> None:
    world.behave("amber", text="abcdef", empty_elements=3, thoughts=2, deltas=3)
    answer = amber.ask()
    states = [one["state"] for one in answer.answers()]
    assert states == ["IN_PROGRESS"] * 8 + ["SUCCEEDED"]
    replies = [one.get("replies", []) for one in answer.answers()]
    assert replies[:2] == [[], [{"groundedContent": {}}]]
    assert "content" not in replies[2][0]["groundedContent"]
    thoughts = [one.get("thought", False) for one in answer.contents()[2:]]
    assert thoughts == [True, True, False, False, False, False]
    assert [one["text"] for one in answer.contents()[4:]] == ["ab", "cd", "ef", ""]


def test_every_number_of_deltas_gives_the_same_text(amber: Caller, world: World) -> None:
    for deltas in (1, 2, 7, 10_000):
        world.behave("amber", text=AWKWARD, deltas=deltas)
        answer = amber.ask()
        assert answer.text() == AWKWARD
        assert len(answer.json()) == min(deltas, len(AWKWARD)) + 3


def test_the_older_thought_stands_on_the_reply(amber: Caller, world: World) -> None:
    world.behave("amber", thoughts=1, reply_thought=True, empty_elements=0)
    reply = amber.ask().answers()[0]["replies"][0]
    assert reply["thought"] is True
    assert "thought" not in reply["groundedContent"]["content"]


def test_session_info_comes_every_time_at_the_end_or_never(amber: Caller, world: World) -> None:
    seen = {}
    for where in ("every", "last", "never"):
        world.behave("amber", session_info=where)
        elements = [element["streamAssistResponse"] for element in amber.ask().json()]
        seen[where] = ["sessionInfo" in element for element in elements]
    assert all(seen["every"])
    assert seen["last"] == [False] * (len(seen["last"]) - 1) + [True]
    assert not any(seen["never"])


def test_the_last_element_carries_the_assist_token(amber: Caller) -> None:
    *others, last = [element["streamAssistResponse"] for element in amber.ask().json()]
    assert last["assistToken"]
    assert not any("assistToken" in element for element in others)


def test_citations_stand_in_replies_of_their_own_and_count_bytes(amber: Caller, world: World) -> None:
    world.behave("amber", text="né", citations=True)
    answers = amber.ask().answers()
    grounded = [reply["groundedContent"] for answer in answers for reply in answer.get("replies", [])]
    found = [one["textGroundingMetadata"] for one in grounded if "textGroundingMetadata" in one]
    assert [one["segments"][0]["endIndex"] for one in found] == ["3", "3"]
    assert not any("content" in one for one in grounded if "textGroundingMetadata" in one)


def test_files_are_named_by_content(amber: Caller, world: World) -> None:
    world.behave("amber", files=2)
    files = [one["file"] for one in amber.ask().contents() if "file" in one]
    assert [file["mimeType"] for file in files] == ["image/png", "image/png"]
    assert len({file["fileId"] for file in files}) == 2


def test_an_inline_image_has_the_size_asked_for(amber: Caller, world: World) -> None:
    world.behave("amber", inline_image_bytes=1000)
    (image,) = [one["inlineData"] for one in amber.ask().contents() if "inlineData" in one]
    data = base64.b64decode(image["data"])
    assert len(data) == 1000
    assert data.startswith(b"\x89PNG")


def test_unknown_members_change_nothing_else(amber: Caller, world: World) -> None:
    world.behave("amber", text="plain", unknown_members=True)
    answer = amber.ask()
    assert answer.text() == "plain"
    assert all("futureMember" in element for element in answer.json())


def test_placeholders_in_a_prompt_are_left_alone(amber: Caller) -> None:
    prompt = "@session@ @answer@ @text@"
    assert amber.ask(prompt).text().endswith(prompt)


def test_turns_count_up_in_a_session(amber: Caller) -> None:
    session = amber.session()
    for number in itertools.islice(itertools.count(1), 3):
        assert f"/turn {number}/" in amber.ask(session=session).text()


@pytest.mark.parametrize(
    ("tools", "types"),
    [
        ({"imageGenerationSpec": {}}, ["image/png"]),
        ({"videoGenerationSpec": {}}, ["video/mp4"]),
        ({"webGroundingSpec": {}, "imageGenerationSpec": {}, "videoGenerationSpec": {}}, []),
        ({"webGroundingSpec": {}}, []),
    ],
)
def test_a_file_is_made_unasked_where_nothing_else_is_allowed(
    amber: Caller, tools: dict[str, Any], types: list[str]
) -> None:
    contents = amber.ask(toolsSpec=tools).contents()
    assert [one["file"]["mimeType"] for one in contents if "file" in one] == types
