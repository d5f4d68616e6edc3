"""The incremental reader of the array: any cut gives the same objects, in time that grows with size."""

import json
import random
import time
from typing import Any

import pytest

from gemini_pool.errors import BadReply
from gemini_pool.upstream.stream import ArrayReader

ELEMENTS: list[dict[str, Any]] = [
    {"text": "你好，世界", "mark": "🙂👩‍🚀"},
    {"text": 'quoted "brace" { [ ] } \\ and \\" \n tab\t', "empty": "", "null": None},
    {},
    {"nested": [[], {}, [{"deep": ["]", "}", "{", "["]}], "a,b"], "numbers": [1, -2.5, 1e-3, True]},
    {"only escapes": '\\\\"\\\\"', 'key with " and {': {"]": "["}},
]
ALPHABET = [
    "a",
    "Z",
    " ",
    "你",
    "好",
    "吗",
    "，",
    "🙂",
    "👩‍🚀",
    "é",
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    "\n",
    ",",
    "\u2028",
]


def pretty(elements: list[Any], *, ascii_only: bool = False) -> bytes:
    """The body as the service sends it: indented, a comma and CRLF between objects."""
    written = (json.dumps(element, indent=2, ensure_ascii=ascii_only) for element in elements)
    return ("[" + "\n,\r\n".join(written) + "\n]").encode()


def read(*pieces: bytes) -> tuple[list[Any], bool]:
    reader = ArrayReader()
    elements = [element for piece in pieces for element in reader.feed(piece)]
    return elements, reader.closed


def bytewise(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


@pytest.mark.parametrize("ascii_only", [False, True], ids=["characters", "escapes"])
def test_an_answer_cut_in_two_at_any_byte_is_the_same_answer(ascii_only: bool) -> None:
    body = pretty(ELEMENTS, ascii_only=ascii_only)
    for cut in range(len(body) + 1):
        assert read(body[:cut], body[cut:]) == (ELEMENTS, True), f"cut at {cut}"


@pytest.mark.parametrize("ascii_only", [False, True], ids=["characters", "escapes"])
def test_an_answer_that_comes_byte_by_byte_is_the_same_answer(ascii_only: bool) -> None:
    assert read(*bytewise(pretty(ELEMENTS, ascii_only=ascii_only))) == (ELEMENTS, True)


def test_an_answer_that_is_not_indented_is_read_as_well() -> None:
    body = json.dumps(ELEMENTS, separators=(",", ":")).encode()
    assert read(body) == (ELEMENTS, True)
    assert read(*bytewise(body)) == (ELEMENTS, True)


def test_a_cut_inside_a_character_loses_nothing() -> None:
    body = '[{"text": "🙂"}]'.encode()
    middle = body.index("🙂".encode()) + 2
    assert read(body[:middle], body[middle:]) == ([{"text": "🙂"}], True)


def test_a_cut_inside_an_escape_loses_nothing() -> None:
    body = rb'[{"text": "a\"b\\"}, {"text": "\ud83d\ude42"}]'
    for cut in range(len(body)):
        assert read(body[:cut], body[cut:])[0] == [{"text": 'a"b\\'}, {"text": "🙂"}]


def test_a_piece_that_looks_like_an_element_may_be_a_part_of_one() -> None:
    assert read(b'[{"a": ', b'{"b": 1}', b"}]") == ([{"a": {"b": 1}}], True)
    assert read(b'[{"a": [', b'{"b": 1}, {"b": 2}', b"]}]") == ([{"a": [{"b": 1}, {"b": 2}]}], True)
    assert read(b'[{"a": "', b"{}", b'"}]') == ([{"a": "{}"}], True)


def test_an_object_is_given_with_the_byte_that_completes_it_and_not_later() -> None:
    reader = ArrayReader()
    assert reader.feed(b'[{"a": 1') == []
    assert reader.feed(b"}") == [{"a": 1}]
    assert reader.feed(b', {"b": 2}, {"c": 3}') == [{"b": 2}, {"c": 3}]
    assert not reader.closed


def test_a_thousand_answers_with_chinese_and_emoji_survive_every_cut() -> None:
    dice = random.Random(20260101)
    for number in range(1000):
        elements = [_any_element(dice) for _ in range(dice.randint(1, 3))]
        body = pretty(elements, ascii_only=dice.random() < 0.3)
        for cut in range(len(body) + 1):
            assert read(body[:cut], body[cut:]) == (elements, True), f"answer {number} cut at {cut}"
        assert read(*bytewise(body)) == (elements, True), f"answer {number} byte by byte"


def _any_element(dice: random.Random) -> dict[str, Any]:
    text = "".join(dice.choices(ALPHABET, k=dice.randint(0, 10)))
    return dice.choice(
        [{"text": text}, {text: [text[:3], {}]}, {"t": {"n": dice.randint(-9, 9), "s": text[:5]}}]
    )


def test_work_grows_with_the_size_of_an_answer_and_not_with_the_number_of_pieces() -> None:
    small, large = (min(_seconds_for(megabytes) for _ in range(3)) for megabytes in (5, 20))
    assert large < 9 * small + 0.1  # four times the bytes; looking twice at each would be sixteen times


def _seconds_for(megabytes: int) -> float:
    image = "iVBORw0KGgo+" * (megabytes * 1024 * 1024 // 12)
    body = pretty([{"text": "before"}, {"inlineData": {"mimeType": "image/png", "data": image}}])
    pieces = [body[at : at + 4096] for at in range(0, len(body), 4096)]
    reader, elements = ArrayReader(), []
    began = time.process_time()
    for piece in pieces:
        elements += reader.feed(piece)
    spent = time.process_time() - began
    assert elements[1]["inlineData"]["data"] == image
    return spent


def test_an_array_of_many_small_objects_in_one_piece_takes_linear_time_too() -> None:
    def seconds_for(count: int) -> float:
        body = pretty([{"text": "x" * 20}] * count).removesuffix(b"]") + b', {"and": "one unfinished'
        began = time.process_time()
        assert len(ArrayReader().feed(body)) == count
        return time.process_time() - began

    small, large = (min(seconds_for(count) for _ in range(3)) for count in (10_000, 40_000))
    assert large < 9 * small + 0.1


def test_it_does_not_matter_for_the_work_where_the_brackets_and_commas_are() -> None:
    replies = [{"replyId": "1", "groundedContent": {"content": {"role": "model", "text": "a few words"}}}]
    said = {"answer": {"state": "IN_PROGRESS", "replies": replies}, "sessionInfo": {"session": "sessions/1"}}
    elements = [json.dumps({"streamAssistResponse": said}).encode()] * 3000

    def seconds_for(pieces: list[bytes]) -> float:
        reader, began = ArrayReader(), time.process_time()
        assert sum(len(reader.feed(piece)) for piece in pieces) == 3000
        return time.process_time() - began

    before = [b"[" + elements[0], *(b"\n,\r\n" + element for element in elements[1:])]
    after = [b"[", *(element + b"\n,\r\n" for element in elements)]
    one_torn = [*after[:9], after[9][:99], after[9][99:], *after[10:]]
    whole, *others = (min(seconds_for(kind) for _ in range(5)) for kind in (before, after, one_torn))
    assert max(others) < 3 * whole + 0.001


def test_an_array_that_is_never_closed_gives_what_was_whole() -> None:
    body = pretty(ELEMENTS).removesuffix(b"]")
    assert read(body) == (ELEMENTS, False)
    torn = body[: body.rindex(b"}") - 3]
    assert read(torn) == (ELEMENTS[:-1], False)


def test_an_empty_array_is_closed_and_gives_nothing() -> None:
    assert read(b"[]") == ([], True)
    assert read(b" [", b"\r\n", b"] ") == ([], True)


def test_no_bytes_at_all_are_no_answer_and_no_error() -> None:
    assert read() == ([], False)
    assert read(b"", b"") == ([], False)


def test_a_bracket_inside_a_string_or_an_object_does_not_close_the_array() -> None:
    assert read(b'[{"a": "]"}, {"b": []}') == ([{"a": "]"}, {"b": []}], False)


def test_what_follows_the_closed_array_is_not_read() -> None:
    assert read(b'[{"a": 1}]', b'{"b": 2}', b"<html>") == ([{"a": 1}], True)


def test_a_bare_error_object_is_read_as_an_array_of_one() -> None:
    error = {"error": {"code": 429, "message": "Resource has been exhausted (e.g. check quota)."}}
    body = json.dumps(error, indent=2).encode()
    assert read(body)[0] == [error]
    assert read(*bytewise(body))[0] == [error]


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html></html>",
        b"Bad Gateway",
        b"[1, 2]",
        b'["text"]',
        b"[null]",
        b'[{"a": <<not json>>}]',
        b'[{"a": 1]}',
        b'[{"a" 1}]',
        b'[{"a": 1,}]',
        b"[{'a': 1}]",
        b"[}",
        b'data: [{"a": 1}]',
        b"\xff\xfe",
    ],
)
def test_garbage_is_a_bad_reply_however_it_is_cut(body: bytes) -> None:
    with pytest.raises(BadReply):
        read(body)
    with pytest.raises(BadReply):
        read(*bytewise(body))


def test_garbage_that_is_nested_beyond_reason_is_a_bad_reply() -> None:
    with pytest.raises(BadReply):
        read(b'[{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}]")


def test_what_came_before_the_garbage_has_been_given() -> None:
    reader = ArrayReader()
    assert reader.feed(b'[{"a": 1}') == [{"a": 1}]
    with pytest.raises(BadReply):
        reader.feed(b"\n,\r\n{<<\xff\xfe not json>>, ]]")


def test_an_object_without_end_is_given_up_before_memory_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gemini_pool.upstream.stream.MAX_OBJECT_BYTES", 1000)
    with pytest.raises(BadReply):
        read(b'[{"a": "', *[b"x" * 100] * 20)
    assert read(b'[{"a": "', *[b"x" * 100] * 9, b'"}]')[1]


def test_broken_utf8_costs_the_character_and_not_the_answer() -> None:
    (element,), closed = read(b'[{"text": "caf\xff\xfe, \xe4\xbd\xa0 \xe4\xbd"}]')
    assert closed
    assert element["text"].startswith("caf\ufffd")
    assert ", 你 " in element["text"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb'[{"text": "a\ud83d"}]', "a\ufffd"),
        (rb'[{"text": "\ude42b"}]', "\ufffdb"),
        (rb'[{"text": "\ud83d\ud83d\ude42"}]', "\ufffd🙂"),
        (rb'[{"text": "\ud83d\"\ud83d{"}]', '\ufffd"\ufffd{'),
    ],
)
def test_half_a_surrogate_pair_costs_the_character_and_not_the_answer(body: bytes, text: str) -> None:
    assert read(body) == ([{"text": text}], True)
    assert read(*bytewise(body)) == ([{"text": text}], True)


def test_what_is_read_can_always_be_written_again() -> None:
    (element,), _ = read(b'[{"text": "\\ud83d \xff", "\\udead": ["\\udc00"]}]')
    json.dumps(element, ensure_ascii=False).encode()
