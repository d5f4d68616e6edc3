"""Hand-written stand-ins for what the pool is given: a clock, a ledger, an upstream; and the cast."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from gemini_pool.dialogue import Event, Prompt
from gemini_pool.pool.manager import AccountManager
from gemini_pool.roster import Account, Credentials, QuotaKind, Verdict

CAST = ("amber", "bruno", "clara", "dieter", "emil")


def make_account(name: str) -> Account:
    """The account of that name; ids count from 1 in the order of the cast."""
    number = CAST.index(name) + 1
    return Account(number, name, Credentials(f"CSE.{name}", str(1000 + number), f"config-{name}"))


class FakeClock:
    """Seconds that pass only when told to."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class FakeLedger:
    """Accounts in memory. `put` and `delete` are what another process writes."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.rows = {account.id: account for account in accounts}
        self.recorded: list[tuple[int, Verdict]] = []
        self._changed = threading.Event()

    def accounts(self) -> list[Account]:
        return list(self.rows.values())

    def record(self, account: Account, verdict: Verdict) -> None:
        self.recorded.append((account.id, verdict))
        if account.id in self.rows:
            self.rows[account.id] = self.rows[account.id].after(verdict)

    def claim_probe(self, account: Account, until: float) -> bool:
        row = self.rows.get(account.id)
        if row is None or row.resting_until != account.resting_until:
            return False
        self.rows[account.id] = replace(row, resting_until=until)
        return True

    def changed(self) -> bool:
        moved = self._changed.is_set()
        self._changed.clear()
        return moved

    def put(self, account: Account) -> None:
        self.rows[account.id] = account
        self._changed.set()

    def delete(self, account_id: int) -> None:
        del self.rows[account_id]
        self._changed.set()


class FakeAnswer:
    """Plays one script: events are given, an exception among them is raised."""

    def __init__(self, script: Iterable[Event | Exception]) -> None:
        self._steps = iter(script)
        self.closed = 0
        self.drawn = 0

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        step = next(self._steps)
        self.drawn += 1
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        self.closed += 1


class FakeUpstream:
    """Answers each account by its script, the same each time it is asked."""

    def __init__(self, scripts: Mapping[str, Sequence[Event | Exception]]) -> None:
        self._scripts = scripts
        self.asked: list[str] = []
        self.answers: list[FakeAnswer] = []

    def ask(self, account: Account, prompt: Prompt) -> FakeAnswer:
        self.asked.append(account.name)
        self.answers.append(FakeAnswer(self._scripts[account.name]))
        return self.answers[-1]


def all_given_back(manager: AccountManager, ledger: FakeLedger, clock: FakeClock) -> bool:
    """Whether no lease is open: a newcomer and the usable accounts are then picked in turn, once each.

    Leases one after another go to those with the fewest open requests, so that a forgotten lease would
    keep its account from ever being picked here.
    """
    ledger.put(Account(99, "newcomer", Credentials("CSE.new", "99", "config-new")))
    picked = []
    while not picked or len(set(picked)) == len(picked):
        lease = manager.lease(QuotaKind.TEXT)
        manager.settle(lease)
        picked.append(lease.account.id)
    usable = {row.id for row in ledger.rows.values() if row.usable(QuotaKind.TEXT, clock.now)}
    return usable == set(picked)
