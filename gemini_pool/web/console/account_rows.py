"""Accounts as rows of a table: looked for, put in order, cut into pages. Pure: accounts and a time in."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from gemini_pool.roster import Account, AccountState, QuotaKind
from gemini_pool.store.profiles import Profile
from gemini_pool.store.tally import Tallied
from gemini_pool.web.console.states import LOOKS, look

ON_A_PAGE = 50
# Waiting does not bring these back. One that rests, or that somebody switched off, is not among them.
UNUSABLE = (AccountState.NEEDS_SIGN_IN, AccountState.EXPIRED, AccountState.FORBIDDEN)
# What helps these is a new sign-in.
WANT_COOKIES = (*UNUSABLE, AccountState.EXPIRING_SOON)
KINDS = {
    QuotaKind.TEXT: _l("Text"),
    QuotaKind.IMAGES: _l("Pictures"),
    QuotaKind.VIDEOS: _l("Films"),
}


@dataclass(frozen=True, slots=True)
class KindRow:
    """Of one kind of answer: how many of the day's `most` (0: no bound), and until when it rests."""

    word: LazyString
    used: int
    most: int
    until: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """An account and what it did today; times in epoch seconds."""

    profile: Profile
    state: AccountState
    today: Mapping[QuotaKind, Tallied]
    until: float | None

    @property
    def account(self) -> Account:
        return self.profile.account

    @property
    def answers(self) -> int:
        return sum(one.answers for one in self.today.values())

    @property
    def failures(self) -> int:
        return sum(one.failures for one in self.today.values())

    @property
    def last_used(self) -> float | None:
        return max((one.last_used for one in self.today.values()), default=None)

    @property
    def wants_cookies(self) -> bool:
        return self.state in WANT_COOKIES

    @property
    def keepable(self) -> bool:
        """Whether the pool can sign it in, and should."""
        return self.account.enabled and bool(self.profile.given.mailbox)

    def has(self, words: Sequence[str]) -> bool:
        """Whether all words stand somewhere in what may be seen of it."""
        account, given = self.account, self.profile.given
        shown = (
            *(account.name, account.reason, account.credentials.config_id, account.credentials.csesidx),
            *(given.email, given.note, given.external_id, given.trial_end),
            *(self.state.value, str(look(self.state).word)),
            *(self.profile.given.mailbox.get(name, "") for name in ("mail_address", "tempmail_name")),
        )
        text = "\n".join(shown).casefold()
        return all(word in text for word in words)

    def kinds(self, limits: Mapping[QuotaKind, int], now: float) -> list[KindRow]:
        """One for each kind of answer."""
        return [self._kind(kind, word, limits[kind], now) for kind, word in KINDS.items()]

    def _kind(self, kind: QuotaKind, word: LazyString, most: int, now: float) -> KindRow:
        tallied, until = self.today.get(kind), self.account.cooldowns.get(kind, 0.0)
        return KindRow(word, tallied.answers if tallied else 0, most, until if until > now else None)


def _first(value: float | None) -> float:
    return math.inf if value is None else value


ORDER = MappingProxyType({state: number for number, state in enumerate(LOOKS)})
SORTS: Mapping[str, Callable[[Row], object]] = MappingProxyType(
    {
        "state": lambda row: (ORDER[row.state], _first(row.until)),
        "name": lambda row: row.account.name.casefold(),
        "workspace": lambda row: row.account.credentials.config_id,
        "expires": lambda row: _first(row.account.expires_at),
        "answers": lambda row: row.answers,
        "failures": lambda row: row.failures,
        "used": lambda row: row.last_used or 0.0,
    }
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of what was looked for. `counts` are all that the text fits, by state; `total` those shown."""

    rows: tuple[Row, ...]
    counts: Mapping[AccountState, int]
    page: int
    pages: int
    total: int


def row_of(profile: Profile, today: Iterable[Tallied], now: float) -> Row:
    account = profile.account
    state = account.state(now)
    return Row(profile, state, {one.kind: one for one in today}, returns_at(account, state, now))


def listed(rows: Iterable[Row], *, text: str = "", state: str = "", sort: str = "", page: int = 1) -> Listed:
    """The rows that are wanted; what is asked for wrongly is not asked for."""
    words = text.casefold().split()
    fitting = [row for row in rows if not words or row.has(words)]
    states = [row.state for row in fitting]
    wanted = [row for row in fitting if state not in ORDER or row.state == state]
    wanted.sort(key=lambda row: row.account.id)
    if by := SORTS.get(sort.removeprefix("-")):
        wanted.sort(key=by, reverse=sort.startswith("-"))  # type: ignore[arg-type]
    pages = max(1, math.ceil(len(wanted) / ON_A_PAGE))
    page = min(max(1, page), pages)
    return Listed(
        rows=tuple(wanted[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]),
        counts={one: states.count(one) for one in LOOKS if one in states},
        page=page,
        pages=pages,
        total=len(wanted),
    )


def returns_at(account: Account, state: AccountState, now: float) -> float | None:
    """When waiting brings it back; None when it is not out, or waits for somebody."""
    if state is AccountState.RATE_LIMITED:
        return min(until for until in account.cooldowns.values() if until > now)
    return account.resting_until if state is AccountState.FAILING and account.resting_until > now else None
