"""The post: letters on their way to the mailboxes of the simulated world, which all mail services show."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

CODE_SENDER = "noreply-googlecloud@google.com"


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter as it was sent. `arrives_at` in epoch seconds; `id` grows."""

    id: int
    to: str
    sender: str
    subject: str
    text: str
    html: str
    arrives_at: float


@dataclass(slots=True)
class PostOffice:
    """Thread-safe."""

    clock: Callable[[], float] = time.time
    _mails: list[Mail] = field(default_factory=list)
    _ids: "count[int]" = field(default_factory=lambda: count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(
        self,
        to: str,
        *,
        subject: str,
        text: str,
        html: str = "",
        sender: str = CODE_SENDER,
        delay: float = 0.0,
    ) -> Mail:
        """Send a letter, which arrives after `delay` seconds."""
        with self._lock:
            mail = Mail(next(self._ids), to.lower(), sender, subject, text, html, self.clock() + delay)
            self._mails.append(mail)
        return mail

    def box(self, address: str) -> list[Mail]:
        """What has arrived at an address, the newest first."""
        now, address = self.clock(), address.lower()
        with self._lock:
            mails = [mail for mail in self._mails if mail.to == address and mail.arrives_at <= now]
        return sorted(mails, key=lambda mail: (mail.arrives_at, mail.id), reverse=True)

    def addresses(self) -> set[str]:
        """Who has ever been written to."""
        with self._lock:
            return {mail.to for mail in self._mails}

    def empty(self) -> None:
        """Burn all letters."""
        with self._lock:
            self._mails.clear()
