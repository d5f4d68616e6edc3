"""Stop sequences and a most number of tokens, kept by cutting the answer as it passes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gemini_pool.bounds import bounded
from gemini_pool.dialogue import (
    Citation,
    Event,
    Finished,
    FinishReason,
    MadeFile,
    TextDelta,
    ThoughtDelta,
)
from gemini_pool.weights import TOKEN, weight

STOP, LENGTH = Finished(FinishReason.STOP), Finished(FinishReason.LENGTH)
STOPPED = Finished(FinishReason.STOP_SEQUENCE)


def deltas(*texts: str, end: bool = True) -> list[Event]:
    return [*map(TextDelta, texts), *([STOP] if end else [])]


def read(events: list[Event], *stop: str, most: int | None = None) -> tuple[str, list[Finished]]:
    """The text that got through, and every `Finished`; a `Finished` must be the last event."""
    got = list(bounded(iter(events), stop, most))
    ends = [event for event in got if isinstance(event, Finished)]
    assert ends == got[len(got) - len(ends) :]
    assert all(event.text for event in got if isinstance(event, TextDelta))
    return "".join(event.text for event in got if isinstance(event, TextDelta)), ends


def cuts(text: str) -> Iterator[list[str]]:
    """The text in two or three pieces, cut at every position, and in single characters."""
    for one in range(len(text) + 1):
        for two in range(one, len(text) + 1):
            yield [piece for piece in (text[:one], text[one:two], text[two:]) if piece]
    yield list(text)


# Stop sequences


def test_without_bounds_the_events_pass_untouched() -> None:
    events = deltas("a", "b")
    assert list(bounded(events, (), None)) == events


@pytest.mark.parametrize(
    ("text", "stop", "expected"),
    [
        ("Hello END of it", ("END",), "Hello "),
        ("你好。结束了吗", ("结束",), "你好。"),
        ("ENDhello", ("END",), ""),
        ("hello END", ("END",), "hello "),
        ("a EEND b", ("END",), "a E"),
        ("aabaabaaab", ("aabaaa",), "aab"),
        ("one\n\ntwo\n\nthree", ("\n\n",), "one"),
        ("x", ("x",), ""),
    ],
)
def test_a_stop_sequence_ends_the_answer_however_it_was_cut(
    text: str, stop: tuple[str, ...], expected: str
) -> None:
    for pieces in cuts(text):
        assert read(deltas(*pieces), *stop) == (expected, [STOPPED]), pieces


@pytest.mark.parametrize(
    ("text", "stop", "expected"),
    [
        ("one two three", ("three", "two"), "one "),
        ("one two three", ("four", "two three"), "one "),
        ("abcdef", ("cd", "ab"), ""),
        ("###user: hi", ("\nuser:", "###"), ""),
    ],
)
def test_of_several_stop_sequences_the_first_in_the_text_counts(
    text: str, stop: tuple[str, ...], expected: str
) -> None:
    for pieces in cuts(text):
        assert read(deltas(*pieces), *stop) == (expected, [STOPPED]), pieces


@pytest.mark.parametrize(
    "text", ["this is not the EN", "E", "EN", "nothing of it", "EENNDD END".removesuffix("END")]
)
def test_a_stop_sequence_that_is_never_completed_is_given_in_the_end(text: str) -> None:
    for pieces in cuts(text):
        assert read(deltas(*pieces), "END", "THE END") == (text, [STOP]), pieces
        assert read(deltas(*pieces, end=False), "END", "THE END") == (text, []), pieces


def test_nothing_is_held_back_that_cannot_become_a_stop_sequence() -> None:
    given = []
    source = iter(deltas("Hello E", "ND", "x EN", "ough EN"))
    for event in bounded(source, ("ENDING",), None):
        given.append(event)
    assert given == deltas("Hello ", "ENDx ", "ENough ", "EN")


def test_what_is_clear_is_given_at_once() -> None:
    def source() -> Iterator[Event]:
        yield TextDelta("clear")
        raise AssertionError("the next delta was drawn before the clear one was given")

    assert next(iter(bounded(source(), ("END",), None))) == TextDelta("clear")


def test_nothing_is_drawn_after_the_stop() -> None:
    def source() -> Iterator[Event]:
        yield TextDelta("a END b")
        raise AssertionError("drawn too far")

    assert list(bounded(source(), ("END",), None)) == [TextDelta("a "), STOPPED]


def test_thoughts_and_sources_are_not_searched() -> None:
    events = [ThoughtDelta("END"), TextDelta("a"), Citation("END", "END"), STOP]
    assert list(bounded(events, ("END",), None)) == events


def test_a_stop_sequence_split_by_a_thought_is_still_one() -> None:
    events = [TextDelta("a EN"), ThoughtDelta("hm"), TextDelta("D b"), STOP]
    assert read(events, "END") == ("a ", [STOPPED])


def test_a_file_stays_behind_the_text_it_came_after() -> None:
    file = MadeFile("image", "cat.png", "image/png", Path("cat.png"))
    events = [TextDelta("a E"), file, TextDelta("x"), STOP]
    got = list(bounded(events, ("END",), None))
    before = [event.text for event in got[: got.index(file)] if isinstance(event, TextDelta)]
    assert "".join(before) == "a E"


# The most tokens


@pytest.mark.parametrize("most", range(1, 12))
def test_the_answer_is_cut_at_the_most_tokens_and_says_so(most: int) -> None:
    text = "four" * 12
    for pieces in ([text], [text[:5], text[5:]], list(text)):
        assert read(deltas(*pieces), most=most) == ("four" * most, [LENGTH])


def test_chinese_text_is_cut_by_its_own_weight() -> None:
    text, ends = read(deltas("你好吗" * 20), most=10)
    assert ends == [LENGTH]
    assert 14 <= len(text) <= 15
    assert weight(text) <= 10 * TOKEN


@pytest.mark.parametrize("text", ["", "a", "four", "x" * 40])
def test_an_answer_that_fits_ends_as_it_ended(text: str) -> None:
    assert read(deltas(*text), most=10) == (text, [STOP])
    assert read(deltas(*([text] if text else [])), most=10) == (text, [STOP])


def test_where_the_answer_is_cut_does_not_depend_on_how_it_came() -> None:
    for count in range(1, 60):
        text = "你好吗abcd" * count
        for most in range(1, count * 3 + 1):
            assert read(deltas(text), most=most) == read(deltas(*text), most=most), (count, most)


def test_thoughts_are_not_counted_against_the_most() -> None:
    events = [ThoughtDelta("x" * 4000), *deltas("four")]
    assert list(bounded(events, (), 1)) == events


def test_nothing_is_drawn_after_the_most() -> None:
    def source() -> Iterator[Event]:
        yield TextDelta("fourfour")
        raise AssertionError("drawn too far")

    assert list(bounded(source(), (), 1)) == [TextDelta("four"), LENGTH]


# Both


@pytest.mark.parametrize(
    ("most", "expected"),
    [(1, ("four", [LENGTH])), (2, ("fourfour", [STOPPED])), (9, ("fourfour", [STOPPED]))],
)
def test_whichever_bound_comes_first_ends_the_answer(most: int, expected: tuple[str, list[Finished]]) -> None:
    assert read(deltas(*"fourfourENDfour"), "END", most=most) == expected
