"""Pools without a network or a database: a manager over some of the cast, and a runner over scripts."""

from collections.abc import Callable, Iterable, Sequence

import pytest
from fakes import (
    CAST,
    FakeClock,
    FakeCounter,
    FakeLedger,
    FakeMemory,
    FakeSlots,
    FakeUpstream,
    Step,
    all_given_back,
    make_account,
)

from gemini_pool.dialogue import Finished, Model, Prompt, Role, SessionNamed, TextDelta, Turn
from gemini_pool.errors import NoAccountAvailable, PoolError
from gemini_pool.pool.answer import Answer
from gemini_pool.pool.budget import Tries
from gemini_pool.pool.manager import AccountManager, Lease, Strategy
from gemini_pool.pool.policy import Policy
from gemini_pool.pool.runner import Pace, Runner
from gemini_pool.roster import Account, AccountState, QuotaKind

AMBER, BRUNO, CLARA, DIETER, EMIL = range(1, 6)
TEXT, IMAGES, VIDEOS = QuotaKind.TEXT, QuotaKind.IMAGES, QuotaKind.VIDEOS

POLICY = Policy(failure_threshold=3, cooldown_seconds=600)
# After so long the first rest of a breaker is over, whatever its jitter.
REST = 36.0

SESSION = SessionNamed("collections/default/sessions/1")
HELLO, END = TextDelta("Hello."), Finished()
GOOD = (SESSION, HELLO, END)
MODEL = Model("gemini-auto", None, TEXT, 0)
PROMPT = Prompt(MODEL, (Turn(Role.USER, "Hello!"),))

MANY = Tries(sessions=100, retries=100, switches=100, seconds=120)
KEEP_ALIVE = 10.0


class Pool:
    """A manager over some of the cast, and all it is given."""

    def __init__(
        self,
        *names: str,
        policy: Policy = POLICY,
        strategy: Strategy = Strategy.ROUND_ROBIN,
        limit: int | None = None,
        make_ledger: Callable[[Iterable[Account]], FakeLedger] = FakeLedger,
    ) -> None:
        self.clock = FakeClock()
        self.ledger = make_ledger([make_account(name) for name in names])
        self.slots = FakeSlots(limit)
        self._policy = policy
        self._strategy = strategy
        self._start()

    def beside(self) -> "Pool":
        """The same pool in another process: the ledger and the clock are common, the rest is not."""
        other = object.__new__(Pool)
        other.clock, other.ledger, other.slots = self.clock, self.ledger.beside(), self.slots
        other._policy, other._strategy = self._policy, self._strategy
        other._start()
        return other

    def _start(self) -> None:
        self.counter = FakeCounter()
        self.manager = AccountManager(
            self.ledger,
            self._policy,
            slots=self.slots,
            counter=self.counter,
            strategy=self._strategy,
            clock=self.clock,
        )

    def lease(self, kind: QuotaKind = TEXT, *tried: int, prefer: int | None = None) -> Lease:
        return self.manager.lease(kind, frozenset(tried), prefer=prefer)

    def lease_of(self, seat: int, kind: QuotaKind = TEXT) -> Lease:
        """A lease of that account and of no other."""
        return self.manager.lease(kind, frozenset(self.ledger.rows) - {seat})

    def fail(self, error: PoolError, kind: QuotaKind = TEXT, *, times: int = 1, seat: int = AMBER) -> None:
        """Ask that account and let it fail, so many times."""
        for _ in range(times):
            self.manager.settle(self.lease_of(seat, kind), error)

    def answer(self, kind: QuotaKind = TEXT, *, seat: int = AMBER) -> None:
        """Ask that account and let it answer."""
        self.manager.settle(self.lease_of(seat, kind))

    def given(self, kind: QuotaKind = TEXT) -> str:
        """The first letters of the accounts that the next requests go to; each hangs up at once."""
        found = set()
        for _ in range(2 * len(self.ledger.rows)):
            try:
                lease = self.lease(kind)
            except NoAccountAvailable:
                break
            self.manager.settle(lease, answered=False)
            found.add(lease.account.name[0])
        return "".join(sorted(found))

    def picks(self, times: int) -> str:
        """The first letters of the next accounts to be picked, each kept open."""
        return "".join(self.lease().account.name[0] for _ in range(times))

    def refusal(self, kind: QuotaKind = TEXT) -> NoAccountAvailable:
        with pytest.raises(NoAccountAvailable) as caught:
            self.lease(kind)
        return caught.value

    def row(self, seat: int = AMBER) -> Account:
        """What the ledger says of an account."""
        return self.ledger.rows[seat]

    def state(self, seat: int = AMBER) -> AccountState:
        """What people are shown of an account."""
        return self.row(seat).state(self.clock.now)

    def states(self) -> dict[AccountState, int]:
        """How many accounts are in which state."""
        found = [row.state(self.clock.now) for row in self.ledger.rows.values()]
        return {state: found.count(state) for state in found}


class Answering(Pool):
    """A pool whose accounts answer by scripts, in the order of the cast, and a runner over it."""

    def __init__(
        self,
        *,
        tries: Tries = MANY,
        limit: int | None = None,
        policy: Policy = POLICY,
        check: Callable[[], None] = lambda: None,
        make_upstream: Callable[..., FakeUpstream] = FakeUpstream,
        **scripts: Sequence[Step],
    ) -> None:
        super().__init__(*(name for name in CAST if name in scripts), limit=limit, policy=policy)
        self.upstream = make_upstream(scripts, self.clock.advance)
        self.memory = FakeMemory()
        self.meanwhile: Callable[[], object] = lambda: None  # what happens while the runner sleeps
        pace = Pace(KEEP_ALIVE, check, self.clock, self._sleep)
        self.runner = Runner(self.manager, self.upstream, self.memory, tries, pace)

    def run(self, prompt: Prompt = PROMPT, *, whole: bool = False) -> Answer:
        return self.runner.run(prompt, scope="tests", whole=whole)

    def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.meanwhile()

    def text(self, *, whole: bool = False) -> str:
        """Run the prompt and read its answer to the end."""
        answer = self.run(whole=whole)
        return "".join(event.text for event in answer if isinstance(event, TextDelta))

    def fails(self, *, whole: bool = False) -> PoolError:
        with pytest.raises(PoolError) as caught:
            self.run(whole=whole)
        return caught.value

    def all_is_given_back(self) -> bool:
        """Every answer was closed once, and no lease is open."""
        self.clock.advance(2 * 86_400)  # breakers and limits are over
        return (
            all(answer.closed == 1 for answer in self.upstream.answers)
            and not any(self.slots.open.values())
            and all_given_back(self.manager, self.ledger, self.clock)
        )
