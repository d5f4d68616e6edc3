"""What a reader has while nothing comes, who answered him and when, and how a process ends an answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeAnswer, Step
from pools import AMBER, BRUNO, END, GOOD, HELLO, KEEP_ALIVE, SESSION, Answering

from gemini_pool.dialogue import SILENCE, Citation, Event, MadeFile, TextDelta, ThoughtDelta
from gemini_pool.errors import (
    BadReply,
    Busy,
    CredentialsRejected,
    NoAccountAvailable,
    Stopping,
    Unreachable,
)

MORE = TextDelta(" World.")
SOURCE = Citation("https://example.org", "Example")


def timed(pool: Answering) -> list[tuple[float, Event]]:
    """The events of an answer, each with the seconds since it was asked for."""
    begun = pool.clock.now
    return [(pool.clock.now - begun, event) for event in started(pool)]


def started(pool: Answering) -> Iterator[Event]:
    yield from pool.run()


# Silence


def test_a_silence_is_told_after_ten_seconds_and_every_ten_seconds_then() -> None:
    pool = Answering(amber=(SESSION, *[1.0] * 35, HELLO, END))
    assert timed(pool) == [(10, SILENCE), (20, SILENCE), (30, SILENCE), (35, SESSION), (35, HELLO), (35, END)]
    assert pool.all_is_given_back()


def test_a_short_silence_is_not_told() -> None:
    pool = Answering(amber=(9.9, SESSION, HELLO, 9.9, MORE, 9.9, END))
    assert [event for _, event in timed(pool)] == [SESSION, HELLO, MORE, END]


def test_what_the_reader_is_not_told_of_does_not_count_as_a_sign_of_life() -> None:
    pool = Answering(amber=(9.0, SESSION, 9.0, SOURCE, 9.0, HELLO, END))
    assert timed(pool)[:2] == [(18, SILENCE), (27, SESSION)]


def test_events_that_are_held_back_for_long_are_told_as_silence() -> None:
    class Late(FakeAnswer):
        """Its silences pass within the waiting for the event after them."""

        def __next__(self) -> Event:
            event = super().__next__()
            return super().__next__() if event == SILENCE else event

    pool = Answering(amber=(SESSION, 9.9, SESSION, 0.1, SOURCE, HELLO, END))
    pool.upstream.make_answer = Late
    told = timed(pool)
    assert told[0] == (10, SILENCE)
    assert [event for _, event in told[1:]] == [SESSION, SESSION, SOURCE, HELLO, END]


def test_each_event_begins_the_ten_seconds_anew() -> None:
    pool = Answering(amber=(SESSION, HELLO, 9.0, MORE, 9.0, MORE, 9.0, 1.0, 9.0, MORE, END))
    assert [(at, event) for at, event in timed(pool) if event == SILENCE] == [(28, SILENCE)]


@pytest.mark.parametrize("script", [(SESSION, 60.0, HELLO, 60.0, END), (60.0, *GOOD)])
def test_a_whole_answer_has_no_silences(script: tuple[Step, ...]) -> None:
    pool = Answering(amber=script)
    assert list(pool.run(whole=True)) == list(GOOD)


def test_one_patience_is_over_all_attempts() -> None:
    failing = (6.0, Busy("503"))
    pool = Answering(amber=failing, bruno=failing, clara=failing, dieter=GOOD)
    assert [at for at, event in timed(pool) if event == SILENCE] == [12]


@pytest.mark.parametrize(
    "error", [Busy("503"), Unreachable("reset"), CredentialsRejected("signed out"), BadReply("cut off")]
)
def test_after_silences_another_account_repairs_a_failure_all_the_same(error: Exception) -> None:
    pool = Answering(amber=(SESSION, *[KEEP_ALIVE] * 3, error), bruno=(5.0, *GOOD))
    told = [event for _, event in timed(pool)]
    assert told == [SILENCE] * 3 + list(GOOD)
    assert pool.upstream.asked == ["amber", "bruno"]
    assert pool.all_is_given_back()


def test_after_silences_the_failure_of_all_is_raised_to_the_reader() -> None:
    pool = Answering(amber=(KEEP_ALIVE, CredentialsRejected("signed out")))
    events = iter(pool.run())
    assert next(events) == SILENCE
    with pytest.raises(NoAccountAvailable) as caught:
        next(events)
    assert [type(error) for error in caught.value.history] == [CredentialsRejected]
    assert pool.all_is_given_back()


@pytest.mark.parametrize(
    "held", [(SESSION,), (SESSION, SOURCE), (SESSION, END), (SOURCE, KEEP_ALIVE, SOURCE)], ids=str
)
def test_nothing_of_a_failed_attempt_is_seen_before_its_first_visible_event(held: tuple[Step, ...]) -> None:
    pool = Answering(amber=(*held, Busy("503")), bruno=GOOD)
    assert [event for _, event in timed(pool) if event != SILENCE] == list(GOOD)


@pytest.mark.parametrize(
    "seen", [HELLO, ThoughtDelta("Hm."), MadeFile("image", "cat.png", "image/png", Path("cat.png"))]
)
def test_after_the_first_visible_event_nothing_is_repaired(seen: Event) -> None:
    pool = Answering(amber=(seen, KEEP_ALIVE, Busy("503")), bruno=GOOD)
    events = iter(pool.run())
    assert [next(events), next(events)] == [seen, SILENCE]
    with pytest.raises(Busy):
        next(events)
    assert pool.upstream.asked == ["amber"]


# Who answered, and when


def test_the_answer_names_who_gives_it_and_when_it_began() -> None:
    pool = Answering(amber=(3.0, SESSION, 2.0, ThoughtDelta("Hm."), 4.0, HELLO, END))
    begun = pool.clock.now
    answer = pool.run()
    assert (answer.account_id, answer.first_at) == (AMBER, begun + 5)
    list(answer)
    assert (answer.account_id, answer.first_at) == (AMBER, begun + 5)


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_after_a_repair_they_are_those_of_the_last(whole: bool) -> None:
    pool = Answering(amber=(1.0, SESSION, *([HELLO] if whole else []), Busy("503")), bruno=(2.0, *GOOD))
    begun = pool.clock.now
    answer = pool.run(whole=whole)
    assert (answer.account_id, answer.first_at) == (BRUNO, begun + 3)


def test_before_anything_was_seen_there_is_no_first_moment() -> None:
    pool = Answering(amber=(SESSION, KEEP_ALIVE, HELLO, END))
    answer = pool.run()
    assert (answer.account_id, answer.first_at) == (AMBER, None)
    list(answer)
    assert answer.first_at == pool.clock.now


# The end of the process


class Ending(Answering):
    """A pool whose process is told to end when it has drawn so many steps of an answer."""

    def __init__(self, after: int, **scripts: tuple[Step, ...]) -> None:
        super().__init__(check=self._check, **scripts)
        self._after: float = after

    def _check(self) -> None:
        if self.upstream.answers and self.upstream.answers[-1].drawn >= self._after:
            raise Stopping("The service is being stopped.", retry_after=1)

    def lives_again(self) -> None:
        self._after = float("inf")


SLOW = (SESSION, 1.0, HELLO, 1.0, MORE, END)


@pytest.mark.parametrize("after", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_the_end_of_the_process_ends_an_answer_and_blames_nobody(after: int, whole: bool) -> None:
    pool = Ending(after, amber=SLOW, bruno=SLOW)
    with pytest.raises(Stopping):
        list(pool.run(whole=whole))
    assert pool.upstream.asked == ["amber"]
    assert pool.upstream.answers[0].drawn == after
    assert pool.ledger.recorded == []
    assert pool.counter.counted == []
    pool.lives_again()
    assert pool.all_is_given_back()


def test_what_was_remembered_of_an_answer_that_was_ended_is_nothing() -> None:
    pool = Ending(6, amber=SLOW)
    answer = pool.run()
    with pytest.raises(Stopping):
        list(answer)
    answer.remember("Hello. World.")
    assert pool.memory.places == {}
