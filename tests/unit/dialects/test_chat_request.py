"""Reading a chat request: every form clients send, and a clear word on what is wrong with the rest."""

from typing import Any

import pytest

from gemini_pool.dialects.base import Call
from gemini_pool.dialects.chat_request import read_call
from gemini_pool.dialogue import Model, Role, Turn
from gemini_pool.errors import BadRequest, UnknownModel
from gemini_pool.roster import QuotaKind

FLASH = Model("gemini-2.5-flash", "gemini-2.5-flash", QuotaKind.TEXT, 1_700_000_000)
HI = [{"role": "user", "content": "hi"}]


class OneModel:
    """Knows a single model, which is also the default."""

    def resolve(self, name: str | None) -> Model:
        if name not in (None, FLASH.id):
            raise UnknownModel(f"There is no model {name}.", param="model")
        return FLASH


def call(**body: Any) -> Call:
    return read_call(body, OneModel())


def turns(*messages: Any) -> tuple[Turn, ...]:
    """The turns of these messages and a last question."""
    *read, last = call(messages=[*messages, *HI]).prompt.turns
    assert last == Turn(Role.USER, "hi")
    return tuple(read)


def refused(**body: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        call(**body)
    assert str(caught.value)
    return caught.value


# What is read


def test_the_least_request_is_enough() -> None:
    got = call(model="gemini-2.5-flash", messages=HI)
    assert got.prompt.model is FLASH
    assert got.prompt.turns == (Turn(Role.USER, "hi"),)
    assert (got.prompt.stop, got.prompt.max_tokens, got.stream, got.include_usage) == ((), None, False, False)


def test_without_a_model_the_default_answers() -> None:
    assert call(messages=HI).prompt.model is FLASH
    assert call(model=None, messages=HI).prompt.model is FLASH


def test_a_model_nobody_knows_is_told_as_that() -> None:
    with pytest.raises(UnknownModel):
        call(model="gpt-9", messages=HI)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("system", Role.SYSTEM),
        ("developer", Role.SYSTEM),
        ("user", Role.USER),
        ("assistant", Role.ASSISTANT),
        ("tool", Role.TOOL),
        ("function", Role.TOOL),
    ],
)
def test_every_role_that_clients_send_is_known(role: str, expected: Role) -> None:
    assert turns({"role": role, "content": "text"}) == (Turn(expected, "text"),)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("text", "text"),
        ("", ""),
        (None, ""),
        ([], ""),
        ([{"type": "text", "text": "one"}], "one"),
        ([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}], "one\ntwo"),
        ([{"type": "input_text", "text": "in"}, {"type": "output_text", "text": "out"}], "in\nout"),
        ([{"type": "text", "text": ""}, {"type": "text", "text": "two"}], "two"),
        ([{"type": "refusal", "refusal": "I cannot."}], "I cannot."),
        (["plain", "strings"], "plain\nstrings"),
        ([{"type": "text", "text": "你好", "cache_control": {"type": "ephemeral"}}], "你好"),
    ],
)
def test_content_may_be_a_string_parts_or_nothing(content: Any, text: str) -> None:
    assert turns({"role": "assistant", "content": content}) == (Turn(Role.ASSISTANT, text),)


def test_content_may_be_absent() -> None:
    assert turns({"role": "assistant"}) == (Turn(Role.ASSISTANT, ""),)


def test_the_transcript_keeps_its_order() -> None:
    messages = [{"role": "user" if n % 2 else "assistant", "content": f"m{n}"} for n in range(9)]
    assert [turn.text for turn in turns(*messages)] == [f"m{n}" for n in range(9)]


def _tool_call(name: str, arguments: str) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}


def test_tool_calls_of_the_history_are_seen_by_the_model() -> None:
    calls = [_tool_call("weather", '{"city": "Bern"}'), _tool_call("time", "{}")]
    (turn,) = turns({"role": "assistant", "content": None, "tool_calls": calls})
    assert turn.role is Role.ASSISTANT
    first, second = turn.text.split("\n")
    assert "weather" in first
    assert '{"city": "Bern"}' in first
    assert "time" in second


def test_text_beside_tool_calls_is_kept() -> None:
    (turn,) = turns(
        {"role": "assistant", "content": "Let me see.", "tool_calls": [_tool_call("weather", "{}")]}
    )
    assert turn.text.startswith("Let me see.\n")
    assert "weather" in turn.text


@pytest.mark.parametrize("calls", [[], None, [None], ["x"], [{}], [{"function": None}], "x", {"a": 1}])
def test_tool_calls_of_a_strange_shape_do_no_harm(calls: Any) -> None:
    (turn,) = turns({"role": "assistant", "content": "text", "tool_calls": calls})
    assert turn.text.strip() == "text"


def test_the_older_function_call_of_the_history_is_seen_by_the_model() -> None:
    (turn,) = turns(
        {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}}
    )
    assert "weather" in turn.text


def test_the_answer_of_a_tool_is_named_by_its_name_or_the_call() -> None:
    assert turns({"role": "tool", "tool_call_id": "call_1", "content": "rain"})[0] == Turn(
        Role.TOOL, "rain", "call_1"
    )
    assert turns({"role": "function", "name": "weather", "content": "rain"})[0] == Turn(
        Role.TOOL, "rain", "weather"
    )


def test_the_answer_of_a_tool_may_be_the_last_word() -> None:
    got = call(messages=[{"role": "tool", "tool_call_id": "call_1", "content": "rain"}])
    assert got.prompt.turns[-1].role is Role.TOOL


def test_a_speaker_s_name_is_kept() -> None:
    assert turns({"role": "user", "name": "Ada", "content": "hello"}) == (Turn(Role.USER, "hello", "Ada"),)


def test_the_older_prompts_form_is_read() -> None:
    got = call(prompts=[{"role": "system", "text": "be brief"}, {"text": "hi", "files": []}])
    assert got.prompt.turns == (Turn(Role.SYSTEM, "be brief"), Turn(Role.USER, "hi"))


def test_messages_count_where_there_are_prompts_too() -> None:
    assert call(messages=HI, prompts=[{"text": "no"}]).prompt.turns == (Turn(Role.USER, "hi"),)


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (None, ()),
        ("END", ("END",)),
        (["a", "b"], ("a", "b")),
        ([], ()),
        ("", ()),
        (["", "a"], ("a",)),
        (["x"] * 16, ("x",) * 16),
    ],
)
def test_stop_may_be_a_string_or_a_list(stop: Any, expected: tuple[str, ...]) -> None:
    assert call(messages=HI, stop=stop).prompt.stop == expected


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"max_tokens": 7}, 7),
        ({"max_completion_tokens": 7}, 7),
        ({"max_completion_tokens": 7, "max_tokens": 9}, 7),
        ({"max_completion_tokens": None, "max_tokens": 9}, 9),
        ({"max_tokens": None}, None),
    ],
)
def test_the_most_tokens_have_two_names_and_the_newer_counts(
    bounds: dict[str, Any], expected: int | None
) -> None:
    assert call(messages=HI, **bounds).prompt.max_tokens == expected


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), (None, False)])
def test_stream_is_a_switch(value: bool | None, expected: bool) -> None:
    assert call(messages=HI, stream=value).stream is expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"include_usage": True}, True),
        ({"include_usage": False}, False),
        ({"include_usage": "false"}, False),
        ({}, False),
        (None, False),
        ("x", False),
        ([], False),
    ],
)
def test_a_usage_chunk_is_sent_only_when_asked_for(options: Any, expected: bool) -> None:
    assert call(messages=HI, stream=True, stream_options=options).include_usage is expected


def test_fields_nobody_here_can_honour_are_ignored() -> None:
    extras = {
        "tools": [{"type": "function"}],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "functions": [{}],
        "response_format": {"type": "json_object"},
        "temperature": 0.2,
        "top_p": 1,
        "n": 3,
        "seed": 1,
        "logprobs": True,
        "top_logprobs": 2,
        "logit_bias": {},
        "presence_penalty": 0,
        "modalities": ["text"],
        "audio": None,
        "reasoning_effort": "high",
        "verbosity": "low",
        "web_search_options": {},
        "store": False,
        "metadata": {"a": "b"},
        "user": "u",
        "service_tier": "auto",
        "a_field_of_tomorrow": {"x": [1]},
    }
    assert call(messages=HI, **extras).prompt.turns == (Turn(Role.USER, "hi"),)


# What is refused


def test_a_request_without_messages_says_which_field_is_missing() -> None:
    assert refused(model="gemini-2.5-flash").param == "messages"


@pytest.mark.parametrize("messages", [None, [], {}, "hi", 7])
def test_messages_must_be_a_list_of_at_least_one(messages: Any) -> None:
    assert refused(messages=messages).param == "messages"


@pytest.mark.parametrize("prompts", [None, [], "hi"])
def test_prompts_must_be_a_list_of_at_least_one(prompts: Any) -> None:
    assert refused(prompts=prompts).param == "prompts"


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": "only system"}],
        [{"role": "assistant", "content": "only an answer"}],
        [{"role": "user", "content": ""}],
        [{"role": "user", "content": []}],
        [{"role": "user"}],
    ],
)
def test_there_must_be_something_to_answer(messages: Any) -> None:
    assert refused(messages=messages).param == "messages"


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ("hi", "messages[1]"),
        (None, "messages[1]"),
        ({"content": "hi"}, "messages[1].role"),
        ({"role": "robot", "content": "hi"}, "messages[1].role"),
        ({"role": ["user"], "content": "hi"}, "messages[1].role"),
        ({"role": "user", "content": 7}, "messages[1].content"),
        ({"role": "user", "content": {"type": "text", "text": "hi"}}, "messages[1].content"),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, 7]}, "messages[1].content[1]"),
        ({"role": "user", "content": [{"type": "text", "text": None}]}, "messages[1].content[0].text"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[1].content[0].text"),
        ({"role": "user", "content": [{"text": "no type"}]}, "messages[1].content[0]"),
    ],
)
def test_a_message_in_a_wrong_shape_is_named_by_its_path(message: Any, path: str) -> None:
    assert refused(messages=[*HI, message]).param == path


@pytest.mark.parametrize(
    ("prompt", "path"),
    [
        ("hi", "prompts[0]"),
        ({"text": 7}, "prompts[0].text"),
        ({"role": "robot", "text": "hi"}, "prompts[0].role"),
        ({"text": "hi", "files": {"data": "x"}}, "prompts[0].files"),
        ({"text": "hi", "files": [{"type": "image"}]}, "prompts[0].files[0]"),
    ],
)
def test_a_prompt_in_a_wrong_shape_is_named_by_its_path(prompt: Any, path: str) -> None:
    assert refused(prompts=[prompt]).param == path


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url"},
        {"type": "input_audio", "input_audio": {"format": "wav"}},
        {"type": "file", "file": {"filename": "f.pdf"}},
        {"type": "hologram", "url": "https://example.com"},
    ],
)
def test_a_part_that_cannot_be_passed_on_is_refused_by_name_and_not_dropped(part: dict[str, Any]) -> None:
    error = refused(messages=[{"role": "user", "content": [{"type": "text", "text": "what is this?"}, part]}])
    assert str(error.param).startswith("messages[0].content[1]")
    assert error.code == ("unsupported_content" if part["type"] == "hologram" else None)
    assert str(error.param) in str(error)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", 7),
        ("model", ["gemini"]),
        ("stream", "true"),
        ("stream", 1),
        ("stop", 7),
        ("stop", [7]),
        ("stop", {"a": 1}),
        ("stop", ["x"] * 17),
        ("max_tokens", 0),
        ("max_tokens", -1),
        ("max_tokens", 1.5),
        ("max_tokens", "10"),
        ("max_tokens", True),
        ("max_completion_tokens", 0),
        ("conversation_id", 7),
    ],
)
def test_a_field_of_a_wrong_type_is_named(field: str, value: Any) -> None:
    error = refused(**{"messages": HI, field: value})
    assert error.param == field
    assert f"`{field}`" in str(error)


def test_names_and_stops_are_bounded() -> None:
    asked = {"messages": [{"role": "user", "content": "Hi"}]}
    for field, value in (("model", "x" * 201), ("stop", "x" * 257), ("stop", ["x", "y" * 257])):
        with pytest.raises(BadRequest) as caught:
            read_call(asked | {field: value}, OneModel())
        assert caught.value.param == field
