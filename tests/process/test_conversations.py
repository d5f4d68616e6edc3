"""Conversations over several workers: one session each, no two callers in one, replayed when it is gone."""

from collections.abc import Callable
from itertools import cycle

from load import Caller, Message, Talk, callers, load
from running import KEY, RunningPool

from gemini_pool.simulator.cast import CAST
from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

OTHER_KEY = f"{KEY}-another"
TURNS = ("One", "Two", "Three", "Four", "Five")
# What a client that uses tools sends before its first question to us.
OPENING: tuple[Message, ...] = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What time is it?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "12:00"},
)
OPENING_HEARD = (
    "System:\nBe brief.",
    "User:\nWhat time is it?",
    "Assistant:\n[called clock with {}]",
    "Tool (call_1):\n12:00",
)


def test_two_keys_that_say_the_same_never_meet(start_pool: Start, world: World) -> None:
    world.behave(None, text="The same.")
    pool = start_pool("amber", API_KEY=f"{KEY},{OTHER_KEY}")
    with Caller(pool, KEY) as one, Caller(pool, OTHER_KEY) as other:
        talk, same = Talk(), Talk()
        for text in TURNS:
            assert talk.turn(one, text).whole
            assert same.turn(other, text).whole
    assert talk.said == same.said
    assert prompts_by_session(world) == [[*TURNS], [*TURNS]]


def test_what_one_key_said_another_cannot_go_on_with(start_pool: Start, world: World) -> None:
    world.behave(None, text="The same.")
    pool = start_pool("amber", API_KEY=f"{KEY},{OTHER_KEY}")
    with Caller(pool, KEY) as one, Caller(pool, OTHER_KEY) as other:
        talk = Talk()
        talk.turn(one, "One")
        Talk(*talk.said).turn(other, "And me?")
        talk.turn(one, "Two")
    replayed = heard(("User:\nOne", "Assistant:\nThe same."), "User:\nAnd me?")
    assert prompts_by_session(world) == [["One", "Two"], [replayed]]


def test_turns_that_hop_between_workers_are_short_prompts_in_one_session(
    start_pool: Start, world: World
) -> None:
    pool = start_pool(*CAST)
    talk = Talk(*OPENING)
    with callers(pool) as by_worker:
        for number, (text, (caller,)) in enumerate(zip(TURNS, cycle(by_worker.values()), strict=False)):
            assert talk.turn(caller, text, stream=number % 2 == 1).whole
    assert prompts_by_session(world) == [[heard(OPENING_HEARD, "User:\nOne"), *TURNS[1:]]]


def test_a_conversation_goes_on_elsewhere_when_its_account_dies(start_pool: Start, world: World) -> None:
    pool = start_pool("amber", "bruno")
    talk = Talk(*OPENING)
    with Caller(pool) as caller:
        answers = [talk.turn(caller, text) for text in TURNS]
        (dead,) = {answer.account for answer in answers}
        world.behave(dead, api="401", api_on=["session", "stream"])
        sixth, seventh = talk.turn(caller, "Six"), talk.turn(caller, "Seven", stream=True)
    (other,) = {"amber", "bruno"} - {dead}
    assert (sixth.whole, sixth.account) == (True, other)
    assert (seventh.whole, seventh.session) == (True, sixth.session)
    turns = [
        told
        for text, answer in zip(TURNS, answers, strict=True)
        for told in (f"User:\n{text}", f"Assistant:\n{answer.text}")
    ]
    assert world.prompts[other] == [heard(OPENING_HEARD, *turns, "User:\nSix"), "Seven"]


def test_requests_that_go_on_with_one_conversation_at_once_never_share_its_session(
    start_pool: Start, world: World
) -> None:
    world.behave(None, deltas=10, delay=0.05)
    pool = start_pool("amber", "bruno")
    talk = Talk()
    with Caller(pool) as caller:
        session = talk.turn(caller, "One").session
    at_once = 20
    results = load(pool, [[*talk.said, {"role": "user", "content": "Two"}]] * at_once, at_once=at_once)
    assert [result for result in results if not result.whole] == []
    assert [result.session for result in results].count(session) == 1
    assert len({result.session for result in results}) == at_once
    assert world.overlaps() == 0


def prompts_by_session(world: World) -> list[list[str]]:
    """What each session that heard anything has heard, oldest session first."""
    return [[turn.prompt for turn in session.turns] for session in world.sessions() if session.turns]


def heard(opening: tuple[str, ...], *turns: str) -> str:
    """A transcript as one prompt."""
    return "\n\n".join([*opening, *turns, "Assistant:"])
