"""Which mail service stands under which path below /mail/."""

from collections.abc import Callable
from types import MappingProxyType

from gemini_pool.simulator.http import Request
from gemini_pool.simulator.mail.cloudflare import worker
from gemini_pool.simulator.mail.microsoft import exchange
from gemini_pool.simulator.mail.others import duckmail, freemail, gptmail, moemail
from gemini_pool.simulator.mail.page import web_page
from gemini_pool.simulator.mail.replies import Refused, struck
from gemini_pool.simulator.mail.room import MailRoom
from gemini_pool.simulator.script import Script

PREFIX = "/mail/"

_SERVICES: MappingProxyType[str, Callable[[MailRoom, str, Request], Script]] = MappingProxyType(
    {
        "cf": worker,
        "duck": duckmail,
        "moe": moemail,
        "free": freemail,
        "gpt": gptmail,
        "ms": exchange,
        "page": web_page,
    }
)


def mail(room: MailRoom, request: Request) -> Script:
    """Answer a request for a path under /mail/."""
    name, slash, rest = request.head.path.removeprefix(PREFIX).partition("/")
    service = _SERVICES.get(name)
    if service is None:
        return Refused(404, "Not Found").script()
    room.note(f"{request.head.method} /{name}/{rest}")
    fault = room.behaviour.fault if name != "page" else None
    script = struck(fault, request) if fault else None
    if script is not None:
        return script
    try:
        return service(room, slash + rest, request)
    except Refused as refused:
        return refused.script()
