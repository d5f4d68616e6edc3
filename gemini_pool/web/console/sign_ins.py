"""Signing accounts in: what the pages tell of it, and the buttons that have it done."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from gemini_pool.errors import BadRequest
from gemini_pool.store.orders import REFRESH
from gemini_pool.store.profiles import Profile
from gemini_pool.store.sign_ins import SignIn, Trouble
from gemini_pool.web.api import refreshing
from gemini_pool.web.console import sign_in_words
from gemini_pool.web.console.accounts import followed, where_from
from gemini_pool.web.console.faults import sentence
from gemini_pool.web.console.mailbox_form import kind_of
from gemini_pool.web.console.mailbox_words import with_labels
from gemini_pool.web.console.sign_in_needs import trouble_of
from gemini_pool.wiring import Services

bp = Blueprint("sign_ins", __name__)


@dataclass(frozen=True, slots=True)
class Line:
    """A sign-in as a row of the table; `reason` in the language of the page."""

    one: SignIn
    ended: sign_in_words.Ended
    reason: str

    @property
    def took_ms(self) -> float | None:
        return None if self.one.ended_at is None else (self.one.ended_at - self.one.started_at) * 1000


@dataclass(frozen=True, slots=True)
class Keeping:
    """How an account is kept signed in. `under_way` is the work that signs it in now; `window` tells whether
    a browser can show itself; `reason` is why the last one failed, while that is not over."""

    mailbox: bool
    elsewhere: bool
    by_itself: bool
    before_hours: int
    window: bool
    trouble: Trouble | None
    reason: str
    under_way: int | None
    lines: tuple[Line, ...]

    @property
    def needs_person(self) -> bool:
        """Whether the service asked for a person, so that looking at the page may help."""
        newest = next((line.one for line in self.lines if line.one.ended_at is not None), None)
        return self.stuck and newest is not None and newest.outcome.value == "needs_person"

    @property
    def stuck(self) -> bool:
        """Whether it is not tried again before somebody did something."""
        return self.trouble is not None and self.trouble.person


@bp.post("/accounts/<id:account_id>/refresh")
def refresh(account_id: int) -> Response:
    """Have it signed in; the page that one comes from shows how far that is."""
    try:
        ordered = refreshing.refresh(account_id, refreshing.How(headless="window" not in request.form))
    except BadRequest as error:
        flash(sentence(error))
        return redirect(where_from(), 303)
    return followed(where_from(), ordered)


def keeping_of(profile: Profile, s: Services) -> Keeping:
    """How this account is kept signed in."""
    settings, account_id = s.settings, profile.account.id
    trouble = trouble_of(profile, s.sign_ins.troubles())
    kind = kind_of(profile.given.mailbox)
    return Keeping(
        mailbox=bool(profile.given.mailbox),
        elsewhere=settings.sync_only,
        by_itself=settings.auto_refresh,
        before_hours=settings.refresh_window,
        window=not settings.force_headless,
        trouble=trouble,
        reason=_reason(trouble.message, kind) if trouble else "",
        under_way=s.orders.holding(REFRESH, str(account_id)),
        lines=tuple(_lines(s.sign_ins.of_account(account_id), kind)),
    )


def _lines(found: Sequence[SignIn], kind: str) -> list[Line]:
    return [
        Line(one, sign_in_words.ENDS[one.outcome.value or "running"], _reason(one.message, kind))
        for one in found
    ]


def _reason(told: str, kind: str) -> str:
    return with_labels(sign_in_words.reason(told), kind)
