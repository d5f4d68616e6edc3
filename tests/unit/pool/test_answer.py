"""An answer under way: drawn, begun, and its lease settled exactly once."""

from pathlib import Path

import pytest
from fakes import FakeAnswer, Step
from pools import END, HELLO, KEEP_ALIVE, SESSION, Answering

from gemini_pool.dialogue import (
    SILENCE,
    Citation,
    Event,
    Finished,
    FinishReason,
    MadeFile,
    TextDelta,
    ThoughtDelta,
)
from gemini_pool.errors import Busy, EmptyAnswer, PoolError
from gemini_pool.pool.answer import Answer
from gemini_pool.pool.seats import Lease

SOURCE = Citation("https://example.org", "Example")
WORLD = TextDelta("world.")
THOUGHT = ThoughtDelta("Hm.")


class Watched:
    """Answers of one account over a script, and what each lease was settled with, and when."""

    def __init__(self, *script: Step) -> None:
        self.settled: list[tuple[PoolError | None, bool]] = []
        self.closed_by_then: list[int] = []
        self.pool = Answering(amber=script)
        settle = self.pool.manager.settle

        def watched(lease: Lease, error: PoolError | None = None, *, answered: bool = True) -> None:
            self.settled.append((error, answered))
            self.closed_by_then.append(self.events.closed)
            settle(lease, error, answered=answered)

        self.pool.manager.settle = watched  # type: ignore[method-assign]

    def begin(self, *, whole: bool = False) -> Answer:
        return self.pool.run(whole=whole)

    @property
    def events(self) -> FakeAnswer:
        return self.pool.upstream.answers[-1]


def test_events_come_in_their_order_and_the_end_settles_well() -> None:
    watched = Watched(SESSION, HELLO, WORLD, END)
    assert list(watched.begin()) == [SESSION, HELLO, WORLD, END]
    assert watched.settled == [(None, True)]
    assert watched.events.closed == 1


@pytest.mark.parametrize(
    "visible",
    [HELLO, THOUGHT, MadeFile("image", "cat.png", "image/png", Path("cat.png"))],
    ids=lambda event: type(event).__name__,
)
def test_an_answer_begins_with_the_first_event_a_caller_can_see(visible: Event) -> None:
    watched = Watched(SESSION, SOURCE, visible, WORLD, END)
    answer = watched.begin()
    assert watched.events.drawn == 3
    assert watched.settled == []
    assert list(answer) == [SESSION, SOURCE, visible, WORLD, END]


def test_a_whole_answer_is_drawn_to_its_end_before_it_begins_and_loses_nothing() -> None:
    watched = Watched(SESSION, HELLO, WORLD, END)
    answer = watched.begin(whole=True)
    assert watched.events.drawn == 4
    assert list(answer) == [SESSION, HELLO, WORLD, END]
    assert watched.settled == [(None, True)]
    assert watched.events.closed == 1


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_an_error_before_the_first_event_is_raised_and_settled_with(whole: bool) -> None:
    error = Busy("503")
    watched = Watched(SESSION, error)
    with pytest.raises(Busy):
        watched.begin(whole=whole)
    assert watched.settled == [(error, False)]
    assert watched.events.closed == 1


def test_an_error_after_the_first_event_is_raised_where_it_happens() -> None:
    error = Busy("503")
    watched = Watched(HELLO, error, WORLD)
    events = iter(watched.begin())
    assert next(events) == HELLO
    with pytest.raises(Busy):
        next(events)
    assert watched.settled == [(error, True)]
    assert list(events) == []  # nothing of what a broken stream might still hold


@pytest.mark.parametrize(
    "script",
    [(), (SESSION,), (END,), (THOUGHT, END), (SESSION, SOURCE, END), (SESSION, 3)],
    ids=["nothing", "a session", "an end", "thoughts alone", "a source alone", "a silence"],
)
def test_an_answer_without_substance_is_an_error_and_no_success(script: tuple[Step, ...]) -> None:
    watched = Watched(*script)
    with pytest.raises(EmptyAnswer):
        watched.begin(whole=True)
    assert [type(error) for error, _ in watched.settled] == [EmptyAnswer]


@pytest.mark.parametrize("script", [(), (SESSION,), (END,), (SESSION, SOURCE, END)])
def test_nothing_is_passed_on_of_a_stream_without_substance(script: tuple[Step, ...]) -> None:
    with pytest.raises(EmptyAnswer):
        Watched(*script).begin()


def test_thoughts_that_end_without_a_word_break_the_stream_after_them() -> None:
    events = iter(Watched(THOUGHT).begin())
    assert next(events) == THOUGHT
    with pytest.raises(EmptyAnswer):
        next(events)


def test_a_picture_alone_is_an_answer() -> None:
    picture = MadeFile("image", "cat.png", "image/png", Path("cat.png"))
    watched = Watched(picture)
    assert list(watched.begin(whole=True)) == [picture]
    assert watched.settled == [(None, True)]


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
@pytest.mark.parametrize("reason", [FinishReason.STOP_SEQUENCE, FinishReason.LENGTH])
def test_an_answer_that_ends_at_the_callers_own_bound_is_one_though_nothing_stands_before_it(
    whole: bool, reason: FinishReason
) -> None:
    watched = Watched(SESSION, Finished(reason))
    assert list(watched.begin(whole=whole)) == [SESSION, Finished(reason)]
    assert watched.settled == [(None, True)]


# Settled exactly once, however it ends


def test_a_caller_who_hangs_up_is_never_held_against_the_account() -> None:
    watched = Watched(HELLO, WORLD)
    answer = watched.begin()
    next(iter(answer))
    answer.close()
    assert watched.settled == [(None, True)]
    assert watched.events.closed == 1


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_close_without_iteration_gives_everything_back(whole: bool) -> None:
    watched = Watched(HELLO)
    watched.begin(whole=whole).close()
    assert watched.settled == [(None, True)]
    assert watched.events.closed == 1
    assert watched.pool.all_is_given_back()


def test_an_answer_that_was_never_begun_can_be_closed() -> None:
    answer = Answer()
    answer.close()
    answer.remember("Hello.")
    assert list(answer) == []


def test_who_hangs_up_before_anything_was_seen_leaves_it_open_how_it_would_have_gone() -> None:
    watched = Watched(SESSION, KEEP_ALIVE, HELLO)
    answer = watched.begin()
    assert next(iter(answer)) == SILENCE
    answer.close()
    assert watched.settled == [(None, False)]
    assert watched.events.closed == 1


def test_a_second_close_changes_nothing() -> None:
    watched = Watched(HELLO)
    answer = watched.begin()
    answer.close()
    answer.close()
    assert watched.settled == [(None, True)]
    assert watched.events.closed == 1


def test_close_after_the_end_changes_nothing() -> None:
    watched = Watched(HELLO)
    answer = watched.begin()
    list(answer)
    answer.close()
    assert watched.settled == [(None, True)]
    assert watched.events.closed == 1


def test_close_after_an_error_does_not_turn_it_into_a_success() -> None:
    error = Busy("503")
    watched = Watched(HELLO, error)
    answer = watched.begin()
    with pytest.raises(Busy):
        list(answer)
    answer.close()
    assert watched.settled == [(error, True)]
    assert watched.events.closed == 1


def test_nothing_is_drawn_from_upstream_after_a_close() -> None:
    watched = Watched(HELLO, WORLD)
    answer = watched.begin()
    answer.close()
    list(answer)
    assert watched.events.drawn == 1


def test_the_lease_is_given_back_even_when_closing_the_connection_fails() -> None:
    class Stuck(FakeAnswer):
        def close(self) -> None:
            raise OSError("the socket is gone")

    watched = Watched(HELLO)
    watched.pool.upstream.make_answer = Stuck
    answer = watched.begin()
    with pytest.raises(OSError, match="gone"):
        answer.close()
    answer.close()
    assert watched.settled == [(None, True)]


def test_the_connection_is_closed_before_the_lease_is_given_back() -> None:
    watched = Watched(HELLO)
    watched.begin().close()
    assert watched.closed_by_then == [1]
