"""The first page: is the pool well, and what needs a hand?"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from gemini_pool.roster import Account, AccountState
from gemini_pool.store.figures import Point, Span
from gemini_pool.store.profiles import Profile
from gemini_pool.web.console.sign_in_needs import NOBODY, SigningIn, signing_in_of
from gemini_pool.web.console.states import LOOKS
from gemini_pool.web.console.wellness import needs, sentence, take_census
from gemini_pool.wiring import Services, services

bp = Blueprint("overview", __name__)

MOST_ROWS = 10


@dataclass(frozen=True, slots=True)
class Period:
    """What the charts span, in buckets of `step` seconds."""

    name: str
    word: LazyString
    seconds: int
    step: int


PERIODS = (
    Period("24h", _l("24 hours"), 86_400, 3_600),
    Period("7d", _l("7 days"), 7 * 86_400, 6 * 3_600),
    Period("30d", _l("30 days"), 30 * 86_400, 86_400),
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened from `at` (epoch seconds) for one step; times to the first token in milliseconds."""

    at: float
    answers: int = 0
    failures: int = 0
    limited: int = 0
    first_ms_p50: float | None = None
    first_ms_p95: float | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What is under way: answers being given, of how many at one time, and requests in the last minute."""

    open: int
    slots: int
    last_minute: int


@bp.get("/")
def page() -> str:
    """GET /?period=24h."""
    s, now = services(), time.time()
    period = next((one for one in PERIODS if one.name == request.args.get("period")), PERIODS[0])
    profiles = s.office.profiles.get()
    accounts = [profile.account for profile in profiles]
    shown = view(
        accounts,
        buckets(s, period),
        load(s),
        period=period,
        now=now,
        outage=s.manager.outage,
        signing_in=_signing_in(s, profiles, now),
    )
    return render_template("overview.html", **shown, **busiest(s, period, accounts))


def buckets(s: Services, period: Period) -> Sequence[Bucket]:
    """What the journal counted, oldest first, one bucket a step."""
    return [_bucket(point) for point in s.statistics.series(Span(period.name))]


def load(s: Services) -> Load:
    """What is under way now in all workers."""
    now = s.office.load.now()
    return Load(now.open, now.places, s.journal.last_minute())


def busiest(s: Services, period: Period, accounts: Sequence[Account]) -> dict[str, Any]:
    """The models and the accounts that were asked most; figures by name, and names and counts by id."""
    span = Span(period.name)
    names = {account.id: account.name for account in accounts}
    by_account = s.statistics.by_account(span).items()
    there = [(account_id, names[account_id], one) for account_id, one in by_account if account_id in names]
    return {
        "by_model": list(s.statistics.by_model(span).items())[:MOST_ROWS],
        "by_account": sorted(there, key=lambda row: -row[2].calls)[:MOST_ROWS],
    }


def _signing_in(s: Services, profiles: Sequence[Profile], now: float) -> SigningIn:
    """What it needs; an instance that signs nobody in needs nothing of it."""
    if s.settings.sync_only:
        return NOBODY
    return signing_in_of(profiles, s.sign_ins.troubles(), now, by_itself=s.settings.auto_refresh)


def _bucket(point: Point) -> Bucket:
    counts, first = point.figures.counts, point.figures.first
    return Bucket(
        point.start,
        counts.answers,
        counts.failures,
        counts.limited,
        first.p50 if first else None,
        first.p95 if first else None,
    )


def view(
    accounts: Sequence[Account],
    buckets: Sequence[Bucket],
    load: Load | None,
    *,
    period: Period,
    now: float,
    outage: bool = False,
    signing_in: SigningIn = NOBODY,
) -> dict[str, Any]:
    """What overview.html shows of these numbers."""
    states = [account.state(now) for account in accounts]
    return {
        "said": sentence(take_census(accounts, now, outage=outage), now),
        "needs": [*needs(accounts, now, outage=outage, kept=signing_in.kept), *signing_in.needs],
        "counts": [(state, states.count(state)) for state in LOOKS if state in states],
        "cells": [
            [account.id, account.name, state, account.reason, _changes_at(account, state, now)]
            for account, state in _side_by_side(accounts, states)
        ],
        "buckets": [asdict(bucket) for bucket in buckets] if any(map(_happened, buckets)) else [],
        "strip_looks": {state: [str(one.word), one.icon, one.tone] for state, one in LOOKS.items()},
        "period": period,
        "periods": PERIODS,
        "load": load,
        "now": now,
    }


def _happened(bucket: Bucket) -> bool:
    return bool(bucket.answers or bucket.failures or bucket.limited)


def _side_by_side(
    accounts: Sequence[Account], states: Sequence[AccountState]
) -> list[tuple[Account, AccountState]]:
    """Accounts of a state beside each other, so that a strip of a thousand still shows proportions."""
    order = {state: at for at, state in enumerate(LOOKS)}
    return sorted(zip(accounts, states, strict=True), key=lambda pair: (order[pair[1]], pair[0].id))


def _changes_at(account: Account, state: AccountState, now: float) -> float | None:
    """When it returns, or expires; None when only somebody's hand changes anything."""
    if state is AccountState.RATE_LIMITED:
        return min(until for until in account.cooldowns.values() if until > now)
    if account.resting_until > now:
        return account.resting_until
    return account.expires_at if state is AccountState.EXPIRING_SOON else None
