"""The code's side of a sign-in: the mailbox is opened when a code is about to be asked for."""

from collections.abc import Callable

from gemini_pool.signin.mailbox.base import Mailbox
from gemini_pool.signin.mailbox.codes import CodeWatch
from gemini_pool.signin.order import Order
from gemini_pool.signin.patience import Patience


class CodeSteps:
    """Codes of one sign-in, over all its turns. MailboxFailed and CodeMissing as CodeWatch says."""

    def __init__(self, order: Order, patience: Patience, open_mailbox: Callable[[], Mailbox]) -> None:
        self._order = order
        self._patience = patience
        self._open = open_mailbox
        self._watch: CodeWatch | None = None
        self._resent = 0

    def mark(self) -> None:
        """A code is about to be asked for: from now on letters count."""
        self._opened().mark()

    def mark_again(self) -> None:
        """The same for another code."""
        self._resent += 1
        self.mark()

    def may_ask_again(self) -> bool:
        return self._resent < self._order.resends

    def wait(self) -> str:
        """The code that came."""
        return self._patience.through(self._opened().wait(self._order.code_seconds))

    def _opened(self) -> CodeWatch:
        if self._watch is None:
            self._watch = CodeWatch(self._open(), self._order.code_senders, pause=self._patience.pause)
        return self._watch
