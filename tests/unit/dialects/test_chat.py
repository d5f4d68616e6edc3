"""Chat completions on the wire: whole, in chunks, and errors, as strict clients read them."""

import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gemini_pool.bounds import bounded
from gemini_pool.dialects.base import Call, Heading, Meter
from gemini_pool.dialects.chat import ChatDialect
from gemini_pool.dialogue import (
    Citation,
    Event,
    Finished,
    MadeFile,
    Model,
    Prompt,
    Role,
    SessionNamed,
    TextDelta,
    ThoughtDelta,
    Turn,
)
from gemini_pool.errors import (
    BadRequest,
    Busy,
    KeyRefused,
    LimitReached,
    NoAccountAvailable,
    PolicyRefused,
    PoolError,
    TooLarge,
    UnknownModel,
)
from gemini_pool.roster import QuotaKind

HEADING = Heading("chatcmpl-1", 1_700_000_000, "gemini-2.5-flash")
MODEL = Model("gemini-2.5-flash", "gemini-2.5-flash", QuotaKind.TEXT, 1_700_000_000)
DIALECT = ChatDialect()
ANSWER: list[Event] = [TextDelta("Hello "), TextDelta("你好 🙂"), Finished()]
FULL: list[Event] = [
    SessionNamed("s"),
    ThoughtDelta("hm "),
    ThoughtDelta("so"),
    TextDelta("See "),
    TextDelta("这里"),
    Citation("https://one.example", "One", 4, 10),
    Finished(),
]


def call(*, stop: tuple[str, ...] = (), most: int | None = None, usage: bool = False) -> Call:
    prompt = Prompt(MODEL, (Turn(Role.USER, "four" * 5),), stop, most)
    return Call(prompt, stream=True, include_usage=usage)


def given(asked: Call, events: list[Event]) -> Iterable[Event]:
    """Events as they come from upstream: within the prompt's bounds."""
    return bounded(iter(events), asked.prompt.stop, asked.prompt.max_tokens)


def whole(events: list[Event], heading: Heading = HEADING, **bounds: Any) -> dict[str, Any]:
    asked = call(**bounds)
    body: dict[str, Any] = json.loads(DIALECT.write(asked, heading, given(asked, events), Meter()))
    return body


def frames(events: list[Event], heading: Heading = HEADING, **bounds: Any) -> list[bytes]:
    asked = call(**bounds)
    return list(DIALECT.stream(asked, heading, given(asked, events), Meter()))


def chunks(events: list[Event], **bounds: Any) -> list[dict[str, Any]]:
    """The chunks of a stream, which must end with [DONE] and hold nothing that is no frame."""
    *data, done = frames(events, **bounds)
    assert done == b"data: [DONE]\n\n"
    for frame in data:
        assert frame.startswith(b"data: {")
        assert frame.endswith(b"}\n\n")
        assert frame.count(b"\n") == 2
    return [json.loads(frame.removeprefix(b"data: ")) for frame in data]


def deltas(got: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [choice["delta"] for chunk in got for choice in chunk["choices"]]


def content(got: list[dict[str, Any]]) -> str:
    return "".join(delta.get("content", "") for delta in deltas(got))


# One JSON body


def test_a_whole_answer_has_every_key_that_strict_clients_require() -> None:
    assert whole(ANSWER) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gemini-2.5-flash",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello 你好 🙂", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 4,
            "total_tokens": 9,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
    }


def test_thoughts_and_sources_have_their_own_places_in_the_message() -> None:
    body = whole(FULL)
    message = body["choices"][0]["message"]
    assert message["content"] == "See 这里"
    assert message["reasoning_content"] == "hm so"
    assert message["annotations"] == [
        {
            "type": "url_citation",
            "url_citation": {"url": "https://one.example", "title": "One", "start_index": 4, "end_index": 6},
        }
    ]
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 2


def test_thoughts_are_counted_as_part_of_the_answer() -> None:
    usage = whole([ThoughtDelta("x" * 40), TextDelta("x" * 40), Finished()])["usage"]
    assert (usage["completion_tokens"], usage["completion_tokens_details"]["reasoning_tokens"]) == (20, 10)
    assert usage["total_tokens"] == usage["prompt_tokens"] + 20


def test_a_bare_answer_carries_no_empty_extras() -> None:
    assert set(whole(ANSWER)["choices"][0]["message"]) == {"role", "content", "refusal"}


def test_an_answer_that_never_said_it_was_finished_has_stopped() -> None:
    assert whole([TextDelta("a")])["choices"][0]["finish_reason"] == "stop"


PICTURE = MadeFile("image", "cat.png", "image/png", Path("cat.png"))
FILM = MadeFile("video", "cat.mp4", "video/mp4", Path("cat.mp4"))


def shown(file: MadeFile, form: str) -> tuple[Any, str]:
    """What stands for a file in a whole answer, and in a stream."""
    heading = replace(HEADING, image_format=form, link=lambda made: f"https://pool.example/{made.name}")
    events = [TextDelta("Here: "), file, Finished()]
    content = whole(events, heading=heading)["choices"][0]["message"]["content"]
    streamed = [delta["content"] for delta in deltas(chunks(events, heading=heading)) if "content" in delta]
    return content, streamed[-1]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("markdown", "\n![image](https://pool.example/cat.png)\n"),
        ("url", "\nhttps://pool.example/cat.png\n"),
    ],
)
def test_a_picture_is_shown_as_a_text(form: str, text: str) -> None:
    assert shown(PICTURE, form) == ("Here: " + text, text)


def test_a_picture_is_shown_as_a_part() -> None:
    part = {"type": "image_url", "image_url": {"url": "https://pool.example/cat.png"}}
    assert shown(PICTURE, "array") == ([{"type": "text", "text": "Here:"}, part], [part])


def test_a_picture_is_shown_as_its_own_bytes(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"meow")
    text = "\n![image](data:image/png;base64,bWVvdw==)\n"
    assert shown(replace(PICTURE, path=tmp_path / "cat.png"), "base64") == ("Here: " + text, text)


@pytest.mark.parametrize("form", ["markdown", "array", "base64"])
def test_a_film_is_linked(form: str) -> None:
    text = "\n[cat.mp4](https://pool.example/cat.mp4)\n"
    assert shown(FILM, form) == ("Here: " + text, text)


# Sources count characters


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("Hello world", "world"),
        ("你好，世界！再见", "世界"),
        ("🙂 é 你 end", "end"),
        ("abc", "abc"),
        ("👩‍🚀x", "x"),
    ],
)
def test_offsets_in_bytes_become_offsets_in_characters(text: str, piece: str) -> None:
    start = text.encode().index(piece.encode())
    events: list[Event] = [
        *map(TextDelta, text),
        Citation("u", "t", start, start + len(piece.encode())),
        Finished(),
    ]
    (annotation,) = whole(events)["choices"][0]["message"]["annotations"]
    place = annotation["url_citation"]
    assert text[place["start_index"] : place["end_index"]] == piece
    (streamed,) = [delta["annotations"] for delta in deltas(chunks(events)) if "annotations" in delta]
    assert streamed == [annotation]


def test_an_offset_inside_a_character_or_behind_the_end_stays_inside_the_text() -> None:
    events = [TextDelta("你好"), Citation("u", "t", 1, 4), Citation("v", "t", 3, 999), Finished()]
    places = [a["url_citation"] for a in whole(events)["choices"][0]["message"]["annotations"]]
    assert [(place["start_index"], place["end_index"]) for place in places] == [(0, 1), (1, 2)]


def test_the_note_on_a_file_does_not_shift_the_places_of_sources() -> None:
    events = [
        PICTURE,
        TextDelta("Hello"),
        Citation("u", "t", 0, 5),
        Finished(),
    ]
    message = whole(events)["choices"][0]["message"]
    place = message["annotations"][0]["url_citation"]
    assert message["content"][place["start_index"] : place["end_index"]] == "Hello"


# Chunks


def test_the_chunks_come_in_the_order_that_all_clients_take() -> None:
    assert deltas(chunks(FULL)) == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "hm "},
        {"reasoning_content": "so"},
        {"content": "See "},
        {"content": "这里"},
        {
            "annotations": [
                {
                    "type": "url_citation",
                    "url_citation": {
                        "url": "https://one.example",
                        "title": "One",
                        "start_index": 4,
                        "end_index": 6,
                    },
                }
            ]
        },
        {},
    ]


def test_every_chunk_has_every_key_that_strict_clients_require() -> None:
    for usage in (False, True):
        for chunk in chunks(FULL, usage=usage):
            assert set(chunk) == {"id", "object", "created", "model", "choices"} | (
                {"usage"} if usage else set()
            )
            assert chunk["object"] == "chat.completion.chunk"
            for choice in chunk["choices"]:
                assert set(choice) == {"index", "delta", "logprobs", "finish_reason"}
                assert (choice["index"], choice["logprobs"]) == (0, None)


def test_all_chunks_of_an_answer_share_id_time_and_model() -> None:
    got = {(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks(FULL, usage=True)}
    assert got == {("chatcmpl-1", 1_700_000_000, "gemini-2.5-flash")}


def test_the_role_is_sent_once_and_first() -> None:
    assert [("role" in delta) for delta in deltas(chunks(FULL))] == [True] + [False] * 6


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [({}, "stop"), ({"stop": ("你好",)}, "stop"), ({"most": 1}, "length"), ({"most": 100}, "stop")],
)
def test_the_finish_reason_is_sent_exactly_once_and_with_an_empty_delta(
    bounds: dict[str, Any], reason: str
) -> None:
    choices = [choice for chunk in chunks(ANSWER, **bounds) for choice in chunk["choices"]]
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + [reason]
    assert choices[-1]["delta"] == {}
    assert whole(ANSWER, **bounds)["choices"][0]["finish_reason"] == reason


def test_an_answer_that_never_said_it_was_finished_still_has_a_finish_reason() -> None:
    assert chunks([TextDelta("a")])[-1]["choices"][0]["finish_reason"] == "stop"


def test_usage_is_a_last_chunk_without_choices_and_only_when_asked_for() -> None:
    assert all(chunk["choices"] for chunk in chunks(FULL))
    *others, last = chunks(FULL, usage=True)
    assert all(chunk["choices"] for chunk in others)
    assert all(chunk["usage"] is None for chunk in others)
    assert last["choices"] == []
    assert last["usage"] == whole(FULL)["usage"]


def test_done_is_sent_once_and_last() -> None:
    for usage in (False, True):
        assert [frame for frame in frames(FULL, usage=usage) if b"[DONE]" in frame] == [b"data: [DONE]\n\n"]


def test_text_that_looks_like_a_frame_stays_text() -> None:
    text = 'data: [DONE]\n\nid: 1\r\n"}\u2028\x00'
    assert content(chunks([TextDelta(text), Finished()])) == text


def test_a_stream_and_a_whole_body_tell_the_same() -> None:
    for bounds in ({}, {"stop": ("这",)}, {"most": 2}):
        message = whole(FULL, **bounds)["choices"][0]["message"]
        got = chunks(FULL, **bounds)
        assert content(got) == message["content"]
        assert "".join(d.get("reasoning_content", "") for d in deltas(got)) == message["reasoning_content"]


def test_each_delta_is_passed_on_before_the_next_is_drawn() -> None:
    def source() -> Iterator[Event]:
        yield TextDelta("now")
        raise AssertionError("drawn too early")

    stream = DIALECT.stream(call(), HEADING, source(), Meter())
    assert b'"now"' in list(itertools.islice(stream, 2))[1]


def test_an_error_on_the_way_passes_through_without_a_false_end() -> None:
    def source() -> Iterator[Event]:
        yield TextDelta("some")
        raise Busy("The service broke.")

    got: list[bytes] = []
    with pytest.raises(Busy):
        got.extend(DIALECT.stream(call(usage=True), HEADING, source(), Meter()))
    assert b'"some"' in got[-1]
    assert not any(b"[DONE]" in frame or b'"stop"' in frame for frame in got)


def test_the_meter_knows_what_was_given_even_when_the_stream_breaks() -> None:
    def source() -> Iterator[Event]:
        yield TextDelta("four" * 3)
        raise Busy("The service broke.")

    meter = Meter()
    with pytest.raises(Busy):
        list(DIALECT.stream(call(), HEADING, source(), meter))
    assert meter.usage(call().prompt).completion_tokens == 3


# Stop sequences and the most tokens, on the wire


def test_a_stop_sequence_cut_across_deltas_never_shows() -> None:
    text = "Hello STOP me"
    for cut in range(len(text)):
        got = chunks([TextDelta(piece) for piece in (text[:cut], text[cut:]) if piece], stop=("STOP",))
        assert content(got) == "Hello "
        assert got[-1]["choices"][0]["finish_reason"] == "stop"


def test_a_stop_sequence_at_the_very_start_leaves_an_empty_answer() -> None:
    body = whole([TextDelta("STOP me"), Finished()], stop=("STOP",))
    assert (body["choices"][0]["message"]["content"], body["choices"][0]["finish_reason"]) == ("", "stop")


def test_what_is_cut_off_is_not_counted() -> None:
    assert whole([TextDelta("four" * 100), Finished()], most=3)["usage"]["completion_tokens"] == 3


# Errors


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        (
            BadRequest("no", param="messages[0].role"),
            400,
            ("invalid_request_error", "messages[0].role", None),
        ),
        (
            BadRequest("no", param="p", code="unsupported_content"),
            400,
            ("invalid_request_error", "p", "unsupported_content"),
        ),
        (KeyRefused("no"), 401, ("authentication_error", None, "invalid_api_key")),
        (UnknownModel("no", param="model"), 404, ("invalid_request_error", "model", "model_not_found")),
        (TooLarge("no"), 413, ("invalid_request_error", None, "request_too_large")),
        (LimitReached("no", retry_after=3), 429, ("rate_limit_error", None, "rate_limit_exceeded")),
        (NoAccountAvailable("no", limited=True), 429, ("rate_limit_error", None, "rate_limit_exceeded")),
        (NoAccountAvailable("no"), 503, ("api_error", None, "no_account_available")),
        (PolicyRefused("no"), 400, ("invalid_request_error", None, "content_filter")),
        (Busy("no"), 502, ("api_error", None, None)),
        (PoolError("no"), 500, ("api_error", None, None)),
    ],
)
def test_an_error_has_the_four_keys_that_every_client_reads(
    error: PoolError, status: int, expected: tuple[str, str | None, str | None]
) -> None:
    kind, param, code = expected
    body = {"error": {"message": "no", "type": kind, "param": param, "code": code}}
    assert json.loads(DIALECT.write_error(error, status)) == body
    frame = DIALECT.write_stream_error(error, status)
    assert frame.startswith(b"data: ")
    assert frame.endswith(b"\n\n")
    assert json.loads(frame.removeprefix(b"data: ")) == body
