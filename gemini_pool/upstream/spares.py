"""Spare sessions: one an account, made before it is needed, so that a conversation begins at once."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gemini_pool.roster import Account

# How long the service keeps a session that nobody uses is not known; about an hour is.
FRESH_SECONDS = 2400.0

# Whose the session is: another sign-in of the same seat may be another user to the service.
Owner = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Spare:
    owner: Owner
    session: str
    made: float


class Spares:
    """At most one session an account. Thread-safe; lives as long as the process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[int, _Spare] = {}

    def has(self, account: Account) -> bool:
        spare = self._held.get(account.id)
        return spare is not None and self._good(spare, account)

    def take(self, account: Account) -> str | None:
        """The account's spare session, which is then no longer one; None when there is none."""
        with self._lock:
            spare = self._held.pop(account.id, None)
        return spare.session if spare and self._good(spare, account) else None

    def keep(self, account: Account, session: str) -> None:
        with self._lock:
            self._held[account.id] = _Spare(_owner(account), session, self._clock())

    def _good(self, spare: _Spare, account: Account) -> bool:
        return spare.owner == _owner(account) and self._clock() - spare.made < FRESH_SECONDS


def _owner(account: Account) -> Owner:
    return account.credentials.config_id, account.credentials.csesidx
