"""The state of the simulated world: accounts, sessions, keys, behaviours and what was asked."""

import threading
import time
from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any, Self

from gemini_pool.simulator.behaviour import HEALTHY, Behaviour
from gemini_pool.simulator.cast import CAST, SimAccount, make_account
from gemini_pool.simulator.files import MadeFile, SimFile
from gemini_pool.simulator.keys import KeyRing
from gemini_pool.simulator.log import Call, CallLog
from gemini_pool.simulator.mail.room import MailRoom
from gemini_pool.simulator.post import PostOffice
from gemini_pool.simulator.sessions import Session, SessionBook
from gemini_pool.simulator.sign_in.desk import Desk
from gemini_pool.simulator.tickets import Tickets
from gemini_pool.simulator.wallet import Wallet

__all__ = ["CAST", "Call", "SimAccount", "World", "make_account"]


class World:
    """Owned by the event loop's thread; the public methods may be called from any other.

    Every account begins, and after `reset` begins again, with `behaviour`. `clock` gives epoch seconds.
    """

    def __init__(
        self,
        accounts: Iterable[SimAccount],
        behaviour: Behaviour = HEALTHY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.accounts = MappingProxyType({account.name: account for account in accounts})
        self.keys = KeyRing(clock)
        self.wallet = Wallet(self.accounts.values())
        self.log = CallLog(self.accounts)
        self.book = SessionBook()
        self.tickets = Tickets()
        self.post = PostOffice(clock)
        self.desk = Desk()
        self.mail = MailRoom(self.post, (account.email for account in self.accounts.values()), clock)
        self.clock = clock
        self._first = behaviour
        self._lock = threading.Lock()
        self._behaviours = dict.fromkeys(self.accounts, behaviour)

    def behaviour(self, name: str) -> Behaviour:
        """What the account does now."""
        return self._behaviours[name]

    def set_behaviour(self, name: str | None, behaviour: Behaviour) -> None:
        """Replace the behaviour of one account, or of all (None). ValueError for an unknown name."""
        with self._lock:
            self._behaviours |= dict.fromkeys(self._meant(name), behaviour)

    def behave(self, name: str | None, **changes: Any) -> None:
        """Change single fields of the behaviour of one account, or of all (None). ValueError as above."""
        with self._lock:
            self._behaviours |= {one: self._behaviours[one].changed(changes) for one in self._meant(name)}

    def calls(self, account: str | None = None, method: str | None = None) -> list[Call]:
        """The last 100,000 requests, oldest first; account "unknown" gives those of strangers."""
        return self.log.calls(account, method)

    def counts(self) -> dict[str, dict[str, int]]:
        """`{account: {method: n}}` with every account and method present."""
        return self.log.counts()

    @property
    def prompts(self) -> dict[str, list[str]]:
        """The last 200 prompts of each account as heard, oldest first."""
        return self.log.prompts()

    def sessions(self, account: str | None = None) -> list[Session]:
        """The sessions of one account, or of all, oldest first."""
        return [session for session in self.book.all() if account in (None, session.owner.name)]

    def files(self, account: str | None = None) -> list[SimFile]:
        """The files uploaded by one account, or by all."""
        return [file for session in self.sessions(account) for file in list(session.files.values())]

    def made_files(self, account: str | None = None) -> list[MadeFile]:
        """The pictures and films made for one account, or for all."""
        return [file for session in self.sessions(account) for file in list(session.made.values())]

    def open_streams(self) -> int:
        """Stream requests not yet fully answered; a caller who leaves closes his."""
        return self.log.open_streams()

    def overlaps(self) -> int:
        """How often a prompt came into a session that was still answering another."""
        return self.log.overlaps()

    def wait_until(self, holds: Callable[[Self], bool], timeout: float = 5.0) -> bool:
        """Wait for the log to change until `holds(world)`; False when `timeout` seconds were not enough."""
        return self.log.wait(lambda: holds(self), timeout)

    def sign_out(self, name: str | None = None) -> None:
        """Refuse the cookies and tokens that an account has (None: all), until it signs in again."""
        for one in self._meant(name):
            self.wallet.sign_out(one)
            self.keys.revoke_all(self.accounts[one])

    def reset(self) -> None:
        """Forget calls, prompts, sessions and files; behave as at first. Cookies and keys stay good."""
        with self._lock:
            self._behaviours = dict.fromkeys(self.accounts, self._first)
        self.book, self.tickets = SessionBook(), Tickets()
        self.post.empty()
        self.desk = Desk()
        self.mail.reset()
        self.log.reset()

    def _meant(self, name: str | None) -> tuple[str, ...]:
        if name is None:
            return tuple(self.accounts)
        if name not in self.accounts:
            raise ValueError(f"no account is named {name!r}")
        return (name,)
