"""What is left for one prompt: further accounts, and time."""

from dataclasses import dataclass, replace

from gemini_pool.errors import Blame, NoAccountAvailable, PoolError, UpstreamError

# When to come back after a failure of the service's own, of which nobody knows the end.
RETRY_AFTER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failed try: the account, what it met, and after how many seconds."""

    account_id: int
    error: UpstreamError
    seconds: float


@dataclass(frozen=True, slots=True)
class Tries:
    """The operator's bounds: accounts that may fail before they are asked, prompts sent again, accounts
    changed, and seconds after which nothing new is tried."""

    sessions: int
    retries: int
    switches: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Budget:
    """A value: a failure gives a smaller one, with one more line of history. `deadline` by the clock."""

    tries: Tries
    deadline: float
    history: tuple[Attempt, ...] = ()

    @property
    def tried(self) -> frozenset[int]:
        return frozenset(attempt.account_id for attempt in self.history)

    def after(self, attempt: Attempt, *, now: float) -> "Budget":
        """The budget after a failure; raises the failure itself when nothing is left or nobody can help."""
        if not attempt.error.another_account:
            raise attempt.error
        smaller = replace(self, history=(*self.history, attempt))
        if smaller._spent() or now >= self.deadline:
            raise smaller.exhausted()
        return smaller

    def exhausted(self, nobody: NoAccountAvailable | None = None) -> PoolError:
        """The one error that tells the caller what the attempts came to.

        When the last failure was the service's own, that is the news; when the accounts are to blame,
        the state of the pool is.
        """
        base = nobody or NoAccountAvailable("Every account that was tried failed. Ask again later.")
        errors = [attempt.error for attempt in self.history]
        if not errors:
            return base
        if errors[-1].blame is not Blame.ACCOUNT:
            return _with_a_time(errors[-1])
        return NoAccountAvailable(
            str(base), retry_after=base.retry_after, limited=base.limited, busy=base.busy, history=errors
        )

    def _spent(self) -> bool:
        asked = sum(attempt.error.asked for attempt in self.history)
        return (
            asked > self.tries.retries
            or len(self.history) - asked >= self.tries.sessions
            or len(self.history) > self.tries.switches
        )


def _with_a_time(error: PoolError) -> PoolError:
    if error.retry_after is None:
        error.retry_after = RETRY_AFTER_SECONDS
    return error
