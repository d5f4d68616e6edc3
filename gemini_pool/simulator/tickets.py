"""One-time rights to a file, for callers who show no token."""

import secrets

from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.files import MadeFile

MAX_TICKETS = 10_000


class Tickets:
    """Every ticket not yet used; beyond MAX_TICKETS the oldest lapse."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[SimAccount, MadeFile]] = {}

    def issue(self, owner: SimAccount, file: MadeFile) -> str:
        """A ticket to this file."""
        if len(self._open) >= MAX_TICKETS:
            del self._open[next(iter(self._open))]
        ticket = secrets.token_hex(16)
        self._open[ticket] = owner, file
        return ticket

    def redeem(self, ticket: str) -> tuple[SimAccount, MadeFile] | None:
        """Whose file it is, and the file, once; None when there is no such ticket, or no more."""
        return self._open.pop(ticket, None)
