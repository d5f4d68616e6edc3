"""Opening a session; and the proof that credentials sign in to what they say, which needs one."""

from collections.abc import Callable

import orjson

from gemini_pool.dialogue import Waiting
from gemini_pool.errors import BadReply
from gemini_pool.roster import Account, Credentials
from gemini_pool.upstream.calls import Calls
from gemini_pool.upstream.refusals import refusal_of_reply
from gemini_pool.upstream.tokens import Rotated, Tokens
from gemini_pool.upstream.transport import Transport


def open_session(transport: Transport, calls: Calls, account: Account, bearer: str) -> Waiting[str]:
    """The name of a new session; UpstreamError."""
    call = calls.create_session(account, bearer)
    reply = yield from transport.post(call.url, call.headers, call.body)
    if reply.status != 200:
        raise refusal_of_reply(reply.status, reply.headers, reply.body)
    try:
        return str(orjson.loads(reply.body)["session"]["name"])
    except (ValueError, KeyError, TypeError):
        raise BadReply("The service made a session but did not name it.") from None


class Proof:
    """Tries credentials that belong to no account yet. `tokens` makes a maker of tokens that keeps none."""

    def __init__(self, transport: Transport, calls: Calls, tokens: Callable[[Rotated], Tokens]) -> None:
        self._transport = transport
        self._calls = calls
        self._tokens = tokens

    def of(self, credentials: Credentials) -> Waiting[Credentials]:
        """The credentials, renewed if the service did so on the way; UpstreamError unless they are good.

        A token proves the cookies and `csesidx`; a session proves that `config_id` is theirs.
        """
        renewed = [credentials]
        account = Account(0, "", credentials)
        token = yield from self._tokens(lambda _, fresh: renewed.append(fresh)).get(account)
        yield from open_session(self._transport, self._calls, account, token.bearer)
        return renewed[-1]
