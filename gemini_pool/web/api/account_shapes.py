"""Accounts as the API shows them: the field names that other consoles read, and ours."""

import math
import time
from collections.abc import Iterable, Mapping

from gemini_pool.roster import Account, AccountState, QuotaKind
from gemini_pool.store.profiles import Profile
from gemini_pool.store.tally import Tallied
from gemini_pool.web.api.described import Shape
from gemini_pool.web.api.moments import told
from gemini_pool.wiring import Services

# What other consoles call the kinds.
KINDS = {QuotaKind.TEXT: "text_queries", QuotaKind.IMAGES: "images", QuotaKind.VIDEOS: "videos"}
GOOD = (AccountState.ACTIVE, AccountState.EXPIRING_SOON)
NO_COOKIES = (AccountState.NEEDS_SIGN_IN, AccountState.EXPIRED)


class KindQuota(Shape):
    """One kind of answer. `cooldown_until` in epoch seconds; `limit` 0: no bound is set here."""

    status: str
    status_text: str
    status_class: str
    cooldown_until: float | None
    cooldown_remaining: int
    note: str
    used: int
    failures: int
    limit: int


class Quota(Shape):
    """What is known of an account's limits, which the service tells only by refusing."""

    mode: str = "passive_detection"
    status: str
    cooldown_until: float | None
    cooldown_remaining: int
    cooldown_reason: str
    quota_errors: list[str]
    quota_types: dict[str, KindQuota]


class AccountShown(Shape):
    """An account; cookies and the mailbox's secrets are masked. `cooldown_until` in epoch seconds, other
    times ISO 8601. `team_id` and `config_id` are one."""

    id: int
    name: str
    email: str
    note: str
    external_id: str
    team_id: str
    config_id: str
    csesidx: str
    user_agent: str
    secure_c_ses: str
    host_c_oses: str
    tempmail_name: str
    tempmail_url: str
    mailbox: dict[str, str]
    enabled: bool
    state: str
    available: bool
    unavailable_reason: str
    cooldown_reason: str
    cooldown_until: float | None
    has_jwt: bool
    cookie_expired: bool
    trial_end: str
    expires_at: str | None
    cookies_at: str | None
    created_at: str | None
    last_used_at: str | None
    answers_today: int
    failures_today: int
    quota: Quota


def shown(profile: Profile, today: Iterable[Tallied], s: Services, now: float | None = None) -> AccountShown:
    """An account as it stands."""
    now = time.time() if now is None else now
    account, given = profile.account, profile.given
    state, tallies = account.state(now), {one.kind: one for one in today}
    quota = quota_of(account, tallies, s, now)
    return AccountShown(
        id=account.id,
        name=account.name,
        email=given.email,
        note=given.note,
        external_id=given.external_id,
        team_id=account.credentials.config_id,
        config_id=account.credentials.config_id,
        csesidx=account.credentials.csesidx,
        user_agent=account.credentials.user_agent,
        **profile.cookies,
        tempmail_name=profile.mailbox.get("tempmail_name", ""),
        tempmail_url=profile.mailbox.get("tempmail_url", ""),
        mailbox=profile.mailbox,
        enabled=account.enabled,
        state=state.value,
        available=account.usable(QuotaKind.TEXT, now),
        unavailable_reason="" if state in GOOD else account.reason,
        cooldown_reason=quota.cooldown_reason,
        cooldown_until=quota.cooldown_until,
        has_jwt=s.office.holds_token(account),
        cookie_expired=state in NO_COOKIES,
        trial_end=given.trial_end,
        expires_at=told(account.expires_at),
        cookies_at=told(profile.cookies_at),
        created_at=told(profile.created_at),
        last_used_at=told(max((one.last_used for one in tallies.values()), default=0)),
        answers_today=sum(one.answers for one in tallies.values()),
        failures_today=sum(one.failures for one in tallies.values()),
        quota=quota,
    )


def quota_of(account: Account, tallies: Mapping[QuotaKind, Tallied], s: Services, now: float) -> Quota:
    """The account's limits as far as they were met."""
    until = account.free_at(QuotaKind.TEXT)
    resting = until > now
    return Quota(
        status="cooldown" if resting else "available",
        cooldown_until=until if resting else None,
        cooldown_remaining=_left(until, now),
        cooldown_reason=account.reason if resting else "",
        quota_errors=[account.reason] if account.reason else [],
        quota_types={
            name: _kind(account, kind, tallies.get(kind), limit_of(kind, s), now)
            for kind, name in KINDS.items()
        },
    )


def limit_of(kind: QuotaKind, s: Services) -> int:
    """Answers of a kind that the operator lets an account give in a day; 0: no bound."""
    settings = s.settings
    limits = {
        QuotaKind.TEXT: settings.daily_text,
        QuotaKind.IMAGES: settings.daily_images,
        QuotaKind.VIDEOS: settings.daily_videos,
    }
    return limits[kind]


def _kind(account: Account, kind: QuotaKind, tallied: Tallied | None, limit: int, now: float) -> KindQuota:
    until = account.cooldowns.get(kind, 0.0)
    resting = until > now
    return KindQuota(
        status="cooldown" if resting else "available",
        status_text="resting" if resting else "available",
        status_class="status-warning" if resting else "status-success",
        cooldown_until=until if resting else None,
        cooldown_remaining=_left(until, now),
        note=account.reason if resting else "",
        used=tallied.answers if tallied else 0,
        failures=tallied.failures if tallied else 0,
        limit=limit,
    )


def _left(until: float, now: float) -> int:
    return max(0, math.ceil(until - now))
