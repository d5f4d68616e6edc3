"""Hand-written stand-ins for what the pool is given, from a clock to an upstream; and the cast."""

import copy
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from gemini_pool.dialogue import SILENCE, Event, Place, Prompt
from gemini_pool.pool.manager import AccountManager
from gemini_pool.roster import Account, Credentials, QuotaKind, Verdict

CAST = ("amber", "bruno", "clara", "dieter", "emil")

# What an upstream does next: gives an event, raises, or is silent for so many seconds.
Step = Event | Exception | float


def make_account(name: str) -> Account:
    """The account of that name; ids count from 1 in the order of the cast."""
    number = CAST.index(name) + 1
    return Account(number, name, Credentials(f"CSE.{name}", str(1000 + number), f"config-{name}"))


class FakeClock:
    """Seconds that pass only when told to. It can be slept by as well."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class FakeLedger:
    """Accounts in memory. `put` and `delete` are what somebody else writes; `beside` is the same ledger as
    another process sees it."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.rows = {account.id: account for account in accounts}
        self.recorded: list[tuple[int, Verdict]] = []
        self._writes: list[int] = []  # shared by all processes, as are the rows
        self._seen = 0
        self._lock = threading.RLock()

    def beside(self) -> "FakeLedger":
        return copy.copy(self)

    def accounts(self) -> list[Account]:
        with self._lock:
            return list(self.rows.values())

    def record(self, account: Account, verdict: Verdict) -> None:
        with self._lock:
            self.recorded.append((account.id, verdict))
            held = self.rows.get(account.id)
            if held and (verdict.standing is None or held.credentials == account.credentials):
                self.put(held.after(verdict))

    def claim_probe(self, account: Account, until: float) -> bool:
        with self._lock:
            row = self.rows.get(account.id)
            if row is None or row.resting_until != account.resting_until:
                return False
            self.put(replace(row, resting_until=until))
            return True

    def changed(self) -> bool:
        seen, self._seen = self._seen, len(self._writes)
        return self._seen > seen

    def put(self, account: Account) -> None:
        with self._lock:
            self.rows[account.id] = account
            self._writes.append(account.id)

    def delete(self, account_id: int) -> None:
        with self._lock:
            del self.rows[account_id]
            self._writes.append(account_id)


class FakeSlots:
    """Room for any number of requests, or for `limit` at an account; `open` counts them."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.open: Counter[int] = Counter()
        self._lock = threading.Lock()  # the system guards the file, too

    def take(self, account_id: int, limit: int) -> int | None:
        with self._lock:
            if self.open[account_id] == self.limit:
                return None
            self.open[account_id] += 1
            return self.open[account_id]

    def free(self, account_id: int, slot: int) -> None:
        with self._lock:
            self.open[account_id] -= 1


class FakeCounter:
    """What was counted: account, kind, and whether it failed."""

    def __init__(self) -> None:
        self.counted: list[tuple[int, QuotaKind, bool]] = []

    def count(self, account_id: int, kind: QuotaKind, *, failed: bool) -> None:
        self.counted.append((account_id, kind, failed))


class FakeMemory:
    """Places by session, the newest last; `claimed` are those that somebody went on at."""

    def __init__(self) -> None:
        self.places: dict[tuple[int, str], tuple[Place, str | None]] = {}
        self.claimed: list[Place] = []

    def find(self, digest: str, hint: str | None) -> Place | None:
        newest = list(reversed(self.places.values()))
        found = [place for place, _ in newest if place.digest == digest]
        found += [place for place, named in newest if hint is not None and named == hint]
        return found[0] if found else None

    def claim(self, place: Place) -> bool:
        held = self.places.get((place.account_id, place.session))
        if held is None or held[0] != place:
            return False
        del self.places[place.account_id, place.session]
        self.claimed.append(place)
        return True

    def remember(self, place: Place, hint: str | None) -> None:
        self.places.pop((place.account_id, place.session), None)
        self.places[place.account_id, place.session] = (place, hint)


class FakeAnswer:
    """Plays one script."""

    def __init__(self, script: Iterable[Step], sleep: Callable[[float], None]) -> None:
        self._steps = iter(script)
        self._sleep = sleep
        self.closed = 0
        self.drawn = 0

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        step = next(self._steps)
        self.drawn += 1
        if isinstance(step, Exception):
            raise step
        if isinstance(step, int | float):
            self._sleep(step)
            return SILENCE
        return step

    def close(self) -> None:
        self.closed += 1


class FakeUpstream:
    """Answers each account by its script, the same each time it is asked."""

    def __init__(
        self, scripts: Mapping[str, Sequence[Step]], sleep: Callable[[float], None] = lambda _: None
    ) -> None:
        self.scripts = dict(scripts)
        self._sleep = sleep
        self.asked: list[str] = []
        self.sessions: list[str | None] = []
        self.known: list[dict[str, str]] = []
        self.answers: list[FakeAnswer] = []
        self.make_answer = FakeAnswer

    def ask(
        self, account: Account, prompt: Prompt, session: str | None, known: Mapping[str, str] = {}
    ) -> FakeAnswer:
        self.asked.append(account.name)
        self.sessions.append(session)
        self.known.append(dict(known))
        self.answers.append(self.make_answer(self.scripts[account.name], self._sleep))
        return self.answers[-1]


def all_given_back(manager: AccountManager, ledger: FakeLedger, clock: FakeClock) -> bool:
    """Whether no lease is open: a newcomer and the usable accounts are then picked in turn, once each.

    Leases one after another go to those with the fewest open requests, so that a forgotten lease would
    keep its account from ever being picked here.
    """
    ledger.put(Account(99, "newcomer", Credentials("CSE.new", "99", "config-new")))
    picked: list[int] = []
    while len(set(picked)) == len(picked):
        lease = manager.lease(QuotaKind.TEXT)
        manager.settle(lease)
        picked.append(lease.account.id)
    usable = {row.id for row in ledger.rows.values() if row.usable(QuotaKind.TEXT, clock.now)}
    return usable == set(picked)
