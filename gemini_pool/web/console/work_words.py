"""Work that takes long in the language of the page: what it is called, and how it stands."""

import re
from dataclasses import dataclass
from typing import Protocol

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

# What work is called where it is begun (gemini_pool/web/api, jobs/planner.py).
TITLES = (
    _l("Sign-in of all accounts"),
    _l("Sign-ins"),
    _l("Sign-ins that were due"),
    _l("Enrolment"),
)
OF_ONE = re.compile(r"Sign-in of (?!all accounts$)(.+)")


@dataclass(frozen=True, slots=True)
class Standing:
    """How work stands: always a word and an icon with the tone."""

    word: LazyString
    icon: str
    tone: str


STANDINGS = {
    "waiting": Standing(_l("Waits for its turn"), "clock-history", ""),
    "running": Standing(_l("Under way"), "hourglass-bottom", ""),
    "paused": Standing(_l("Paused"), "pause-circle-fill", "warn"),
    "done": Standing(_l("Done"), "check-circle-fill", "good"),
    "cancelled": Standing(_l("Stopped"), "slash-circle", "off"),
    "failed": Standing(_l("Failed"), "x-octagon-fill", "bad"),
    "cut_off": Standing(_l("Cut off when the service was started anew"), "x-octagon-fill", "bad"),
}
IN_PART = Standing(_l("Done in part"), "exclamation-triangle-fill", "warn")
IN_VAIN = Standing(_l("Failed"), "x-octagon-fill", "bad")


def title(kind: str, told: str) -> str:
    """What a piece of work is called."""
    if kind == "test":
        return _("Test of accounts")
    if of_one := OF_ONE.fullmatch(told):
        return _("Sign-in of %(name)s", name=of_one[1])
    return _(told)


class Countable(Protocol):
    """Work, as the store or the API has it."""

    @property
    def state(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def counts(self) -> dict[str, int]: ...


def standing(work: Countable) -> Standing:
    """How a piece of work stands."""
    failed = work.counts.get("failed", 0)
    if work.state == "done" and failed:
        return IN_VAIN if failed == work.total else IN_PART
    return STANDINGS[work.state]
