"""What taking over found accounts would do to those that are there; nothing is written here.

Who an account is, is said by its sign-in: config_id with csesidx. The csesidx changes with some sign-ins, and
several people may share a config_id, so that a name or an e-mail has to agree where only one of the two does.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from gemini_pool.errors import BadRequest
from gemini_pool.store.profiles import Changes, NewAccount, Profile, differing
from gemini_pool.store.transfer.found import FoundAccount


class Action(StrEnum):
    """What becomes of a found account."""

    ADD = "add"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    ASK = "ask"  # it may be one that is there, or another
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one found account: of `account_id`, where it is one that is there or may be.

    `changes` are names of fields, never what they hold.
    """

    found: FoundAccount
    action: Action
    account_id: int | None = None
    changes: tuple[str, ...] = ()

    @property
    def wanted(self) -> Changes:
        """What the text says of the account."""
        return wanted(self.found)


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, in the order of the text; and the ids of accounts that would be deleted."""

    steps: tuple[Step, ...]
    deleted: tuple[int, ...] = ()
    _profiles: tuple[Profile, ...] = field(default=(), repr=False)

    def count(self, action: Action) -> int:
        return sum(step.action is action for step in self.steps)

    def answered(self, number: int, account_id: int | None) -> "Plan":
        """The plan with step `number` (from 0), which asked, decided: that account, or None: a new one."""
        step = self.steps[number]
        profile = next((one for one in self._profiles if one.account.id == account_id), None)
        decided = _onto(step.found, profile) if profile else _new(step.found)
        return replace(self, steps=(*self.steps[:number], decided, *self.steps[number + 1 :]))


def plan(
    found: Iterable[FoundAccount],
    existing: Sequence[Profile],
    *,
    replacing: bool = False,
    force: bool = False,
) -> Plan:
    """What would be done. `replacing` deletes what is not among the found; BadRequest if that left nothing,
    unless it is forced."""
    register = _Register(existing)
    steps = tuple(_step(one, register) for one in found)
    if not replacing:
        return Plan(steps, (), tuple(existing))
    kept = {step.account_id for step in steps}
    staying = [step for step in steps if step.action in (Action.ADD, Action.UPDATE, Action.UNCHANGED)]
    if not staying and existing and not force:
        raise BadRequest(
            "There is no whole account in it, so that replacing would leave none; merge instead."
        )
    gone = tuple(one.account.id for one in existing if one.account.id not in kept)
    return Plan(steps, gone, tuple(existing))


def wanted(found: FoundAccount) -> Changes:
    """The changes that a found account asks for: what it does not give stays as it is."""
    account = found.account
    given = {name: value for name, value in account.flat().items() if value and name != "enabled"}
    return Changes(**given, enabled=found.enabled)


def _step(found: FoundAccount, existing: "_Register") -> Step:
    profile, sure = existing.match(found)
    if profile and sure:
        return _onto(found, profile)
    if profile and not found.missing:
        return Step(found, Action.ASK, profile.account.id)
    return _new(found)


def _new(found: FoundAccount) -> Step:
    return Step(found, Action.INCOMPLETE if found.missing else Action.ADD)


def _onto(found: FoundAccount, profile: Profile) -> Step:
    changes = differing(profile.given, wanted(found).onto(profile.given))
    return Step(found, Action.UPDATE if changes else Action.UNCHANGED, profile.account.id, changes)


class _Register:
    """The accounts that are there, by what tells who they are."""

    def __init__(self, existing: Iterable[Profile]) -> None:
        self._by: dict[tuple[str, str], list[Profile]] = defaultdict(list)
        for one in existing:
            credentials = one.given.credentials
            self._by["config_id", credentials.config_id].append(one)
            self._by["csesidx", credentials.csesidx].append(one)
            for name in _names(one.given):
                self._by["name", name].append(one)

    def match(self, found: FoundAccount) -> tuple[Profile | None, bool]:
        """The account that a found one is, or may be; and whether it certainly is."""
        mine, names = found.account.credentials, _names(found.account)
        same_space = self._with("config_id", mine.config_id)
        same_session = self._with("csesidx", mine.csesidx)
        both = [one for one in same_space if one in same_session]
        if both:
            return both[0], True
        if bool(mine.config_id) != bool(mine.csesidx):  # half of it is enough where it tells one account
            half = same_space or same_session
            return (half[0], len(half) == 1) if half else (None, False)
        same_person = [one for one in same_space if names & _names(one.given)]
        if same_person:
            return same_person[0], len(same_person) == 1
        by_mail = self._with("name", found.account.email.casefold())
        if by_mail:
            return by_mail[0], found.mailbox_only and len(by_mail) == 1
        return (same_space[0], False) if same_space else (None, False)

    def _with(self, what: str, value: str) -> list[Profile]:
        return self._by.get((what, value), []) if value else []


def _names(account: NewAccount) -> set[str]:
    names = (account.email, account.name, account.external_id)
    return {name.casefold() for name in names if name}
