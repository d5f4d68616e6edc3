"""What signing in needs of the operator. Pure: accounts, their troubles and a time in, words out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from gemini_pool.roster import AccountState
from gemini_pool.store.profiles import Profile
from gemini_pool.store.sign_ins import Trouble
from gemini_pool.web.console import sign_in_words
from gemini_pool.web.console.wellness import Need
from gemini_pool.web.console.words import names

# What helps these is a new sign-in.
SIGN_IN_HELPS = (AccountState.NEEDS_SIGN_IN, AccountState.EXPIRED, AccountState.EXPIRING_SOON)
# So many have a sentence each.
MOST_ALONE = 3

Troubles = Mapping[int, Trouble]


@dataclass(frozen=True, slots=True)
class SigningIn:
    """`kept` are the ids of accounts that need a sign-in and that the pool itself can sign in; `needs` is
    what the operator should do, the worst first."""

    kept: frozenset[int] = frozenset()
    needs: tuple[Need, ...] = ()


NOBODY = SigningIn()


def signing_in_of(
    profiles: Sequence[Profile], troubles: Troubles, now: float, *, by_itself: bool
) -> SigningIn:
    """`by_itself`: the pool renews what expires soon without being asked to."""
    kept = [one for one in profiles if can_be_helped(one, troubles, now)]
    asking = [one for one in kept if not by_itself or one.account.hard_out(now)]
    needs = [
        *_helpable(asking),
        *_stuck([one for one in profiles if one.account.enabled and is_stuck(one, troubles)], troubles),
        *_without_mailbox([one for one in profiles if _wants(one, now) and not one.given.mailbox]),
    ]
    return SigningIn(frozenset(one.account.id for one in kept), tuple(needs))


def can_be_helped(profile: Profile, troubles: Troubles, now: float) -> bool:
    """Whether the pool itself can sign an account in that needs it."""
    return _wants(profile, now) and bool(profile.given.mailbox) and not is_stuck(profile, troubles)


def is_stuck(profile: Profile, troubles: Troubles) -> bool:
    """Whether its sign-in is not tried again before somebody did something."""
    trouble = trouble_of(profile, troubles)
    return trouble is not None and trouble.person


def trouble_of(profile: Profile, troubles: Troubles) -> Trouble | None:
    """Its trouble, if that is not over: new cookies, wherever they came from, end it."""
    trouble = troubles.get(profile.account.id)
    return trouble if trouble and (profile.cookies_at or 0.0) <= trouble.at else None


def _wants(profile: Profile, now: float) -> bool:
    return profile.account.enabled and profile.account.state(now) in SIGN_IN_HELPS


def _helpable(profiles: Sequence[Profile]) -> Iterator[Need]:
    if profiles:
        told = ngettext(
            "%(names)s needs a sign-in, which the pool can do at once.",
            "%(num)s accounts need a sign-in, which the pool can do at once: %(names)s.",
            len(profiles),
            names=_names(profiles),
        )
        verb = _("Refresh now") if len(profiles) == 1 else _("Refresh all")
        yield Need("bad", "arrow-clockwise", told, verb, "/accounts/bulk", action="refresh-needy")


def _stuck(profiles: Sequence[Profile], troubles: Troubles) -> Iterator[Need]:
    alone = profiles if len(profiles) <= MOST_ALONE else profiles[: MOST_ALONE - 1]
    for one in alone:
        why = sign_in_words.reason(troubles[one.account.id].message)
        told = _("The sign-in of %(name)s needs you: %(reason)s", name=one.account.name, reason=why)
        yield Need("bad", "box-arrow-in-right", told, _("Look into it"), _at(one, "sign-in"))
    if more := profiles[len(alone) :]:
        told = ngettext(
            "The sign-in of %(num)s more account needs you: %(names)s.",
            "The sign-ins of %(num)s more accounts need you: %(names)s.",
            len(more),
            names=_names(more),
        )
        yield Need("bad", "box-arrow-in-right", told, _("Look into it"), _at(more[0], "sign-in"))


def _without_mailbox(profiles: Sequence[Profile]) -> Iterator[Need]:
    if profiles:
        told = ngettext(
            "Nobody but you can sign in %(names)s: its mailbox is not named.",
            "Nobody but you can sign in %(num)s accounts, for their mailboxes are not named: %(names)s.",
            len(profiles),
            names=_names(profiles),
        )
        first = profiles[0]
        verb = (
            _("Name its mailbox")
            if len(profiles) == 1
            else _("Name that of %(name)s", name=first.account.name)
        )
        yield Need("warn", "key", told, verb, _at(first, "mailbox"))


def _names(profiles: Sequence[Profile]) -> str:
    return names([one.account.name for one in profiles])


def _at(profile: Profile, part: str) -> str:
    return f"/accounts/{profile.account.id}#{part}"
