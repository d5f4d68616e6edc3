"""Token counts without a tokenizer: estimates that add up."""

import pytest

from gemini_pool.weights import TOKEN, weight, whole


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a", 1),
        ("four", 1),
        ("fives", 2),
        ("x" * 400, 100),
        ("你", 1),
        ("你好吗", 2),
        ("你" * 300, 200),
    ],
)
def test_four_latin_characters_or_one_and_a_half_chinese_make_a_token(text: str, tokens: int) -> None:
    assert whole(weight(text)) == tokens


@pytest.mark.parametrize("text", ["こんにちは", "カタカナ", "안녕하세요", "你好，世界。", "！？", "𠀀𠀁"])
def test_japanese_korean_and_full_width_marks_weigh_as_much_as_chinese(text: str) -> None:
    assert weight(text) / TOKEN == pytest.approx(len(text) / 1.5)


@pytest.mark.parametrize("text", ["naïve café", "Привет", "🙂🙂"])
def test_everything_else_weighs_as_much_as_latin(text: str) -> None:
    assert weight(text) / TOKEN == pytest.approx(len(text) / 4)


def test_the_pieces_of_a_text_weigh_what_the_text_weighs() -> None:
    text = "Hello 你好 🙂 world, 世界! " * 20
    assert sum(map(weight, text)) == weight(text)
    assert weight(text[:33]) + weight(text[33:]) == weight(text)


@pytest.mark.parametrize("text", ["a", "。", "🙂", " "])
def test_a_text_that_is_not_empty_is_never_no_token(text: str) -> None:
    assert whole(weight(text)) >= 1
