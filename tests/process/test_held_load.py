"""The load of held streams tells every way in which a stream can go wrong."""

import subprocess
import sys
from dataclasses import replace

import pytest
from running import CHECKOUT, free_port

from bench.held import Plan, asked, straight
from bench.streams import Stream
from gemini_pool.simulator.server import Simulator

PLAN = Plan(streams=5, seconds=0.5, rate=40.0, ramp=0.05, patience=1.0)


def answers(simulator: Simulator, plan: Plan = PLAN, **faults: object) -> list[Stream]:
    """The plan's streams as accounts with these faults give them."""
    simulator.world.behave(None, **{**PLAN.behaviour, **faults})
    return asked(plan, straight(simulator.url))


def test_whole_streams_are_neither_in_error_nor_torn(simulator: Simulator) -> None:
    streams = answers(simulator)
    assert [(stream.error, stream.torn) for stream in streams] == [("", "")] * PLAN.streams
    assert len({stream.text for stream in streams}) == PLAN.streams


def test_every_text_is_timed_as_it_comes(simulator: Simulator) -> None:
    for stream in answers(simulator):
        assert len(stream.times) == len(stream.texts) == PLAN.texts
        assert stream.opened < stream.times[0]
        assert stream.times[-1] - stream.times[0] > PLAN.seconds * 0.8


@pytest.mark.parametrize("split", [3, 7, 4096])
def test_it_does_not_matter_how_the_body_is_cut(simulator: Simulator, split: int) -> None:
    streams = answers(simulator, split=split, delay=0.0)
    assert [(stream.error, stream.torn) for stream in streams] == [("", "")] * PLAN.streams


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"api": "429"}, "failed: HTTP/1.1 429 Too Many Requests"),
        ({"api": "reset"}, "broken: Connection reset by peer"),
        ({"stream": "cut"}, "closed before its end"),
        ({"stream": "error-after-429"}, "failed: Resource has been exhausted"),
        ({"stream": "silence"}, "had not ended when all should have"),
    ],
    ids=str,
)
def test_a_stream_that_fails_is_in_error(simulator: Simulator, faults: dict[str, object], error: str) -> None:
    streams = answers(simulator, **faults)
    assert all(stream.error.startswith(error) for stream in streams), [stream.error for stream in streams]


@pytest.mark.parametrize(
    ("changes", "torn"),
    [
        ({"stream": "unclosed"}, "its last words are missing"),
        ({"stream": "garbage"}, "its last words are missing"),
        ({"words": PLAN.words - 1}, "its text is not what was sent"),
        ({"text": "Something else."}, "its text is not what was sent"),
    ],
    ids=str,
)
def test_a_stream_that_says_anything_else_is_torn(
    simulator: Simulator, changes: dict[str, object], torn: str
) -> None:
    assert [stream.torn for stream in answers(simulator, **changes)] == [torn] * PLAN.streams


def test_nobody_there_is_an_error(simulator: Simulator) -> None:
    target = replace(straight(simulator.url), port=free_port())
    assert [stream.error for stream in asked(PLAN, target)] == ["no connection: Connection refused"] * 5


def test_streams_that_could_not_be_held_together_are_refused_in_one_line() -> None:
    words = [sys.executable, "-m", "bench", "held", "--seconds", "2", "--ramp", "5"]
    ended = subprocess.run(words, check=False, cwd=CHECKOUT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert ended.stderr == "bench: the streams would hardly be held together; give them 7 s or more\n"
