"""Which accounts need a sign-in, by a table of reasons; and the job that orders it."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gemini_pool.roster import Account, AccountState
from gemini_pool.store.orders import ENROLMENT, REFRESH, Errand, refreshes
from gemini_pool.store.profiles import Profile
from gemini_pool.store.sign_ins import Trouble

# Nobody can be answered by these until they are signed in.
DEAD = (AccountState.NEEDS_SIGN_IN, AccountState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Moment:
    """`now` in epoch seconds; `window` is how many seconds before its end a sign-in is renewed."""

    now: float
    window: float


Reason = Callable[[Account, Moment], bool]


def dead(account: Account, at: Moment) -> bool:
    return account.state(at.now) in DEAD


def ending(account: Account, at: Moment) -> bool:
    return account.expires_at is not None and account.expires_at - at.now <= at.window


# The earlier, the more pressing.
REASONS: tuple[Reason, ...] = (dead, ending)


def due(profiles: Iterable[Profile], troubles: Mapping[int, Trouble], at: Moment) -> list[Profile]:
    """The accounts to sign in, the most pressing first: those that are on, whose mailbox is known, and whose
    last trouble is over. Of two as pressing, the one that ends first."""
    ranked = [
        (rank, profile.account.expires_at or 0.0, profile.account.id, profile)
        for profile in profiles
        if _may(profile, troubles.get(profile.account.id), at)
        and (rank := _rank(profile.account, at)) is not None
    ]
    return [profile for *_, profile in sorted(ranked, key=lambda one: one[:3])]


def _rank(account: Account, at: Moment) -> int | None:
    return next((rank for rank, reason in enumerate(REASONS) if reason(account, at)), None)


def _may(profile: Profile, trouble: Trouble | None, at: Moment) -> bool:
    return profile.account.enabled and bool(profile.given.mailbox) and not _rests(profile, trouble, at)


def _rests(profile: Profile, trouble: Trouble | None, at: Moment) -> bool:
    if trouble is None or (profile.cookies_at or 0.0) > trouble.at:  # somebody gave it new cookies since
        return False
    return trouble.person or trouble.next_at > at.now


class Orders(Protocol):
    def hand_over(self, kinds: Sequence[str]) -> None: ...
    def place(
        self, kind: str, title: str, errands: Sequence[Errand], *, urgent: bool = False
    ) -> int | None: ...


class Planner:
    """Orders the sign-ins that are due, `window` seconds before the old ones end."""

    def __init__(
        self,
        orders: Orders,
        troubles: Callable[[], Mapping[int, Trouble]],
        profiles: Callable[[], Sequence[Profile]],
        window: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._orders = orders
        self._troubles = troubles
        self._profiles = profiles
        self._window = window
        self._clock = clock

    def plan(self) -> str | None:
        """Order what is due, and see that what was ordered is done; how much is due, in a sentence."""
        at = Moment(self._clock(), self._window)
        found = due(self._profiles(), self._troubles(), at)
        self._orders.hand_over((REFRESH, ENROLMENT))  # whoever was called before may have ended since
        if self._orders.place(REFRESH, "Sign-ins that were due", refreshes(found)) is None:
            return None
        return f"{len(found)} due"
