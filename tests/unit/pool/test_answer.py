"""An answer under way: drawn, primed, and settled exactly once."""

import pytest
from fakes import FakeAnswer

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
from gemini_pool.errors import Busy, EmptyAnswer, PoolError
from gemini_pool.pool.answer import Answer

SESSION = SessionNamed("collections/default/sessions/1")
HELLO, WORLD = TextDelta("Hello "), TextDelta("world.")


class Watched:
    """An answer over a script, and what it was settled with."""

    def __init__(self, *script: Event | Exception) -> None:
        self.events = FakeAnswer(script)
        self.settled: list[PoolError | None] = []
        self.answer = Answer(self.events, settle=self.settled.append)


def test_events_come_in_their_order_and_the_end_settles_well() -> None:
    watched = Watched(SESSION, HELLO, WORLD, Finished())
    assert list(watched.answer) == [SESSION, HELLO, WORLD, Finished()]
    assert watched.settled == [None]
    assert watched.events.closed == 1


@pytest.mark.parametrize(
    "visible",
    [HELLO, ThoughtDelta("Hm."), GeneratedFile("1", "image/png", "cat.png"), InlineFile("image/png", "AA==")],
    ids=lambda event: type(event).__name__,
)
def test_priming_draws_up_to_the_first_event_a_caller_can_see(visible: Event) -> None:
    watched = Watched(SESSION, Citation("https://example.org", "Example"), visible, WORLD, Finished())
    watched.answer.prime(whole=False)
    assert watched.events.drawn == 3
    assert watched.settled == []
    assert list(watched.answer) == [
        SESSION,
        Citation("https://example.org", "Example"),
        visible,
        WORLD,
        Finished(),
    ]


def test_priming_the_whole_draws_everything_and_loses_nothing() -> None:
    watched = Watched(SESSION, HELLO, WORLD, Finished())
    watched.answer.prime(whole=True)
    assert watched.settled == [None]
    assert watched.events.closed == 1
    assert list(watched.answer) == [SESSION, HELLO, WORLD, Finished()]
    assert watched.settled == [None]


@pytest.mark.parametrize("whole", [True, False])
def test_an_error_while_priming_is_raised_and_settled_with(whole: bool) -> None:
    error = Busy("503")
    watched = Watched(SESSION, error)
    with pytest.raises(Busy):
        watched.answer.prime(whole=whole)
    assert watched.settled == [error]
    assert watched.events.closed == 1


def test_an_error_after_the_first_event_is_raised_where_it_happens() -> None:
    error = Busy("503")
    watched = Watched(HELLO, error, WORLD)
    watched.answer.prime(whole=False)
    assert next(watched.answer) == HELLO
    with pytest.raises(Busy):
        next(watched.answer)
    assert watched.settled == [error]
    assert list(watched.answer) == []  # nothing of what a broken stream might still hold


@pytest.mark.parametrize(
    "script",
    [
        (),
        (SESSION,),
        (Finished(),),
        (ThoughtDelta("Hm."), Finished()),
        (SESSION, Citation("https://example.org", "Example"), Finished()),
    ],
    ids=["nothing", "a session", "an end", "thoughts alone", "a source alone"],
)
def test_an_answer_without_substance_is_an_error_and_no_success(script: tuple[Event, ...]) -> None:
    watched = Watched(*script)
    with pytest.raises(EmptyAnswer):
        watched.answer.prime(whole=True)
    assert [type(error) for error in watched.settled] == [EmptyAnswer]


def test_thoughts_that_end_without_a_word_break_the_stream_after_them() -> None:
    watched = Watched(ThoughtDelta("Hm."))
    watched.answer.prime(whole=False)
    assert next(watched.answer) == ThoughtDelta("Hm.")
    with pytest.raises(EmptyAnswer):
        next(watched.answer)


def test_a_picture_alone_is_an_answer() -> None:
    watched = Watched(GeneratedFile("1", "image/png", "cat.png"))
    watched.answer.prime(whole=True)
    assert watched.settled == [None]


# Settled exactly once, however it ends


def test_a_caller_who_hangs_up_is_never_held_against_the_account() -> None:
    watched = Watched(HELLO, WORLD)
    watched.answer.prime(whole=False)
    next(watched.answer)
    watched.answer.close()
    assert watched.settled == [None]
    assert watched.events.closed == 1


def test_close_without_iteration_gives_everything_back() -> None:
    watched = Watched(HELLO)
    watched.answer.close()
    assert watched.settled == [None]
    assert watched.events.closed == 1
    assert watched.events.drawn == 0


def test_a_second_close_changes_nothing() -> None:
    watched = Watched(HELLO)
    watched.answer.close()
    watched.answer.close()
    assert watched.settled == [None]
    assert watched.events.closed == 1


def test_close_after_the_end_changes_nothing() -> None:
    watched = Watched(HELLO)
    list(watched.answer)
    watched.answer.close()
    assert watched.settled == [None]
    assert watched.events.closed == 1


def test_close_after_an_error_does_not_turn_it_into_a_success() -> None:
    error = Busy("503")
    watched = Watched(HELLO, error)
    with pytest.raises(Busy):
        list(watched.answer)
    watched.answer.close()
    assert watched.settled == [error]
    assert watched.events.closed == 1


def test_nothing_is_drawn_from_upstream_after_a_close() -> None:
    watched = Watched(HELLO, WORLD)
    watched.answer.prime(whole=False)
    watched.answer.close()
    list(watched.answer)
    assert watched.events.drawn == 1


def test_the_lease_is_given_back_even_when_closing_the_connection_fails() -> None:
    class Stuck(FakeAnswer):
        def close(self) -> None:
            raise OSError("the socket is gone")

    settled: list[PoolError | None] = []
    answer = Answer(Stuck([HELLO]), settle=settled.append)
    with pytest.raises(OSError, match="gone"):
        answer.close()
    answer.close()
    assert settled == [None]


def test_the_connection_is_closed_before_the_lease_is_given_back() -> None:
    events = FakeAnswer([HELLO])
    closed_by_then: list[int] = []
    Answer(events, settle=lambda _: closed_by_then.append(events.closed)).close()
    assert closed_by_then == [1]


def test_an_answer_that_ends_at_the_callers_own_stop_is_one_though_nothing_stands_before_it() -> None:
    ended = Finished(FinishReason.STOP_SEQUENCE)
    settled: list[PoolError | None] = []
    answer = Answer(FakeAnswer([ended]), settled.append)
    answer.prime(whole=True)
    assert list(answer) == [ended]
    assert settled == [None]
