"""What was said before and what is asked now; and how a call that waits is waited for."""

import pytest

from gemini_pool.dialogue import SILENCE, Model, Prompt, Role, Turn, Waiting, patiently
from gemini_pool.errors import Busy
from gemini_pool.roster import QuotaKind

MODEL = Model("gemini-2.5-flash", None, QuotaKind.TEXT, 0)
ROLES = {"s": Role.SYSTEM, "u": Role.USER, "a": Role.ASSISTANT, "t": Role.TOOL}


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("", "u"),
        ("", "su"),
        ("", "suu"),
        ("", "ut"),
        ("", "s"),
        ("", ""),
        ("sua", "u"),
        ("uauaua", "u"),
        ("ua", "uus"),
        ("ua", "tt"),
        ("uata", "ttu"),
        ("ua", "s"),
        ("suaa", "u"),
        ("a", "u"),
        ("ua", ""),
        ("a", ""),
    ],
)
def test_what_was_said_ends_with_the_latest_answer_and_the_rest_is_asked(said: str, asked: str) -> None:
    turns = tuple(Turn(ROLES[letter], f"{letter}{at}") for at, letter in enumerate(said + asked))
    prompt = Prompt(MODEL, turns)
    assert (prompt.said, prompt.asked) == (turns[: len(said)], turns[len(said) :])


def _three_silences(end: Exception | None) -> Waiting[str]:
    yield SILENCE
    yield SILENCE
    yield SILENCE
    if end:
        raise end
    return "said"


def test_a_call_is_waited_for_however_often_it_is_silent() -> None:
    assert patiently(_three_silences(None)) == "said"


def test_the_failure_of_a_call_that_was_waited_for_is_its_own() -> None:
    with pytest.raises(Busy, match="no time"):
        patiently(_three_silences(Busy("no time")))
