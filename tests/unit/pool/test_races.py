"""Many threads of two processes at once: no lease is lost, and no verdict undone."""

import random
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fakes import CAST, FakeLedger, make_account
from pools import AMBER, BRUNO, IMAGES, POLICY, REST, TEXT, VIDEOS, Pool

from gemini_pool.errors import (
    AccountForbidden,
    Busy,
    CredentialsRejected,
    NoAccountAvailable,
    PoolError,
    PromptRefused,
    QuotaExhausted,
    StoreError,
    Unreachable,
)
from gemini_pool.roster import Account, AccountState, Credentials, Verdict


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that interrupt each other as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def settled(pool: Pool) -> bool:
    """Whether nothing is open, so that each account is given once before any is given twice."""
    if any(pool.slots.open.values()):
        return False
    leases = [pool.lease() for _ in pool.ledger.rows]
    for lease in leases:
        pool.manager.settle(lease)
    return len({lease.account.id for lease in leases}) == len(leases)


ENDS: list[PoolError | None] = [
    None,
    None,
    None,
    Busy("503"),
    Unreachable("reset"),
    PromptRefused("400"),
    QuotaExhausted("429"),
    QuotaExhausted("429", retry_after=1),
    AccountForbidden("403"),
    CredentialsRejected("signed out"),
]


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("limit", [None, 3], ids=["no bound", "three an account"])
def test_no_lease_is_lost_whatever_happens_at_once(limit: int | None) -> None:
    first = Pool(*CAST, limit=limit)
    pools = [first, first.beside()]

    def work(number: int) -> int:
        chance = random.Random(number)
        return sum(one_request(pools[number % 2], chance) for _ in range(400))

    with ThreadPoolExecutor(8) as threads:
        answered = list(threads.map(work, range(8)))
    assert sum(answered) > 1000
    first.clock.advance(2 * 86_400)
    for name in CAST:
        first.ledger.put(make_account(name))
    assert settled(pools[0])
    assert settled(pools[1])


def one_request(pool: Pool, chance: random.Random) -> bool:
    """Whether there was an account to ask; something else happens on the way."""
    try:
        lease = pool.lease(chance.choice((TEXT, IMAGES, VIDEOS)), chance.randint(1, 5))
    except NoAccountAvailable:
        pool.clock.advance(chance.choice((1, 60, 700)))
        pool.ledger.put(make_account(chance.choice(CAST)))
        return False
    what = chance.random()
    if what < 0.05:
        pool.manager.reload()
    elif what < 0.1:
        pool.manager.renew(lease.account.id, Credentials(f"CSE.{what}", "1", "c"))
    elif what < 0.15:
        pool.manager.counted(lease.account.id, lease.kind, 10)
    pool.manager.settle(lease, chance.choice(ENDS), answered=chance.random() < 0.8)
    return True


# What is read and what is kept


class Gate:
    """Lets one call through as far as here, until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.reached.set()
        assert self.opened.wait(10)


class Gated(FakeLedger):
    """A reading of it can be held up when the rows have been read, a writing before they are written."""

    reading: Gate | None = None
    writing: Gate | None = None

    def accounts(self) -> list[Account]:
        found = super().accounts()
        gate, self.reading = self.reading, None
        if gate:
            gate.wait()
        return found

    def record(self, account: Account, verdict: Verdict) -> None:
        gate, self.writing = self.writing, None
        if gate:
            gate.wait()
        super().record(account, verdict)


class Meanwhile:
    """A call in a thread of its own that stands at a gate; leaving the block opens it, and the call ends."""

    def __init__(self, gate: Gate, call: Callable[[], object]) -> None:
        self._gate = gate
        self._thread = threading.Thread(target=call, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()
        assert self._gate.reached.wait(10)

    def __exit__(self, *_: object) -> None:
        self._gate.opened.set()
        self._thread.join(10)


def gated() -> tuple[Pool, Gated, Gate]:
    pool = Pool("amber", "bruno", make_ledger=Gated)
    assert isinstance(pool.ledger, Gated)
    return pool, pool.ledger, Gate()


OUT = CredentialsRejected("signed out")


def unreadable() -> list[Account]:
    """From here on nothing mends what a stale reading may have brought."""
    raise StoreError("The database does not answer.")


def test_a_reading_begun_before_a_verdict_was_kept_does_not_undo_it() -> None:
    pool, ledger, gate = gated()
    ledger.reading = gate
    with Meanwhile(gate, pool.manager.reload):
        pool.fail(OUT)
        ledger.accounts = unreadable  # type: ignore[method-assign]
    assert pool.picks(3) == "bbb"


def test_a_reading_while_a_verdict_is_being_written_does_not_undo_it() -> None:
    pool, ledger, gate = gated()
    ledger.writing = gate
    with Meanwhile(gate, lambda: pool.fail(OUT)):
        pool.manager.reload()
        assert pool.picks(3) == "bbb"
    assert pool.picks(3) == "bbb"


def test_of_two_verdicts_the_first_kept_does_not_lay_the_other_open() -> None:
    pool, ledger, gate = gated()
    leases = [pool.lease_of(AMBER, kind) for kind in (IMAGES, VIDEOS)]
    ledger.writing = gate
    with Meanwhile(gate, lambda: pool.manager.settle(leases[0], QuotaExhausted("429"))):
        pool.manager.settle(leases[1], QuotaExhausted("429"))
        pool.manager.reload()
        assert pool.given(IMAGES) == pool.given(VIDEOS) == "b"


def test_a_reading_begun_after_it_was_kept_counts() -> None:
    pool, ledger, _ = gated()
    pool.fail(OUT)
    ledger.put(make_account("amber"))
    assert pool.given() == "ab"


def test_strikes_too_are_not_undone() -> None:
    pool, ledger, gate = gated()
    pool.fail(Busy("503"), times=2)
    ledger.reading = gate
    with Meanwhile(gate, pool.manager.reload):
        pool.fail(Busy("503"))
        ledger.accounts = unreadable  # type: ignore[method-assign]
    pool.clock.advance(REST)
    pool.fail(Busy("503"))
    assert pool.row().strikes == 4


def test_what_a_reading_told_of_others_is_adopted_all_the_same() -> None:
    pool, ledger, gate = gated()
    ledger.put(replace(make_account("bruno"), enabled=False))
    ledger.reading = gate
    with Meanwhile(gate, pool.manager.reload):
        pool.fail(OUT)
    assert pool.given() == ""


FRESH = replace(make_account("amber"), credentials=Credentials("CSE.new", "1001", "config-amber"))


def test_news_that_come_while_a_verdict_is_on_its_way_are_read_again() -> None:
    """New cookies: the ledger then keeps no verdict on the old ones, and is not moved by it."""
    pool, ledger, gate = gated()
    ledger.writing = gate
    with Meanwhile(gate, lambda: pool.fail(OUT)):
        ledger.put(FRESH)
        assert pool.given() == "b"
    assert pool.given() == "ab"
    assert pool.lease_of(AMBER).account == FRESH


def test_news_in_a_reading_that_a_verdict_overtook_are_read_again() -> None:
    pool, ledger, gate = gated()
    lease = pool.lease_of(AMBER)
    ledger.put(FRESH)
    ledger.reading = gate
    with Meanwhile(gate, pool.given):
        pool.manager.settle(lease, OUT)
    assert pool.given() == "ab"
    assert pool.lease_of(AMBER).account == FRESH


def test_a_verdict_that_could_not_be_written_holds_here_until_the_ledger_moves() -> None:
    pool, ledger, _ = gated()

    def locked(account: Account, verdict: Verdict) -> None:
        raise StoreError("The database does not answer: database is locked")

    ledger.record = locked  # type: ignore[method-assign]
    pool.fail(OUT)
    assert pool.given() == "b"
    ledger.put(replace(make_account("bruno"), enabled=False))
    assert pool.given() == "a"


def test_two_processes_judge_and_both_know() -> None:
    first = Pool("amber", "bruno", "clara")
    second = first.beside()
    first.fail(OUT, seat=AMBER)
    second.fail(QuotaExhausted("429"), seat=BRUNO)
    assert first.given() == second.given() == "c"


def test_both_processes_count_the_strikes_of_their_own_requests() -> None:
    first = Pool("amber", "bruno", policy=replace(POLICY, failure_threshold=3))
    second = first.beside()
    first.fail(Busy("503"), times=2)
    second.fail(Busy("503"), times=2)
    assert first.state() is AccountState.ACTIVE
    second.fail(Busy("503"))
    assert first.given() == "b"
    assert first.row().strikes == 3


def test_a_breaker_that_closed_elsewhere_begins_the_count_anew_here() -> None:
    first = Pool("amber", "bruno")
    second = first.beside()
    first.fail(Busy("503"), times=3)
    assert second.given() == "b"
    first.clock.advance(REST)
    first.answer()
    second.fail(Busy("503"), times=2)
    assert second.state() is AccountState.ACTIVE


def test_strikes_that_are_nowhere_written_survive_what_others_write() -> None:
    pool = Pool("amber", "bruno")
    pool.fail(Busy("503"), times=2)
    pool.ledger.put(make_account("amber"))
    pool.fail(Busy("503"))
    assert pool.state() is AccountState.FAILING
