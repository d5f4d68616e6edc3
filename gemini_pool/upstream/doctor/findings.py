"""What was found: the facts of each step, held against what the service is believed to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from gemini_pool.errors import UpstreamError
from gemini_pool.upstream.doctor.scrubbing import Veil, form, sentence
from gemini_pool.upstream.refusals import Refusal

LONGEST_SEEN = 300


class Diagnosis(StrEnum):
    """From good to bad. What is different can still be understood; what failed cannot."""

    AS_EXPECTED = "as expected"
    DIFFERENT = "different"
    FAILED = "failed"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at; an empty `expected` where nothing is known of it."""

    name: str
    expected: str
    seen: str
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of the walk. `evidence` is JSON, scrubbed; `cause` is what the program takes a failure for."""

    step: str
    facts: tuple[Fact, ...]
    milliseconds: int
    evidence: Mapping[str, Any]
    cause: type[UpstreamError] | None = None

    @property
    def diagnosis(self) -> Diagnosis:
        """That of its worst fact."""
        return max((fact.diagnosis for fact in self.facts), key=list(Diagnosis).index)

    def under(self, veil: Veil) -> "Finding":
        """Without what is known to be secret. Only then is it cut: half a secret would not be known."""
        facts = tuple(replace(fact, seen=_cut(veil.over(fact.seen))) for fact in self.facts)
        return replace(self, facts=facts, evidence=veil.over(dict(self.evidence)))

    def as_json(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "diagnosis": self.diagnosis.value,
            "milliseconds": self.milliseconds,
            "taken_for": self.cause.__name__ if self.cause else None,
            "facts": [
                {"name": f.name, "expected": f.expected, "seen": f.seen, "diagnosis": f.diagnosis.value}
                for f in self.facts
            ],
            "evidence": self.evidence,
        }


@dataclass(slots=True)
class Notes:
    """What is being found in a step, under a veil; `replies` are JSON, scrubbed, in the order they came."""

    veil: Veil
    facts: list[Fact] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    cause: type[UpstreamError] | None = None
    refused: bool = False  # in words of the service's own

    def note(self, name: str, seen: str) -> None:
        """Something of which nothing is known beforehand."""
        self.hold(name, "", seen, True)

    def hold(self, name: str, expected: str, seen: str, holds: bool) -> None:
        """Hold what is seen against what is expected."""
        diagnosis = Diagnosis.AS_EXPECTED if holds else Diagnosis.DIFFERENT
        self.facts.append(Fact(name, expected, seen, diagnosis))

    def quote(self, refusal: Refusal) -> None:
        """What the service says when it refuses."""
        self.refused = True
        self.note("says", f"{refusal.code} {form(refusal.status, enum=True)} · {self.said(refusal.message)}")

    def said(self, text: str) -> str:
        """What may be told of something in the service's own words."""
        return sentence(text, self.veil)

    def understood(self, goal: str) -> None:
        """The step came to its end: the program has what it wanted."""
        self.hold("understood as", goal, goal, True)

    def failed(self, goal: str, error: UpstreamError) -> None:
        """The step came to nothing. The error's text is told where the service has no part in it."""
        self.cause = type(error)
        seen = self.cause.__name__ + ("" if self.refused else f": {error}")
        self.facts.append(Fact("understood as", goal, seen, Diagnosis.FAILED))

    def not_reached(self, goal: str, lacking: str) -> None:
        """The step could not be begun for want of something that an earlier one should have given."""
        self.facts.append(Fact("understood as", goal, f"there is no {lacking}", Diagnosis.NOT_REACHED))

    def finding(self, step: str, milliseconds: int) -> Finding:
        return Finding(step, tuple(self.facts), milliseconds, {"replies": self.replies}, self.cause)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SEEN else text[:LONGEST_SEEN] + "…"
