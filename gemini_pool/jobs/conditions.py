"""What can be wrong with a pool: one table of pure rules over a picture of it. A new rule is a function and a
row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gemini_pool.roster import Account, AccountState, QuotaKind, Standing
from gemini_pool.store.alerts import Condition

DEAD = (AccountState.NEEDS_SIGN_IN, AccountState.EXPIRED)


@dataclass(frozen=True, slots=True)
class SignIns:
    """How an account's sign-ins go: failures in a row, and why a person is needed, if so."""

    failures: int = 0
    words: str = ""
    needs_person: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """An account as it stands; `renewable`: its cookies are renewed without a person."""

    account: Account
    sign_ins: SignIns
    renewable: bool

    @property
    def named(self) -> tuple[int, str]:
        return self.account.id, self.account.name


@dataclass(frozen=True, slots=True)
class Picture:
    """The pool at one moment, in epoch seconds. `few` accounts that can answer are too few, and so many
    `failures` in a row too many."""

    now: float
    seen: tuple[Seen, ...]
    few: int
    failures: int

    @property
    def usable(self) -> int:
        return sum(one.account.usable(QuotaKind.TEXT, self.now) for one in self.seen)

    @property
    def working(self) -> Iterator[Seen]:
        """The accounts that were not switched off."""
        return (one for one in self.seen if one.account.enabled)


Rule = Callable[[Picture], Iterator[Condition]]


def pool_empty(picture: Picture) -> Iterator[Condition]:
    if picture.seen and not picture.usable:
        yield Condition(
            "pool",
            "pool_empty",
            "No account can answer",
            f"None of {len(picture.seen)} accounts can answer now. Callers are refused until one can.",
        )


def pool_nearly_empty(picture: Picture) -> Iterator[Condition]:
    if 0 < picture.usable < len(picture.seen) and picture.usable <= picture.few:
        yield Condition(
            "pool_nearly",
            "pool_nearly_empty",
            "Few accounts can answer",
            f"{picture.usable} of {len(picture.seen)} accounts can answer now.",
        )


def needs_a_person(picture: Picture) -> Iterator[Condition]:
    for one in picture.working:
        words = _why_a_person(one, picture.now)
        if words:
            yield Condition(
                f"person:{one.account.id}",
                "account_needs_human",
                f"{one.account.name} needs somebody",
                words,
                one.named,
            )


def sign_in_fails(picture: Picture) -> Iterator[Condition]:
    for one in picture.working:
        if one.sign_ins.failures >= picture.failures and not one.sign_ins.needs_person:
            yield Condition(
                f"refresh:{one.account.id}",
                "refresh_failed",
                f"{one.account.name} cannot be signed in",
                f"Its sign-in failed {one.sign_ins.failures} times in a row. {one.sign_ins.words}".strip(),
                one.named,
            )


RULES: tuple[Rule, ...] = (pool_empty, pool_nearly_empty, needs_a_person, sign_in_fails)


def conditions(picture: Picture) -> list[Condition]:
    """All that is wrong."""
    return [condition for rule in RULES for condition in rule(picture)]


def _why_a_person(one: Seen, now: float) -> str:
    account = one.account
    if one.sign_ins.needs_person:
        return one.sign_ins.words or "Its sign-in asks for a person."
    if account.standing is Standing.FORBIDDEN:
        return f"The service shuts it out. {account.reason}".strip()
    if account.state(now) in DEAD and not one.renewable:
        return "It is signed out, and nothing here signs it in. Give it new cookies."
    return ""
