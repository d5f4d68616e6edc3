"""What others wrote: nobody is served by what a process held before, while one of its threads reads anew."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeClock, FakeLedger, make_account

from gemini_pool.errors import NoAccountAvailable
from gemini_pool.pool.manager import AccountManager
from gemini_pool.pool.policy import Policy
from gemini_pool.pool.slots import Slots
from gemini_pool.roster import Account, QuotaKind


class SlowLedger(FakeLedger):
    """A ledger that, once told to, is read only when somebody says so."""

    def __init__(self) -> None:
        super().__init__([make_account("amber")])
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def accounts(self) -> list[Account]:
        self.asked.set()
        assert self.go_on.wait(10)
        return super().accounts()


class NoCounter:
    def count(self, account_id: int, kind: QuotaKind, *, failed: bool) -> None:
        pass


def test_who_comes_while_the_accounts_are_read_anew_waits_for_them(tmp_path: Path) -> None:
    ledger = SlowLedger()
    slots = Slots(tmp_path / "slots.lock")
    manager = AccountManager(ledger, Policy(3, 600), slots=slots, counter=NoCounter(), clock=FakeClock())
    ledger.put(replace(ledger.rows[1], enabled=False))
    ledger.asked.clear()
    ledger.go_on.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(manager.lease, QuotaKind.TEXT)
        assert ledger.asked.wait(10)
        second = threads.submit(manager.lease, QuotaKind.TEXT)
        threading.Timer(0.1, ledger.go_on.set).start()
        for lease in (first, second):
            with pytest.raises(NoAccountAvailable):
                lease.result(10)


def test_nobody_waits_for_long_for_a_ledger_that_hangs(tmp_path: Path) -> None:
    ledger = SlowLedger()
    slots = Slots(tmp_path / "slots.lock")
    manager = AccountManager(ledger, Policy(3, 600), slots=slots, counter=NoCounter(), clock=FakeClock())
    ledger.put(ledger.rows[1])
    ledger.asked.clear()
    ledger.go_on.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(manager.lease, QuotaKind.TEXT)
        assert ledger.asked.wait(10)
        assert threads.submit(manager.lease, QuotaKind.TEXT).result(5).account.name == "amber"
        ledger.go_on.set()
        first.result(10)
