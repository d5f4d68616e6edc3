"""Where the mail services find what they show, and how they are to behave."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from gemini_pool.simulator.mail.behaviour import MailBehaviour
from gemini_pool.simulator.post import Mail, PostOffice

HEALTHY_MAIL = MailBehaviour()


class MailRoom:
    """Thread-safe."""

    def __init__(self, post: PostOffice, addresses: Iterable[str], clock: Callable[[], float]) -> None:
        self.addresses = frozenset(addresses)
        self._post = post
        self._clock = clock
        self._lock = threading.Lock()
        self._behaviour = HEALTHY_MAIL
        self._refreshed: dict[str, int] = {}
        self._asked: deque[str] = deque(maxlen=1000)

    @property
    def behaviour(self) -> MailBehaviour:
        return self._behaviour

    def behave(self, **changes: Any) -> None:
        """Change single fields of the behaviour. ValueError for unknown ones and wrong values."""
        with self._lock:
            self._behaviour = self._behaviour.changed(changes)

    def box(self, address: str) -> list[Mail]:
        """What can be seen at an address, the newest first."""
        seen_before = self._clock() - self._behaviour.late
        return [mail for mail in self._post.box(address) if mail.arrives_at <= seen_before]

    def all(self) -> list[Mail]:
        """Every letter that can be seen somewhere."""
        return [mail for address in sorted(self._post.addresses()) for mail in self.box(address)]

    def note(self, asked: str) -> None:
        """Remember a request."""
        self._asked.append(asked)

    @property
    def asked(self) -> list[str]:
        """The last thousand requests, such as "GET /cf/api/mails", oldest first."""
        return list(self._asked)

    def refreshes(self, name: str, more: int = 0) -> int:
        """How often Microsoft has given a new refresh token for a mailbox; `more` counts on."""
        with self._lock:
            self._refreshed[name] = self._refreshed.get(name, 0) + more
            return self._refreshed[name]

    def reset(self) -> None:
        """Behave as at first."""
        with self._lock:
            self._behaviour = HEALTHY_MAIL
            self._refreshed.clear()
            self._asked.clear()
