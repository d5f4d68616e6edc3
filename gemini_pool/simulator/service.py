"""The origin that plays every host of the service: which request goes where, and the log of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

from gemini_pool.simulator import auth, checks, control
from gemini_pool.simulator.behaviour import ApiFault, ApiMethod
from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.chat import Ask, add_context_file, create_session, stream_assist
from gemini_pool.simulator.faults import faulty_answer
from gemini_pool.simulator.http import Request
from gemini_pool.simulator.question import model_of
from gemini_pool.simulator.refusal import Refusal, unauthenticated
from gemini_pool.simulator.script import Script
from gemini_pool.simulator.world import World

XSRF = "/auth/getoxsrf"
REFRESH = "/auth/refreshcookies"
API = "/v1alpha/locations/global/"


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the API: its name in the log, its request's member, and who answers it."""

    name: ApiMethod
    member: str
    answer: Callable[[Ask], Script]


METHODS = MappingProxyType(
    {
        f"{API}widgetCreateSession": Method("session", "createSessionRequest", create_session),
        f"{API}widgetStreamAssist": Method("stream", "streamAssistRequest", stream_assist),
        f"{API}widgetAddContextFile": Method("upload", "addContextFileRequest", add_context_file),
    }
)


class Service:
    """Answers requests out of a world, and tells the world's log of each."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request) -> Script:
        """The answer to any request."""
        path = request.head.path
        if path.startswith(control.PREFIX):
            return control.control(self._world, request)
        method = METHODS.get(path)
        if method is not None:
            return self._call(method, request)
        if path in (XSRF, REFRESH):
            return self._sign(request)
        return self._logged(None, "other", Refusal(404, f"Nothing is served at {path}.").script())

    def _sign(self, request: Request) -> Script:
        if request.head.method != "GET":
            return self._logged(None, "xsrf", Refusal(405, "Only GET is served here.").script())
        if request.head.path == XSRF:
            account, script = auth.get_xsrf(self._world, request)
            return self._logged(account, "xsrf", script)
        account, script = auth.refresh_cookies(self._world, request)
        return self._logged(account, "hop", script)

    def _call(self, method: Method, request: Request) -> Script:
        account = None
        try:
            if request.head.method != "POST":
                raise Refusal(405, "Only POST is served here.")
            account = self._world.keys.account_of(_bearer(request))
            script = self._answer(method, account, request)
        except Refusal as refusal:
            script = refusal.script()
        if method.name == "stream":
            script = self._watched(script)
        return self._logged(account.name if account else None, method.name, script)

    def _answer(self, method: Method, account: SimAccount, request: Request) -> Script:
        body = checks.read_envelope(checks.read_json(request), account, method.member)
        behaviour = self._world.behaviour(account.name)
        if behaviour.api is not None and method.name in behaviour.api_on:
            self._spend(behaviour.api, account, request)
            script = faulty_answer(behaviour.api, behaviour, model_of(body))
        else:
            ask = Ask(self._world, account, behaviour, body, "gzip" in request.header("accept-encoding"))
            script = method.answer(ask)
        if method.name == "stream" and behaviour.first_delay:
            return replace(script, first_delay=behaviour.first_delay)
        return script

    def _spend(self, fault: ApiFault, account: SimAccount, request: Request) -> None:
        """A fault that strikes once switches itself off; its token stays refused, a new one is good."""
        if fault == "401-once":
            self._world.keys.revoke(_bearer(request))
            self._world.behave(account.name, api=None)

    def _watched(self, script: Script) -> Script:
        log, inner = self._world.log, script.release
        log.stream_opened()

        def release() -> None:
            log.stream_closed()
            if inner is not None:
                inner()

        return replace(script, release=release)

    def _logged(self, account: str | None, method: str, script: Script) -> Script:
        self._world.log.record(account, method, script)
        return script


def _bearer(request: Request) -> str:
    scheme, _, token = request.header("authorization").partition(" ")
    if scheme != "Bearer" or not token:
        raise unauthenticated("a Bearer token is required")
    return token
