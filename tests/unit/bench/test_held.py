"""The plan of held streams: what is asked, and what must come back."""

import itertools

import pytest

from bench.held import Plan
from gemini_pool.simulator.answer import FILLER, cut

PLAN = Plan(streams=2, seconds=2.0)


def pieces(number: int) -> list[str]:
    """What the simulator says to the question of this number, as it cuts it."""
    filler = itertools.islice(itertools.cycle(FILLER), PLAN.words)
    echo = f"[amber/1234567890123456789/turn 1/gemini-2.5-flash] {PLAN.question(number)}"
    return list(cut(" ".join([echo, *filler]), PLAN.texts))


def test_the_answer_to_one_question_is_not_that_to_another() -> None:
    assert PLAN.is_answer(1, "".join(pieces(1)))
    assert not PLAN.is_answer(2, "".join(pieces(1)))


def test_a_piece_in_the_wrong_answer_shows() -> None:
    one, other = pieces(1), pieces(2)
    differing = [place for place in range(PLAN.texts) if one[place] != other[place]]
    assert len(differing) > PLAN.texts * 0.9
    for place in differing:
        assert not PLAN.is_answer(1, "".join([*one[:place], other[place], *one[place + 1 :]]))


@pytest.mark.parametrize("lost", [0, 1, 20, -1])
def test_a_lost_piece_shows(lost: int) -> None:
    left = pieces(1)
    del left[lost]
    assert not PLAN.is_answer(1, "".join(left))
