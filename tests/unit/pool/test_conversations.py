"""A conversation that goes on is sent to the session that has heard it, and to no other."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fakes import FakeAnswer, FakeUpstream
from pools import BRUNO, END, HELLO, MODEL, SESSION, Answering

from gemini_pool.dialogue import (
    Event,
    Finished,
    FinishReason,
    Prompt,
    Role,
    SessionNamed,
    TextDelta,
    Turn,
)
from gemini_pool.errors import Busy, PoolError
from gemini_pool.pool import conversations
from gemini_pool.pool.answer import Answer
from gemini_pool.pool.conversations import Asking
from gemini_pool.roster import Account

USER, ASSISTANT, SYSTEM, TOOL = Role.USER, Role.ASSISTANT, Role.SYSTEM, Role.TOOL


def turns(*said: str | tuple[Role, str] | Turn) -> tuple[Turn, ...]:
    """A transcript: texts are of the user and the assistant in turn, unless their role is given."""
    found: list[Turn] = []
    for one in said:
        if isinstance(one, Turn):
            found.append(one)
        elif isinstance(one, str):
            found.append(Turn(ASSISTANT if found and found[-1].role in (USER, TOOL) else USER, one))
        else:
            found.append(Turn(*one))
    return tuple(found)


def asking(*said: str | tuple[Role, str] | Turn, scope: str = "key 1", **more: object) -> Asking:
    return Asking(Prompt(MODEL, turns(*said)), scope, **more)  # type: ignore[arg-type]


class Heard(FakeUpstream):
    """Gives each new conversation a session of its own, and keeps what each session has heard."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.heard: dict[str, tuple[Turn, ...]] = {}
        self.sent: list[tuple[Turn, ...]] = []
        self.words: Sequence[str] = ("Yes.",)
        self.ends: Event | Exception = Finished()

    def ask(
        self, account: Account, prompt: Prompt, session: str | None, known: Mapping[str, str] = {}
    ) -> FakeAnswer:
        self.sent.append(prompt.asked if session else prompt.turns)
        name = session or f"{account.name}/{len(self.heard)}"
        said = Turn(ASSISTANT, "".join(self.words))
        self.heard[name] = (*self.heard.get(name, ()), *self.sent[-1], said)
        self.scripts[account.name] = (SessionNamed(name), *map(TextDelta, self.words), self.ends)
        return super().ask(account, prompt, session, known)


class Talks:
    """A pool of two that keeps conversations."""

    def __init__(self) -> None:
        self.pool = Answering(make_upstream=Heard, amber=(), bruno=())
        self.upstream = self.pool.upstream
        self.memory = self.pool.memory

    def ask(self, one: Asking, answer: str = "Yes.") -> str | None:
        """Ask and read the answer, as a caller does: the session it went on in, if that was there already."""
        self.upstream.words = (answer,)
        found = self.run(one)
        text = "".join(event.text for event in found if isinstance(event, TextDelta))
        found.remember(text)
        found.close()
        return self.upstream.sessions[-1]

    def run(self, one: Asking, *, whole: bool = False) -> Answer:
        return self.pool.runner.run(one.prompt, scope=one.scope, hint=one.hint, anew=one.anew, whole=whole)


# Going on


def test_five_turns_use_one_session_and_send_only_what_is_new() -> None:
    talks = Talks()
    transcript: list[str] = []
    for number in range(5):
        transcript.append(f"Question {number}")
        talks.ask(asking(*transcript), f"Answer {number}")
        transcript.append(f"Answer {number}")
    assert talks.upstream.sessions == [None, *["amber/0"] * 4]
    assert [sent[0].text for sent in talks.upstream.sent] == transcript[::2]
    assert all(len(sent) == 1 for sent in talks.upstream.sent)
    assert talks.upstream.heard == {"amber/0": turns(*transcript)}


def test_the_account_of_the_session_is_asked_though_it_is_not_its_turn() -> None:
    talks = Talks()
    talks.ask(asking("One"))
    talks.ask(asking("One", "Yes.", "Two"))
    talks.ask(asking("Something else"))
    assert talks.upstream.asked == ["amber", "amber", "bruno"]


def test_everything_since_the_latest_answer_is_sent() -> None:
    talks = Talks()
    talks.ask(asking("One"))
    tool = Turn(TOOL, "42", "call_1")
    talks.ask(asking("One", "Yes.", tool, (USER, "And?"), (SYSTEM, "Be brief.")))
    assert talks.upstream.sent[-1] == (tool, Turn(USER, "And?"), Turn(SYSTEM, "Be brief."))


def test_whitespace_that_clients_trim_does_not_matter() -> None:
    talks = Talks()
    talks.ask(asking(" One\n"), "\nYes.  \n")
    assert talks.ask(asking("One", "Yes.", "Two")) == "amber/0"
    assert talks.ask(asking("One\n\n", "Yes.\n", "\tTwo", "Yes.", "Three")) == "amber/0"


def test_half_a_character_is_no_matter() -> None:
    talks = Talks()
    talks.ask(asking("\ud83d"), "\udc00")
    assert talks.ask(asking("\ud83d", "\udc00", "Two")) == "amber/0"


def test_what_came_with_the_text_is_remembered_as_the_caller_was_told_of_it() -> None:
    talks = Talks()
    answer = talks.run(asking("Draw"))
    list(answer)
    answer.remember("Yes.\n[a picture]")
    assert talks.ask(asking("Draw", "Yes.\n[a picture]", "Bigger")) == "amber/0"


def test_a_repaired_answer_is_gone_on_with_where_it_was_given() -> None:
    talks = Talks()
    talks.pool.fail(Busy("503"), times=3)
    talks.ask(asking("One"))
    assert talks.upstream.asked == ["bruno"]
    assert talks.ask(asking("One", "Yes.", "Two")) == "bruno/0"


# Anything else


DIFFERENT = {
    "an edited question": ("Uno", "Yes.", "Two"),
    "an edited answer": ("One", "No.", "Two"),
    "another order": ("Yes.", "One", "Two"),
    "a longer history": ("Zero", "Yes.", "One", "Yes.", "Two"),
    "a shorter history": ("Two",),
    "a system text": ((SYSTEM, "Be brief."), "One", "Yes.", "Two"),
    "another role": ((SYSTEM, "One"), (ASSISTANT, "Yes."), "Two"),
    "a name": (Turn(USER, "One", "Ann"), "Yes.", "Two"),
    "a tool's word": (Turn(USER, "One"), Turn(TOOL, "42", "call_1"), (ASSISTANT, "Yes."), "Two"),
    "case": ("one", "Yes.", "Two"),
    "whitespace within": ("O ne", "Yes.", "Two"),
    "turns run together": ("OneYes.", "", "Two"),
    "turns taken apart": ("One", "Ye", (ASSISTANT, "s."), "Two"),
}  # fmt: skip


@pytest.mark.parametrize("said", DIFFERENT.values(), ids=DIFFERENT)
def test_other_history_is_replayed_in_a_new_session(said: tuple[str, ...]) -> None:
    talks = Talks()
    talks.ask(asking("One"))
    assert talks.ask(asking(*said)) is None
    assert talks.upstream.sent[-1] == turns(*said)


@pytest.mark.parametrize(
    "first",
    [
        turns((SYSTEM, "Be brief."), "One"),
        turns(Turn(USER, "One", "Ann")),
        turns("One", (ASSISTANT, "[called add]"), Turn(TOOL, "42", "call_1")),
    ],
    ids=["system text", "a name", "tools"],
)
def test_all_of_it_counts_and_is_known_again(first: tuple[Turn, ...]) -> None:
    talks = Talks()
    talks.ask(asking(*first))
    assert talks.ask(asking(*first, (ASSISTANT, "Yes."), (USER, "Two"))) == "amber/0"


@pytest.mark.parametrize("at", [0, 2])
@pytest.mark.parametrize("change", [{"text": "Other"}, {"name": "Other"}, {"role": SYSTEM}], ids=str)
def test_each_member_of_each_turn_counts(at: int, change: dict[str, object]) -> None:
    talks = Talks()
    history = [*turns("One", "Yes.", Turn(TOOL, "42", "call_1"))]
    talks.ask(asking(*history))
    history[at] = replace(history[at], **change)  # type: ignore[arg-type]
    assert talks.ask(asking(*history, (ASSISTANT, "Yes."), (USER, "Two"))) is None


def test_of_two_branches_the_first_goes_on_and_the_second_is_replayed() -> None:
    talks = Talks()
    talks.ask(asking("One"))
    assert talks.ask(asking("One", "Yes.", "Left")) == "amber/0"
    assert talks.ask(asking("One", "Yes.", "Right")) is None
    assert talks.ask(asking("One", "Yes.", "Left", "Yes.", "Further")) == "amber/0"
    assert talks.ask(asking("One", "Yes.", "Right", "Yes.", "Further")) == "bruno/1"


def test_another_model_is_another_conversation() -> None:
    talks = Talks()
    talks.ask(asking("One"))
    other = asking("One", "Yes.", "Two")
    other = replace(other, prompt=replace(other.prompt, model=replace(MODEL, id="gemini-3-pro")))
    assert talks.ask(other) is None


def test_two_callers_never_meet() -> None:
    talks = Talks()
    talks.ask(asking("One", scope="key 1", hint="c"))
    assert talks.ask(asking("One", "Yes.", "Two", scope="key 2")) is None
    assert talks.ask(asking("Two", scope="key 2", hint="c")) is None
    digests = {place.digest for place, _ in talks.memory.places.values()}
    assert len(digests) == 3


def test_a_transcript_with_nothing_new_is_replayed_as_it_is() -> None:
    talks = Talks()
    talks.ask(asking("One"))
    assert talks.ask(asking("One", "Yes.")) is None
    assert talks.ask(asking("One", "Yes.", (USER, ""))) is None
    assert talks.upstream.sent[-2] == turns("One", "Yes.")


# One at a time


def test_a_session_is_claimed_by_one_request_and_the_other_takes_a_new_one() -> None:
    talks = Talks()
    talks.ask(asking("One"))
    first, second = (talks.run(asking("One", "Yes.", "Two")) for _ in range(2))
    assert talks.upstream.sessions == [None, "amber/0", None]
    for answer in (first, second):
        list(answer)
        answer.remember("Yes.")
    assert len(talks.memory.places) == 2


def test_a_session_that_another_process_claimed_in_between_is_not_used() -> None:
    talks = Talks()
    talks.ask(asking("One"))
    talks.memory.claim = lambda _: False  # type: ignore[method-assign]
    assert talks.ask(asking("One", "Yes.", "Two")) is None
    assert talks.upstream.asked[-1] == "amber"
    assert talks.upstream.sent[-1] == turns("One", "Yes.", "Two")


def test_a_session_is_not_claimed_for_a_request_that_gets_another_account() -> None:
    talks = Talks()
    talks.ask(asking("One"))
    talks.pool.fail(Busy("503"), times=3)
    assert talks.ask(asking("One", "Yes.", "Two")) is None
    assert talks.upstream.asked[-1] == "bruno"
    assert talks.memory.claimed == []


# Not remembered


@pytest.mark.parametrize("reason", [FinishReason.STOP_SEQUENCE, FinishReason.LENGTH])
def test_an_answer_that_the_callers_bound_cut_is_not_remembered(reason: FinishReason) -> None:
    talks = Talks()
    talks.upstream.ends = Finished(reason)
    talks.ask(asking("One"))
    assert talks.memory.places == {}


def test_an_answer_that_failed_is_not_remembered() -> None:
    talks = Talks()
    talks.upstream.ends = Busy("503")
    answer = talks.run(asking("One"))
    with pytest.raises(Busy):
        list(answer)
    answer.remember("Yes.")
    assert talks.memory.places == {}


def test_an_answer_whose_caller_hung_up_is_not_remembered() -> None:
    talks = Talks()
    talks.upstream.words = ("Yes", ", of", " course.")
    answer = talks.run(asking("One"))
    next(iter(answer))
    answer.close()
    answer.remember("Yes")
    assert talks.memory.places == {}


def test_an_answer_in_no_named_session_is_not_remembered() -> None:
    pool = Answering(amber=[HELLO, END])
    answer = pool.run()
    list(answer)
    answer.remember("Hello.")
    assert pool.memory.places == {}


def test_of_a_repaired_answer_only_the_session_that_gave_it_is_remembered() -> None:
    pool = Answering(
        amber=[SESSION, TextDelta("Hel"), Busy("503")], bruno=[SessionNamed("bruno/1"), HELLO, END]
    )
    answer = pool.run(whole=True)
    list(answer)
    answer.remember("Hello.")
    assert [place.session for place, _ in pool.memory.places.values()] == ["bruno/1"]


def test_a_repair_in_no_named_session_is_not_taken_for_the_one_before() -> None:
    pool = Answering(amber=[SESSION, Busy("503")], bruno=[HELLO, END])
    answer = pool.run()
    list(answer)
    answer.remember("Hello.")
    assert pool.memory.places == {}


# When the account of the session is out


def test_the_account_that_died_is_left_and_the_conversation_replayed_elsewhere() -> None:
    talks = Talks()
    talks.ask(asking("One"))
    refuses = talks.upstream.ask

    def ask(account: Account, prompt: Prompt, session: str | None, known: Mapping[str, str]) -> FakeAnswer:
        talks.upstream.ends = Busy("503") if account.name == "amber" else Finished()
        talks.upstream.words = () if account.name == "amber" else ("Yes.",)
        return refuses(account, prompt, session, known)

    talks.upstream.ask = ask  # type: ignore[method-assign]
    answer = talks.run(asking("One", "Yes.", "Two"))
    events = list(answer)
    assert events[0] == SessionNamed("bruno/1")
    answer.remember("Yes.")
    assert talks.upstream.asked == ["amber", "amber", "bruno"]
    assert talks.upstream.sessions == [None, "amber/0", None]
    assert talks.upstream.sent[-1] == turns("One", "Yes.", "Two")
    talks.upstream.ask = refuses  # type: ignore[method-assign]
    talks.upstream.ends = Finished()
    assert talks.ask(asking("One", "Yes.", "Two", "Yes.", "Three")) == "bruno/1"


def test_after_a_failure_the_session_is_not_offered_again_even_to_its_own_account() -> None:
    pool = Answering(amber=[Busy("503")], bruno=[Busy("503")])
    one = asking("One", "Yes.", "Two")
    one.remember(pool.memory, conversations.Heard(BRUNO, "bruno/0"), "Yes.")
    place = next(place for place, _ in pool.memory.places.values())
    prompt = Prompt(MODEL, (*one.prompt.turns, Turn(ASSISTANT, "Yes."), Turn(USER, "Three")))
    with pytest.raises(PoolError):
        pool.runner.run(prompt, scope=one.scope)
    assert pool.upstream.asked == ["bruno", "amber"]
    assert pool.upstream.sessions == ["bruno/0", None]
    assert pool.memory.claimed == [place]


# The caller's own name for a conversation


def test_a_name_finds_the_session_where_no_history_is_sent() -> None:
    talks = Talks()
    talks.ask(asking("One", hint="c"))
    assert talks.ask(asking("Two", hint="c")) == "amber/0"
    assert talks.ask(asking("Three", hint="c")) == "amber/0"
    assert talks.upstream.sent[-1] == turns("Three")
    assert talks.upstream.heard == {"amber/0": turns("One", "Yes.", "Two", "Yes.", "Three", "Yes.")}


def test_another_name_or_none_begins_a_conversation() -> None:
    talks = Talks()
    talks.ask(asking("One", hint="c"))
    assert talks.ask(asking("Two", hint="d")) is None
    assert talks.ask(asking("Two")) is None


def test_who_sends_neither_history_nor_a_name_is_not_looked_for() -> None:
    talks = Talks()
    talks.memory.find = None  # type: ignore[assignment]
    assert talks.ask(asking("One")) is None
    assert talks.ask(asking("One", hint="c", anew=True)) is None


def test_history_goes_before_the_name() -> None:
    talks = Talks()
    talks.ask(asking("One", hint="c"))
    talks.ask(asking("Uno", hint="d"))
    assert talks.ask(asking("One", "Yes.", "Two", hint="d")) == "amber/0"


def test_history_that_nobody_has_heard_is_not_sent_to_the_session_of_that_name() -> None:
    talks = Talks()
    talks.ask(asking("One", hint="c"))
    assert talks.ask(asking("Uno", "Yes.", "Two", hint="c")) is None


def test_a_conversation_that_begins_anew_takes_the_name_along() -> None:
    talks = Talks()
    talks.ask(asking("One", hint="c"))
    assert talks.ask(asking("Two", hint="c", anew=True)) is None
    assert talks.ask(asking("Three", hint="c")) == "bruno/1"


def test_a_name_is_of_one_caller_and_one_model_alone() -> None:
    talks = Talks()
    talks.ask(asking("One", hint="c"))
    assert talks.ask(asking("Two", hint="c", scope="key 2")) is None
    other = asking("Two", hint="c")
    other = replace(other, prompt=replace(other.prompt, model=replace(MODEL, id="gemini-3-pro")))
    assert talks.ask(other) is None


def test_what_a_named_session_heard_before_counts_when_history_is_sent() -> None:
    talks = Talks()
    talks.ask(asking("My name is Ann.", hint="c"))
    talks.ask(asking("Hello", hint="c"))
    # Somebody with the same key says the same, and must not be answered by who knows of Ann.
    assert talks.ask(asking("Hello", "Yes.", "What is my name?")) is None
    assert talks.ask(asking("My name is Ann.", "Yes.", "Hello", "Yes.", "What is my name?")) == "amber/0"


def test_a_name_is_never_kept_as_it_is() -> None:
    talks = Talks()
    talks.ask(asking("One", hint="Ann's diary"))
    ((place, named),) = talks.memory.places.values()
    assert named
    assert "Ann" not in named
    assert named != place.digest


# Any conversation


@dataclass(frozen=True)
class Caller:
    scope: str
    hint: str | None


def test_no_session_ever_hears_what_does_not_follow_from_what_it_heard() -> None:
    """A few callers say few words, so that their transcripts are often the same."""
    chance = random.Random(5)
    talks = Talks()
    upstream = talks.upstream
    callers = [Caller(scope, hint) for scope in ("key 1", "key 2") for hint in (None, "c", "d")]
    histories: list[tuple[Caller, tuple[Turn, ...]]] = [(caller, ()) for caller in callers]
    owner: dict[str, str] = {}
    used = 0
    for _ in range(3000):
        caller, history = chance.choice(histories)
        if chance.random() < 0.1 and history:  # edited
            at = chance.randrange(len(history))
            history = (*history[:at], replace(history[at], text=chance.choice("abc")), *history[at + 1 :])
        if caller.hint and chance.random() < 0.3:  # his client sends the new turn alone
            history = ()
        said = (*history, Turn(USER, chance.choice("ab")))
        before = dict(upstream.heard)
        answer = chance.choice("xy")
        one = asking(*said, scope=caller.scope, hint=caller.hint, anew=chance.random() < 0.1)
        session = talks.ask(one, answer)
        name = session or next(iter(upstream.heard.keys() - before.keys()))
        assert owner.setdefault(name, caller.scope) == caller.scope
        if session and history:
            assert before[session] == history
        used += session is not None
        histories.append((caller, (*said, Turn(ASSISTANT, answer))))
        histories = histories[-200:]
    assert used > 500
