"""One element of the answer's array becomes events: every member that is read, and none that is not."""

from typing import Any

import pytest

from gemini_pool.dialogue import (
    Citation,
    Event,
    Finished,
    FinishReason,
    GeneratedFile,
    InlineFile,
    SessionNamed,
    TextDelta,
    ThoughtDelta,
)
from gemini_pool.errors import BadReply, Busy, PolicyRefused, PromptRefused, QuotaExhausted
from gemini_pool.upstream.wire import AnswerReader

Json = dict[str, Any]
SESSION = "projects/1/locations/global/collections/default_collection/engines/agentspace-engine/sessions/7"
PNG = {"mimeType": "image/png", "data": "iVBORw0KGgo="}
PICTURE = InlineFile("image/png", "iVBORw0KGgo=")
GENERATED = {"image": {"bytesBase64Encoded": "iVBORw0KGgo=", "mimeType": "image/png"}}


def element(*replies: Any, state: Any = "IN_PROGRESS", response: Json | None = None, **answer: Any) -> Json:
    """An element with these replies; `response` holds further members beside the answer."""
    inner = {"state": state, "replies": list(replies), **answer}
    return {"uToken": "UT", "streamAssistResponse": {"answer": inner, **(response or {})}}


def said(**content: Any) -> Json:
    return {"replyId": "r", "groundedContent": {"content": {"role": "model", **content}}}


def grounded(**members: Any) -> Json:
    return {"groundedContent": members}


def events(*elements: Any) -> list[Event]:
    reader = AnswerReader()
    return [event for one in elements for event in reader.read(one)]


# Text and thoughts


def test_text_is_given_delta_by_delta() -> None:
    got = events(element(said(text="Hello ")), element(said(text="wörld"), said(text=" 你好")))
    assert got == [TextDelta("Hello "), TextDelta("wörld"), TextDelta(" 你好")]


def test_white_space_is_text_too() -> None:
    assert events(element(said(text="\n\n"))) == [TextDelta("\n\n")]


def test_a_thought_is_marked_inside_the_content() -> None:
    assert events(element(said(text="hm", thought=True))) == [ThoughtDelta("hm")]


def test_a_thought_may_be_marked_at_the_reply_as_older_clients_read_it() -> None:
    assert events(element({**said(text="hm"), "thought": True})) == [ThoughtDelta("hm")]


def test_a_thought_may_be_a_text_of_its_own_beside_the_answer() -> None:
    assert events(element({**said(text="so"), "thought": "hm"})) == [ThoughtDelta("hm"), TextDelta("so")]


@pytest.mark.parametrize("mark", [False, None, "", "false", 0, {}])
def test_anything_but_true_marks_no_thought_inside_the_content(mark: object) -> None:
    assert events(element(said(text="so", thought=mark))) == [TextDelta("so")]


@pytest.mark.parametrize("mark", [False, None, "", 0, {}])
def test_an_empty_older_mark_marks_no_thought(mark: object) -> None:
    assert events(element({**said(text="so"), "thought": mark})) == [TextDelta("so")]


# Files


def test_a_generated_file_is_named_once_however_often_the_service_names_it() -> None:
    file = {"fileId": "123", "mimeType": "image/png", "name": "cat.png"}
    other = {**file, "fileId": "124"}
    got = events(element(said(file=file)), element(said(file=file), said(file=other)))
    assert got == [GeneratedFile("123", "image/png", "cat.png"), GeneratedFile("124", "image/png", "cat.png")]


def test_a_file_needs_an_id_and_nothing_else() -> None:
    assert events(element(said(file={"fileId": "123"}))) == [GeneratedFile("123", "", "")]
    assert events(element(said(file={"name": "cat.png"}), said(file=None), said(file="123"))) == []


def test_text_and_file_of_one_content_come_in_that_order() -> None:
    assert events(element(said(text="here", file={"fileId": "1"}))) == [
        TextDelta("here"),
        GeneratedFile("1", "", ""),
    ]


RAW_PNG = {"mimeType": "image/png", "bytesBase64Encoded": PNG["data"], "name": "x.png"}
MEDIA = {
    "content.inlineData": element(said(inlineData=PNG)),
    "groundedContent.inlineData": element(grounded(inlineData=PNG)),
    "reply.attachments": element({**said(), "attachments": [PNG]}),
    "groundedContent.attachments": element(grounded(content={}, attachments=[PNG])),
    "content.attachments": element(said(attachments=[PNG])),
    "attachment as bytesBase64Encoded": element(said(attachments=[RAW_PNG])),
    "reply.generatedImages": element({**said(), "generatedImages": [GENERATED]}),
    "answer.generatedImages": element(generatedImages=[GENERATED]),
    "response.generatedImages": element(response={"generatedImages": [GENERATED]}),
    "element.generatedImages": {**element(), "generatedImages": [GENERATED]},
}


@pytest.mark.parametrize("one", MEDIA.values(), ids=MEDIA)
def test_media_inside_the_answer_is_found_at_every_level_older_clients_look_at(one: Json) -> None:
    assert events(one) == [PICTURE]


@pytest.mark.parametrize(
    "reply",
    [
        said(inlineData={"mimeType": "image/png"}),
        said(inlineData={"mimeType": "image/png", "data": ""}),
        said(inlineData=["data"]),
        said(attachments=[{"name": "x"}, None, 7, "x"]),
        said(attachments={"data": "x"}),
        {"generatedImages": [{"image": {}}, {"image": None}, {}, None]},
    ],
)
def test_media_without_data_is_nothing(reply: Json) -> None:
    assert events(element(reply)) == []


def test_media_whose_data_is_no_text_is_nothing() -> None:
    assert events(element(said(inlineData={"mimeType": "image/png", "data": {"a": 1}}))) == []


# Sources

REFERENCES = [
    {"content": "…", "documentMetadata": {"title": "One", "uri": "https://one.example", "domain": "one"}},
    {"content": "…", "documentMetadata": {"title": "Two", "uri": "https://two.example"}},
]


def grounding(segments: Any, references: Any = REFERENCES) -> Json:
    return element(grounded(textGroundingMetadata={"segments": segments, "references": references}))


def test_a_segment_names_its_sources_and_its_place_in_bytes() -> None:
    segment = {"startIndex": "6", "endIndex": "42", "referenceIndices": [0, 1], "text": "…"}
    assert events(grounding([segment])) == [
        Citation("https://one.example", "One", 6, 42),
        Citation("https://two.example", "Two", 6, 42),
    ]


def test_a_segment_at_the_beginning_has_no_start_index() -> None:
    assert events(grounding([{"endIndex": "9", "referenceIndices": [0]}], REFERENCES[:1])) == [
        Citation("https://one.example", "One", 0, 9)
    ]


def test_offsets_may_also_be_numbers() -> None:
    assert events(grounding([{"startIndex": 1, "endIndex": 9, "referenceIndices": [0]}], REFERENCES[:1])) == [
        Citation("https://one.example", "One", 1, 9)
    ]


def test_sources_that_no_segment_names_are_still_sources() -> None:
    assert events(grounding([{"endIndex": "9", "referenceIndices": [1]}])) == [
        Citation("https://two.example", "Two", 0, 9),
        Citation("https://one.example", "One"),
    ]
    assert events(grounding(None)) == [
        Citation("https://one.example", "One"),
        Citation("https://two.example", "Two"),
    ]


def test_indices_that_lead_nowhere_are_left_out() -> None:
    segments = [{"endIndex": "9", "referenceIndices": [7, -1, "0", None]}, {"referenceIndices": None}, None]
    assert events(grounding(segments, REFERENCES[:1])) == [Citation("https://one.example", "One")]


def test_the_same_source_at_the_same_place_is_given_once() -> None:
    one = grounding([{"endIndex": "9", "referenceIndices": [0]}], REFERENCES[:1])
    elsewhere = grounding([{"startIndex": "9", "endIndex": "12", "referenceIndices": [0]}], REFERENCES[:1])
    assert events(one, one, elsewhere) == [
        Citation("https://one.example", "One", 0, 9),
        Citation("https://one.example", "One", 9, 12),
    ]


def test_citation_metadata_gives_sources_too() -> None:
    cited = [
        {"startIndex": 3, "endIndex": 9, "uri": "https://c.example", "title": "C", "license": "mit"},
        {"title": "without an address"},
        "https://d.example",
    ]
    assert events(element(grounded(citationMetadata={"citations": cited}))) == [
        Citation("https://c.example", "C", 3, 9)
    ]


@pytest.mark.parametrize("broken", ["x", [], {}, "1.5"])
def test_an_offset_that_is_no_number_is_the_beginning(broken: object) -> None:
    cited = [{"startIndex": broken, "endIndex": broken, "uri": "https://c.example"}]
    assert events(element(grounded(citationMetadata={"citations": cited}))) == [
        Citation("https://c.example", "", 0, 0)
    ]


def test_an_offset_beyond_all_numbers_is_the_beginning() -> None:
    cited = [{"startIndex": float("inf"), "uri": "https://c.example"}]
    assert events(element(grounded(citationMetadata={"citations": cited}))) == [
        Citation("https://c.example", "")
    ]


def test_a_source_without_address_is_no_source() -> None:
    assert (
        events(grounding([{"referenceIndices": [0]}], [{"documentMetadata": {"title": "T"}}, {}, None])) == []
    )


# The session


def test_a_session_named_in_every_element_is_one_event() -> None:
    info = {"sessionInfo": {"session": SESSION, "queryId": "q"}}
    got = events(element(response=info), element(said(text="a"), response=info), element(response=info))
    assert got == [SessionNamed(SESSION), TextDelta("a")]


def test_a_session_that_changes_is_named_again() -> None:
    names = (f"{SESSION}{n}" for n in (1, 1, 2))
    got = events(*(element(response={"sessionInfo": {"session": name}}) for name in names))
    assert got == [SessionNamed(f"{SESSION}1"), SessionNamed(f"{SESSION}2")]


def test_a_session_name_that_is_no_text_is_ignored() -> None:
    assert events(element(response={"sessionInfo": {"session": {"name": SESSION}}})) == []


# The state


def test_succeeded_finishes_the_answer() -> None:
    reader = AnswerReader()
    assert list(reader.read(element(said(text="a")))) == [TextDelta("a")]
    assert not reader.succeeded
    assert list(reader.read(element(said(text=""), state="SUCCEEDED"))) == [Finished(FinishReason.STOP)]
    assert reader.succeeded


def test_the_last_words_come_before_the_end() -> None:
    info = {"sessionInfo": {"session": SESSION}}
    assert events(element(said(text="bye"), state="SUCCEEDED", response=info)) == [
        TextDelta("bye"),
        SessionNamed(SESSION),
        Finished(),
    ]


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_an_answer_that_is_given_up_is_a_bad_reply_that_names_the_state(state: str) -> None:
    with pytest.raises(BadReply, match=state):
        events(element(state=state))
    with pytest.raises(BadReply, match=state):
        events({"streamAssistResponse": {"state": state}})


@pytest.mark.parametrize("state", ["IN_PROGRESS", "STATE_UNSPECIFIED", "", None, "YET_UNKNOWN", 7, {}])
def test_states_that_end_nothing_are_silent(state: object) -> None:
    assert events(element(state=state)) == []


def test_succeeded_may_stand_one_level_higher() -> None:
    assert events({"streamAssistResponse": {"state": "SUCCEEDED"}}) == [Finished()]


POLICY = {
    "verdict": "BLOCK",
    "policyResults": [
        {"bannedPhraseEnforcementResult": {"bannedPhrases": ["x"]}},
        {"modelArmorEnforcementResult": {"modelArmorViolation": "RAI filter: dangerous", "error": {}}},
    ],
}


def test_a_policy_that_blocks_is_told_with_its_own_words() -> None:
    with pytest.raises(PolicyRefused, match=r"policy blocked it \(RAI filter: dangerous\)"):
        events(
            element(
                state="SKIPPED",
                assistSkippedReasons=["CUSTOMER_POLICY_VIOLATION"],
                customerPolicyEnforcementResult=POLICY,
            )
        )


@pytest.mark.parametrize(
    "enforcement", [None, {}, [], "BLOCK", {"policyResults": [None, {}, 7]}, {"policyResults": 7}]
)
def test_a_policy_without_words_is_told_all_the_same(enforcement: object) -> None:
    with pytest.raises(PolicyRefused, match="policy blocked it"):
        events(
            element(
                state="SKIPPED",
                assistSkippedReasons=["CUSTOMER_POLICY_VIOLATION"],
                customerPolicyEnforcementResult=enforcement,
            )
        )


def test_a_prompt_taken_for_no_question_is_told_as_that() -> None:
    with pytest.raises(PolicyRefused, match="no question"):
        events(element(state="SKIPPED", assistSkippedReasons=["NON_ASSIST_SEEKING_QUERY_IGNORED"]))


def test_other_reasons_to_skip_are_told_as_they_are() -> None:
    with pytest.raises(PolicyRefused, match="FIRST_REASON, SECOND_REASON"):
        events(element(state="SKIPPED", assistSkippedReasons=["FIRST_REASON", "SECOND_REASON"]))
    with pytest.raises(PolicyRefused, match="no reason given"):
        events(element(state="SKIPPED"))


def test_a_skip_one_level_higher_is_read_as_well() -> None:
    higher = {"state": "SKIPPED", "assistSkippedReasons": ["NON_ASSIST_SEEKING_QUERY_IGNORED"]}
    with pytest.raises(PolicyRefused, match="no question"):
        events({"streamAssistResponse": higher})
    with pytest.raises(PolicyRefused, match="no question"):
        events({"streamAssistResponse": {**higher, "answer": {"state": "SKIPPED"}}})


def test_the_policy_s_words_are_found_one_level_higher_too() -> None:
    higher = {
        "state": "SKIPPED",
        "assistSkippedReasons": ["CUSTOMER_POLICY_VIOLATION"],
        "customerPolicyEnforcementResult": POLICY,
    }
    with pytest.raises(PolicyRefused, match="RAI filter: dangerous"):
        events({"streamAssistResponse": higher})


# Errors inside the stream


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "check quota"}, QuotaExhausted),
        ({"code": 500, "status": "INTERNAL", "message": "internal error"}, Busy),
        ({"code": 503, "status": "UNAVAILABLE"}, Busy),
        ({"code": 400, "status": "INVALID_ARGUMENT", "message": "model id: x is invalid"}, PromptRefused),
        ({}, BadReply),
        ("boom", BadReply),
    ],
)
def test_an_error_in_the_place_of_an_element_is_raised(error: object, expected: type[Exception]) -> None:
    reader = AnswerReader()
    assert list(reader.read(element(said(text="good so far")))) == [TextDelta("good so far")]
    with pytest.raises(expected):
        list(reader.read({"error": error}))


@pytest.mark.parametrize("one", [[], "text", 7, None, True])
def test_an_element_that_is_no_object_is_a_bad_reply(one: object) -> None:
    with pytest.raises(BadReply):
        events(one)


# What is nothing


@pytest.mark.parametrize(
    "one",
    [
        {},
        {"uToken": "UT"},
        {"streamAssistResponse": {}},
        {"streamAssistResponse": {"answer": {"state": "IN_PROGRESS"}}},
        {"streamAssistResponse": {"answer": {"replies": []}}},
        element({}),
        element({"groundedContent": {}}),
        element({"groundedContent": {"content": {}}}),
        element(grounded(contentMetadata={"contentKind": "ANSWER", "contentId": "1"})),
        element(said(text="")),
        element(said(text=None)),
    ],
)
def test_empty_elements_are_silent(one: Json) -> None:
    assert events(one) == []


def test_members_nobody_knows_are_ignored() -> None:
    one = element(
        {
            **said(text="a", executableCode={"code": "1"}, codeExecutionResult={"outcome": "OUTCOME_OK"}),
            "x": [1],
        },
        response={
            "statusUpdates": [None],
            "connectorAuthErrors": [],
            "assistToken": "AT",
            "future": {"error": 1},
        },
        diagnosticInfo={"plannerSteps": [{}]},
    )
    assert events({**one, "futureMember": {"nested": [[], {}]}}) == [TextDelta("a")]


WRONG = [None, 7, "text", True, [1], {"a": 1}]


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_types_are_ignored_at_every_level(wrong: Any) -> None:
    assert events({"streamAssistResponse": wrong}) == []
    assert (
        events({"streamAssistResponse": {"answer": wrong, "sessionInfo": wrong, "generatedImages": wrong}})
        == []
    )
    assert events(element(wrong)) == []
    assert events({"streamAssistResponse": {"answer": {"replies": wrong, "generatedImages": wrong}}}) == []
    assert events(element({"groundedContent": wrong, "attachments": wrong, "generatedImages": wrong})) == []
    assert events(element(grounded(content=wrong, textGroundingMetadata=wrong, citationMetadata=wrong))) == []
    assert events(grounding(wrong, wrong)) == []
    assert events(element(said(file=wrong, inlineData=wrong))) == []


@pytest.mark.parametrize("wrong", [None, 7, True, [1], {"a": 1}])
def test_text_that_is_no_text_is_ignored(wrong: Any) -> None:
    assert events(element(said(text=wrong))) == []
