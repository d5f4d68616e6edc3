"""How an answer is given: in full, or spoilt by one of the faults of a stream's body."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from gemini_pool.simulator.answer import Answer, final
from gemini_pool.simulator.behaviour import Behaviour
from gemini_pool.simulator.elements import Json, error_element
from gemini_pool.simulator.refusal import Refusal, exhausted, unauthenticated, unknown_model
from gemini_pool.simulator.script import Ending

CLOSED = b"\n]"
NO_JSON = b'\n,\r\n{"uToken": <<\xff\xfe not json>>, ]]'


@dataclass(frozen=True, slots=True)
class Performance:
    """The elements of a body, the bytes after them, and what becomes of the connection."""

    elements: Iterable[bytes]
    tail: bytes = CLOSED
    ending: Ending = Ending.KEEP


Stage = Callable[[Answer, Behaviour, str], Performance]
"""From the healthy answer, the behaviour and the model asked for to what is really sent."""


def perform(answer: Answer, behaviour: Behaviour, model: str) -> Performance:
    """The answer as this behaviour lets it happen."""
    if behaviour.stream is None:
        return Performance(_all(answer))
    return _STAGES[behaviour.stream](answer, behaviour, model)


def error_only(refusal: Refusal) -> Performance:
    """A body whose single element is an error."""
    return Performance([error_element(refusal.envelope())])


def _all(answer: Answer) -> Iterator[bytes]:
    return itertools.chain(answer.opening, answer.body, answer.closing)


def _some(answer: Answer) -> Iterator[bytes]:
    half = max(1, answer.size // 2)
    return itertools.chain(answer.opening, itertools.islice(answer.body, half))


def _error_after(answer: Answer, behaviour: Behaviour, _: str) -> Performance:
    return Performance(itertools.chain(_some(answer), [error_element(exhausted(behaviour).envelope())]))


def _cut(answer: Answer, *_: object) -> Performance:
    torn = answer.closing[-1]
    return Performance(_some(answer), b"\n,\r\n" + torn[: len(torn) // 2], Ending.CLOSE)


def _reset_after(answer: Answer, *_: object) -> Performance:
    return Performance(_some(answer), b"", Ending.RESET)


def _unclosed(answer: Answer, *_: object) -> Performance:
    return Performance(_all(answer), b"")


def _garbage(answer: Answer, *_: object) -> Performance:
    return Performance(answer.opening, NO_JSON)


def _silence(answer: Answer, *_: object) -> Performance:
    first = itertools.islice(answer.body, 1)
    return Performance(itertools.chain(answer.opening, first), b"", Ending.SILENCE)


def _wordless(answer: Answer, behaviour: Behaviour, _: str) -> Performance:
    return Performance([*answer.opening, final(answer.stationery, behaviour)])


def _ended(state: str, members: Json | None = None) -> Stage:
    def stage(answer: Answer, behaviour: Behaviour, _: str) -> Performance:
        told = behaviour.session_info != "never"
        last = answer.stationery.ending(state, session_info=told, answer=members)
        return Performance([*answer.opening, last])

    return stage


def _skipped(reason: str, **members: object) -> Stage:
    return _ended("SKIPPED", {"assistSkippedReasons": [reason], **members})


def _policy_skip() -> Stage:
    armor = {"modelArmorViolation": "RAI filter: dangerous", "error": {}}
    results = [
        {"modelArmorEnforcementResult": armor},
        {"bannedPhraseEnforcementResult": {"bannedPhrases": ["forbidden phrase"]}},
    ]
    result = {"verdict": "BLOCK", "policyResults": results}
    return _skipped("CUSTOMER_POLICY_VIOLATION", customerPolicyEnforcementResult=result)


_STAGES: MappingProxyType[str, Stage] = MappingProxyType(
    {
        "error-first-429": lambda _, behaviour, __: error_only(exhausted(behaviour)),
        "error-after-429": _error_after,
        "error-first-500": lambda *_: error_only(Refusal(500, "Internal error encountered.")),
        "error-first-401": lambda *_: error_only(unauthenticated("the session has ended")),
        "error-model": lambda _, __, model: error_only(unknown_model(model)),
        "cut": _cut,
        "reset-after": _reset_after,
        "unclosed": _unclosed,
        "empty-array": lambda *_: Performance([], b"[]"),
        "succeeded-empty": _wordless,
        "failed": _ended("FAILED"),
        "skipped-policy": _policy_skip(),
        "skipped-non-assist": _skipped("NON_ASSIST_SEEKING_QUERY_IGNORED"),
        "skipped-unknown": _skipped("REASON_NOBODY_KNOWS_YET"),
        "garbage": _garbage,
        "silence": _silence,
    }
)
