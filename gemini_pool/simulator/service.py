"""The origin that plays every host of the service: which request goes where, and the log of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from gemini_pool.simulator import auth, checks, control, downloads
from gemini_pool.simulator.behaviour import HEALTHY, ApiMethod
from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.chat import Ask, add_context_file, create_session, stream_assist
from gemini_pool.simulator.faults import delayed, strike
from gemini_pool.simulator.http import Request
from gemini_pool.simulator.mail import doors
from gemini_pool.simulator.metadata import list_session_file_metadata
from gemini_pool.simulator.question import AUTO, model_of
from gemini_pool.simulator.refusal import Refusal, unauthenticated
from gemini_pool.simulator.script import Script
from gemini_pool.simulator.sign_in import site
from gemini_pool.simulator.wallet import read_cookies
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
        f"{API}widgetListSessionFileMetadata": Method(
            "metadata", "listSessionFileMetadataRequest", list_session_file_metadata
        ),
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
        if path.startswith(doors.PREFIX):
            return doors.mail(self._world.mail, request)
        method = METHODS.get(path)
        if method is not None:
            return self._call(method.name, "POST", request, partial(self._asked, method))
        if downloads.is_download(path):
            return self._call("download", "GET", request, self._downloaded)
        if path.startswith(downloads.ONE_TIME):
            return self._hop(*downloads.redeem(self._world, request))
        if path in (XSRF, REFRESH):
            return self._sign(request)
        if site.is_page(path):
            return self._logged_page(request)
        return self._logged(None, "other", Refusal(404, f"Nothing is served at {path}.").script())

    def _sign(self, request: Request) -> Script:
        if request.head.method != "GET":
            return self._logged(None, "xsrf", Refusal(405, "Only GET is served here.").script())
        if request.head.path == REFRESH:
            return self._hop(*auth.refresh_cookies(self._world, request))
        holder = self._world.wallet.holder(read_cookies(request.header("cookie")))
        behaviour = self._world.behaviour(holder.name) if holder else HEALTHY
        account, script = auth.get_xsrf(self._world, request)
        return self._logged(account, "xsrf", delayed(behaviour, "xsrf", script))

    def _logged_page(self, request: Request) -> Script:
        account, script = site.answer(self._world, request)
        return self._logged(account, "page", script)

    def _hop(self, account: str | None, script: Script) -> Script:
        """An address that another one sent the caller to."""
        behaviour = self._world.behaviour(account) if account else HEALTHY
        return self._logged(account, "hop", delayed(behaviour, None, script))

    def _call(
        self, name: ApiMethod, verb: str, request: Request, answer: Callable[[SimAccount, Request], Script]
    ) -> Script:
        account, behaviour = None, HEALTHY
        try:
            if request.head.method != verb:
                raise Refusal(405, f"Only {verb} is served here.")
            account = self._world.keys.account_of(_bearer(request))
            behaviour = self._world.behaviour(account.name)
            script = answer(account, request)
        except Refusal as refusal:
            script = refusal.script()
        script = delayed(behaviour, name, script)
        if name == "stream":
            script = self._watched(script)
        return self._logged(account.name if account else None, name, script)

    def _asked(self, method: Method, account: SimAccount, request: Request) -> Script:
        body = checks.read_envelope(checks.read_json(request), account, method.member)
        struck = self._struck(method.name, account, request, model_of(body))
        if struck is not None:
            return struck
        behaviour, gzip = self._world.behaviour(account.name), "gzip" in request.header("accept-encoding")
        return method.answer(Ask(self._world, account, behaviour, body, gzip))

    def _downloaded(self, account: SimAccount, request: Request) -> Script:
        struck = self._struck("download", account, request)
        return struck or downloads.download_file(self._world, account, request)

    def _struck(
        self, name: ApiMethod, account: SimAccount, request: Request, model: str = AUTO
    ) -> Script | None:
        """The fault that strikes the call. A token refused once stays refused; a new one is good."""
        script = strike(self._world, account, name, model)
        if script is not None and script.fault == "401-once":
            self._world.keys.revoke(_bearer(request))
        return script

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
