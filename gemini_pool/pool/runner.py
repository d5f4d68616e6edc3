"""A prompt becomes an answer: lease, ask, prime; and when that fails in time, another account."""

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Protocol

from gemini_pool.dialogue import Prompt
from gemini_pool.errors import Blame, NoAccountAvailable, PoolError, UpstreamError
from gemini_pool.pool.answer import Answer, Closable
from gemini_pool.pool.manager import AccountManager, Lease
from gemini_pool.roster import Account

log = logging.getLogger(__name__)


class Upstream(Protocol):
    """Whatever can be asked with an account."""

    def ask(self, account: Account, prompt: Prompt) -> Closable: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failed try: the account and what it met."""

    account_id: int
    error: PoolError


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left for one prompt. A value: a failure gives a smaller one, with one more line of history."""

    tries: int
    deadline: float  # monotonic seconds
    history: tuple[Attempt, ...] = ()

    @property
    def tried(self) -> frozenset[int]:
        return frozenset(attempt.account_id for attempt in self.history)

    def after(self, attempt: Attempt, *, now: float) -> "Budget":
        """The budget after a failure; raises the failure itself when nothing is left or nobody can help."""
        smaller = replace(self, tries=self.tries - 1, history=(*self.history, attempt))
        if not attempt.error.another_account:
            raise attempt.error
        if smaller.tries <= 0 or now >= self.deadline:
            raise smaller.exhausted()
        return smaller

    def exhausted(self, nobody: NoAccountAvailable | None = None) -> PoolError:
        """The one error that tells the caller what the attempts came to.

        When the last failure was the service's own, that is the news; when the accounts are to blame,
        the state of the pool is.
        """
        if not self.history:
            return nobody or NoAccountAvailable("No account was tried.")
        errors = [attempt.error for attempt in self.history]
        if errors[-1].blame is not Blame.ACCOUNT:
            return errors[-1]
        base = nobody or NoAccountAvailable("Every account that was tried failed. Ask again later.")
        return NoAccountAvailable(
            str(base), retry_after=base.retry_after, limited=base.limited, history=errors
        )


class Runner:
    """Answers prompts from the pool. `tries` accounts at most, none started after `deadline` seconds."""

    def __init__(
        self,
        manager: AccountManager,
        upstream: Upstream,
        *,
        tries: int,
        deadline: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._manager = manager
        self._upstream = upstream
        self._tries = tries
        self._deadline = deadline
        self._clock = clock

    def run(self, prompt: Prompt, *, whole: bool = False) -> tuple[Answer, Account]:
        """An answer whose first visible event (with `whole`, whose every event) is in hand, and who gives it.

        Raises NoAccountAvailable, or the UpstreamError that no other account can mend.
        """
        budget = Budget(self._tries, self._clock() + self._deadline)
        while True:
            lease = self._lease(prompt, budget)
            try:
                return self._answer(lease, prompt, whole=whole), lease.account
            except UpstreamError as error:
                log.info("account %d did not answer: %s", lease.account.id, error)
                budget = budget.after(Attempt(lease.account.id, error), now=self._clock())

    def _lease(self, prompt: Prompt, budget: Budget) -> Lease:
        try:
            return self._manager.lease(prompt.model.kind, budget.tried)
        except NoAccountAvailable as nobody:
            raise budget.exhausted(nobody) from None

    def _answer(self, lease: Lease, prompt: Prompt, *, whole: bool) -> Answer:
        """One attempt. Whatever happens before the answer is handed over, the lease is given back."""
        with ExitStack() as on_failure:
            on_failure.callback(self._manager.settle, lease)
            events = self._upstream.ask(lease.account, prompt)
            answer = Answer(events, settle=lambda error: self._manager.settle(lease, error))
            on_failure.pop_all()
            on_failure.callback(answer.close)
            answer.prime(whole=whole)
            on_failure.pop_all()
        return answer
