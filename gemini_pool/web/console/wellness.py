"""Whether the pool is well, in a sentence, and what needs a hand. Pure: accounts and a time in, words out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from gemini_pool.roster import Account, AccountState, QuotaKind
from gemini_pool.web.console.states import look
from gemini_pool.web.console.words import countdown, names

TEXT = QuotaKind.TEXT


@dataclass(frozen=True, slots=True)
class Census:
    """How many accounts there are of each sort; those that were switched off by hand count nowhere else."""

    switched_on: int
    answering: int  # text, at least
    limited: int  # among these: a limit on pictures or films
    resting: int  # return by themselves
    out: dict[AccountState, int]  # wait for somebody
    next_return: float | None  # epoch seconds, of those that rest or are limited
    disabled: int = 0
    outage: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and its tone: good, warn or bad."""

    tone: str
    text: Markup


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for the operator, and where it is mended; with an `action` its button does it, by
    a form to there."""

    tone: str
    icon: str
    text: str
    button: str
    href: str
    action: str = ""


def take_census(accounts: Iterable[Account], now: float, *, outage: bool = False) -> Census:
    """Count accounts by what they can do at this moment."""
    out: dict[AccountState, int] = defaultdict(int)
    answering = limited = resting = disabled = 0
    returns = []
    for account in accounts:
        if not account.enabled:
            disabled += 1
        elif account.hard_out(now):
            out[account.state(now)] += 1
        elif account.usable(TEXT, now):
            answering += 1
            ends = [until for until in account.cooldowns.values() if until > now]
            limited += bool(ends)
            returns += ends
        else:
            resting += 1
            returns.append(account.free_at(TEXT))
    return Census(
        switched_on=answering + resting + sum(out.values()),
        answering=answering,
        limited=limited,
        resting=resting,
        out=dict(out),
        next_return=min(returns, default=None),
        disabled=disabled,
        outage=outage,
    )


def sentence(census: Census, now: float) -> Said:
    """The answer to "is it well?"."""
    if not census.switched_on:
        empty = _("Nobody can answer: the pool has no accounts yet.")
        off = _("Nobody can answer: every account is switched off.")
        return Said("bad", escape(off if census.disabled else empty))
    if census.outage:
        return Said("bad", escape(_("The service cannot be reached from here. No account is blamed.")))
    further = [*_resting(census, now), *_waiting(census)]
    text = escape(_("; ")).join([_head(census), *further])
    return Said(_tone(census), text + _("."))


def needs(
    accounts: Sequence[Account], now: float, *, outage: bool = False, kept: Collection[int] = ()
) -> list[Need]:
    """What the operator should do, the worst first. The pool itself can sign in those that are `kept`."""
    if not accounts:
        return [Need("bad", "plus-lg", _("The pool has no accounts."), _("Add accounts"), "/accounts/add")]
    found = []
    if outage:
        told = _("Several accounts in a row could not reach the service: look at the network and the proxy.")
        found.append(Need("bad", "exclamation-triangle-fill", told, _("Open settings"), "/settings"))
    by_state: dict[AccountState, list[str]] = defaultdict(list)
    for account in accounts:
        if account.id in kept:
            continue
        if account.hard_out(now) or account.state(now) is AccountState.EXPIRING_SOON:
            by_state[account.state(now)].append(account.name)
    return found + [_need(state, by_state[state]) for state in NEEDY if state in by_state]


NEEDY = (
    AccountState.NEEDS_SIGN_IN,
    AccountState.EXPIRED,
    AccountState.FORBIDDEN,
    AccountState.FAILING,
    AccountState.EXPIRING_SOON,
)


def _head(census: Census) -> Markup:
    total, answering = census.switched_on, census.answering
    if not answering:
        return escape(_("Nobody can answer"))
    if answering == total:
        return escape(ngettext("The one account answers", "All %(num)s accounts answer", total))
    # The form of the verb hangs on the first number, that of the noun on the second, which is never one.
    return escape(
        ngettext(
            "%(num)s of %(total)s accounts answers",
            "%(num)s of %(total)s accounts answer",
            answering,
            total=total,
        )
    )


def _tone(census: Census) -> str:
    if not census.answering:
        return "bad"
    return "good" if census.answering == census.switched_on else "warn"


def _resting(census: Census, now: float) -> list[Markup]:
    """Who returns by himself, and when the next does."""
    found = []
    if census.resting:
        found.append(ngettext("%(num)s is resting", "%(num)s are resting", census.resting))
    if census.limited:
        told = ngettext(
            "%(num)s rests from a limit on pictures or films",
            "%(num)s rest from a limit on pictures or films",
            census.limited,
        )
        found.append(told)
    parts = [escape(part) for part in found]
    if parts and census.next_return is not None:
        alone = census.resting + census.limited == 1
        next_one = escape(_("it returns in %(time)s") if alone else _("the next returns in %(time)s"))
        returns = next_one % {"time": countdown(census.next_return, now)}
        parts[-1] = escape(_("%(who)s, %(returns)s")) % {"who": parts[-1], "returns": returns}
    return parts


def _waiting(census: Census) -> list[Markup]:
    """Who waits for the operator."""
    needs_sign_in = census.out.get(AccountState.NEEDS_SIGN_IN, 0)
    others = sum(census.out.values()) - needs_sign_in
    found = []
    if needs_sign_in:
        found.append(ngettext("%(num)s needs a sign-in", "%(num)s need a sign-in", needs_sign_in))
    if others:
        found.append(ngettext("%(num)s needs a hand", "%(num)s need a hand", others))
    return [escape(part) for part in found]


def _need(state: AccountState, who: list[str]) -> Need:
    shown = look(state)
    return Need(shown.tone, shown.icon, *_told(state, len(who), names(who)), f"/accounts?state={state}")


def _told(state: AccountState, count: int, who: str) -> tuple[str, str]:
    """What to do about accounts in a state, and what the button for it says."""
    match state:
        case AccountState.NEEDS_SIGN_IN:
            return ngettext(
                "%(names)s needs a sign-in: the service refuses its cookies.",
                "%(num)s accounts need a sign-in: %(names)s. The service refuses their cookies.",
                count,
                names=who,
            ), _("Sign in again")
        case AccountState.EXPIRED:
            return ngettext(
                "%(names)s has expired and is not asked any more.",
                "%(num)s accounts have expired and are not asked any more: %(names)s.",
                count,
                names=who,
            ), _("Renew")
        case AccountState.FORBIDDEN:
            return ngettext(
                "%(names)s is forbidden to answer. New cookies may help, or its administrator.",
                "%(num)s accounts are forbidden to answer: %(names)s. New cookies may help, or their "
                "administrator.",
                count,
                names=who,
            ), _("Look into it")
        case AccountState.FAILING:
            return ngettext(
                "%(names)s failed too often and stays out until you switch it on.",
                "%(num)s accounts failed too often and stay out until you switch them on: %(names)s.",
                count,
                names=who,
            ), _("Look into it")
        case _:
            return ngettext(
                "%(names)s expires within three hours.",
                "%(num)s accounts expire within three hours: %(names)s.",
                count,
                names=who,
            ), _("Renew")
