"""Whether credentials that somebody brings are good, before any account is given them."""

from contextlib import suppress

from gemini_pool.dialogue import Waiting
from gemini_pool.errors import QuotaExhausted
from gemini_pool.roster import Account, Credentials
from gemini_pool.upstream.calls import Calls
from gemini_pool.upstream.opening import open_session
from gemini_pool.upstream.tokens import Tokens
from gemini_pool.upstream.transport import Transport

NOBODY = 0


class Proof:
    """Proves credentials by a token, and by a session in their workspace: another sign-in's cookies give a
    token as well, but are not let in there."""

    def __init__(self, transport: Transport, tokens: Tokens, calls: Calls) -> None:
        self._transport = transport
        self._tokens = tokens
        self._calls = calls

    def of(self, credentials: Credentials) -> Waiting[Credentials]:
        """The credentials as the service left them; UpstreamError. Nothing of it is kept."""
        token = yield from self._tokens.made_of(credentials)
        fresh = token.made_from[-1]
        with suppress(QuotaExhausted):  # who meets a limit there has been let in
            account = Account(NOBODY, "", fresh)
            yield from open_session(self._transport, self._calls, account, token.bearer)
        return fresh
