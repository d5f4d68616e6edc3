"""Opening a session."""

import orjson

from gemini_pool.dialogue import Waiting
from gemini_pool.errors import BadReply
from gemini_pool.roster import Account
from gemini_pool.upstream.calls import Calls
from gemini_pool.upstream.refusals import refusal_of_reply
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
