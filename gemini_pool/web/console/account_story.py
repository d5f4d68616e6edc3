"""What happened to an account, in words: its timeline, and the calls that it failed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from gemini_pool.store.journal import KeptCall
from gemini_pool.web.api.accounts import EventShown
from gemini_pool.web.console.account_rows import KINDS

# The word, the tone and the icon of what happened.
WHAT: dict[str, tuple[LazyString, str, str]] = {
    "added": (_l("Added"), "", "plus-lg"),
    "edited": (_l("Edited"), "", "pencil"),
    "new_cookies": (_l("New cookies"), "", "key"),
    "enabled": (_l("Switched on"), "", "power"),
    "disabled": (_l("Switched off"), "off", "slash-circle"),
    "rate_limited": (_l("Met a limit and rests"), "warn", "pause-circle-fill"),
    "failing": (_l("Failed several times in a row"), "bad", "exclamation-triangle-fill"),
    "needs_sign_in": (_l("The service refused its cookies"), "bad", "box-arrow-in-right"),
    "forbidden": (_l("The service forbade it to answer"), "bad", "shield-fill-x"),
    "recovered": (_l("Answers again"), "good", "check-circle-fill"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of a timeline; `at` in epoch seconds."""

    at: float
    text: str
    tone: str
    icon: str
    detail: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that the account was asked for in vain: what was said, after how many milliseconds."""

    call_id: int
    at: float
    model: str
    error: str
    message: str
    ms: int
    saved: bool  # another account answered


def timeline(events: Iterable[EventShown]) -> list[Moment]:
    return [_moment(event) for event in events]


def failures(calls: Iterable[KeptCall], account_id: int, most: int) -> list[Failure]:
    """The latest, of calls that are given with the newest first."""
    found = (failure for kept in calls for failure in _failed(kept, account_id))
    return [failure for failure, _ in zip(found, range(most), strict=False)]


def _failed(kept: KeptCall, account_id: int) -> Iterator[Failure]:
    call = kept.call
    saved = call.outcome == "ok"
    for attempt in reversed(call.attempts):
        if attempt.account == account_id:
            yield Failure(kept.id, call.at, call.model, attempt.error, attempt.message, attempt.ms, saved)
            return
    if call.account_id == account_id and call.outcome == "error":
        yield Failure(kept.id, call.at, call.model, call.error, call.error_message, call.total_ms, saved)


def _moment(event: EventShown) -> Moment:
    word, tone, icon = WHAT.get(event.what, (event.what, "", "info-circle-fill"))
    kinds = {str(kind): str(named) for kind, named in KINDS.items()}
    text = f"{word} · {kinds.get(event.kind, event.kind)}" if event.kind else str(word)
    return Moment(event.at, text, tone, icon, event.reason)
