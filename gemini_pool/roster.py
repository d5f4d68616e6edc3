"""Nouns on accounts: who they are, what state they are in, what a failure concluded about them.

Pure values. This room knows nothing of the network, of the database or of locks; time is an argument
(seconds since the epoch, UTC).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

EXPIRING_SOON_SECONDS = 3 * 3600


class QuotaKind(StrEnum):
    """What an answer is counted as by the service's limits."""

    TEXT = "text"
    IMAGES = "images"
    VIDEOS = "videos"


class Standing(StrEnum):
    """What the service last said of the account's credentials; survives a restart."""

    GOOD = "good"
    NEEDS_SIGN_IN = "needs_sign_in"
    FORBIDDEN = "forbidden"
    FAILING = "failing"  # kept shut, where the operator wants that rather than a rest


class AccountState(StrEnum):
    """The one word people are shown for an account."""

    ACTIVE = "active"
    EXPIRING_SOON = "expiring_soon"
    EXPIRED = "expired"
    DISABLED = "disabled"
    RATE_LIMITED = "rate_limited"
    FAILING = "failing"
    NEEDS_SIGN_IN = "needs_sign_in"
    FORBIDDEN = "forbidden"


def masked(secret: str) -> str:
    """Enough of a secret to recognise it, never enough to use it."""
    if len(secret) < 16:
        return "•" * min(len(secret), 4)
    return f"{secret[:4]}…{secret[-2:]}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The cookies and ids of one seat; `config_id` is also called team_id elsewhere."""

    secure_c_ses: str
    csesidx: str
    config_id: str
    host_c_oses: str = ""
    user_agent: str = ""

    def __repr__(self) -> str:
        return (
            f"Credentials(csesidx={self.csesidx!r}, config_id={self.config_id!r}, "
            f"secure_c_ses={masked(self.secure_c_ses)!r}, host_c_oses={masked(self.host_c_oses)!r})"
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a failure concluded about an account. Only the members that are set change something."""

    reason: str
    standing: Standing | None = None
    kind: QuotaKind | None = None  # with `until`: this kind rests
    until: float | None = None  # without `kind`: the breaker is open
    strikes: int | None = None  # failures in a row by now; 0 says that it is well again, and ends the rest
    firm: bool = False  # `until` was told by the service or set by the operator, as against one we guessed


@dataclass(frozen=True, slots=True)
class Account:
    """One seat as the pool sees it. `expires_at`, `resting_until` and cool-downs in epoch seconds.

    `strikes` are the failures in a row that opened the breaker; `firm` are the kinds whose cool-down has an
    end that is known, as against one we guessed.
    """

    id: int
    name: str
    credentials: Credentials
    enabled: bool = True
    standing: Standing = Standing.GOOD
    reason: str = ""
    expires_at: float | None = None
    resting_until: float = 0.0
    cooldowns: Mapping[QuotaKind, float] = field(default_factory=dict)
    strikes: int = 0
    firm: frozenset[QuotaKind] = frozenset()

    def state(self, now: float) -> AccountState:
        if not self.enabled:
            return AccountState.DISABLED
        if self.standing is not Standing.GOOD:
            return AccountState(self.standing.value)
        if self.expires_at is not None and self.expires_at <= now:
            return AccountState.EXPIRED
        if self.resting_until > now:
            return AccountState.FAILING
        if any(until > now for until in self.cooldowns.values()):
            return AccountState.RATE_LIMITED
        if self.expires_at is not None and self.expires_at - now < EXPIRING_SOON_SECONDS:
            return AccountState.EXPIRING_SOON
        return AccountState.ACTIVE

    def hard_out(self, now: float) -> bool:
        """Out until somebody does something: waiting alone does not bring it back."""
        return (
            not self.enabled
            or self.standing is not Standing.GOOD
            or (self.expires_at is not None and self.expires_at <= now)
        )

    def free_at(self, kind: QuotaKind) -> float:
        """When its cool-downs for this kind are over; 0 when there are none. A rest of text rests all."""
        cooldowns = self.cooldowns
        if not cooldowns:
            return self.resting_until
        return max(self.resting_until, cooldowns.get(QuotaKind.TEXT, 0.0), cooldowns.get(kind, 0.0))

    def usable(self, kind: QuotaKind, now: float) -> bool:
        return not self.hard_out(now) and self.free_at(kind) <= now

    def after(self, verdict: Verdict) -> "Account":
        """The account as it stands after a verdict."""
        account = replace(self, reason=verdict.reason)
        if verdict.standing is not None:
            account = replace(account, standing=verdict.standing)
        if verdict.strikes is not None:
            resting_until = self.resting_until if verdict.strikes else 0.0
            account = replace(account, strikes=verdict.strikes, resting_until=resting_until)
        if verdict.until is not None and verdict.kind is not None:
            return account._cooled(verdict.kind, verdict.until, verdict.firm)
        if verdict.until is not None:
            return replace(account, resting_until=verdict.until)
        return account

    def _cooled(self, kind: QuotaKind, until: float, firm: bool) -> "Account":
        """Of two limits met at once the longer counts; of two equal ones, the firm one."""
        held = (self.cooldowns.get(kind, 0.0), kind in self.firm)
        until, firm = max(held, (until, firm))
        return replace(
            self,
            cooldowns={**self.cooldowns, kind: until},
            firm=self.firm | {kind} if firm else self.firm - {kind},
        )

    def with_credentials(self, credentials: Credentials) -> "Account":
        return replace(self, credentials=credentials)
