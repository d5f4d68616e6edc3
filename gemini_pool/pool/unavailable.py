"""What a caller is told when no account can be leased."""

from collections.abc import Collection

from gemini_pool.errors import NoAccountAvailable
from gemini_pool.roster import Account, QuotaKind


def full() -> NoAccountAvailable:
    """There are some that answer, to others at the moment."""
    return NoAccountAvailable(
        "Every account that can answer is busy with as many requests as it may have. Ask again shortly.",
        retry_after=1.0,
        busy=True,
    )


def nobody(accounts: Collection[Account], kind: QuotaKind, now: float) -> NoAccountAvailable:
    """The reason none of all the accounts can answer, and when one can again."""
    if not accounts:
        return NoAccountAvailable("The pool has no accounts yet. Add one and ask again.")
    soft = [account for account in accounts if not account.hard_out(now)]
    waits = [account.free_at(kind) - now for account in soft if account.free_at(kind) > now]
    if not waits:
        return NoAccountAvailable(
            "No account can answer: those that are left need a sign-in, are disabled or were tried."
        )
    return NoAccountAvailable(
        f"All accounts are resting. The first is back in {max(1, round(min(waits)))} s.",
        retry_after=max(1.0, min(waits)),
        limited=all(account.resting_until <= now < account.free_at(kind) for account in soft),
    )
