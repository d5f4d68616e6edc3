"""How the service is: accounts, models, the proxy; and whether a proxy leads anywhere."""

from datetime import UTC, datetime

from pydantic import Field

from gemini_pool.errors import UpstreamError
from gemini_pool.knobs import SettingsError
from gemini_pool.roster import QuotaKind
from gemini_pool.settings import check
from gemini_pool.web.api.config import HIDDEN, without_password
from gemini_pool.web.api.described import Desk, Shape
from gemini_pool.wiring import Services, services

bp = Desk("status", "/api")


class ProxyShown(Shape):
    """`available` is false while the service cannot be reached from here, whichever account asks."""

    enabled: bool
    url: str
    effective: str
    available: bool


class AccountsCounted(Shape):
    total: int
    available: int
    by_state: dict[str, int]


class Load(Shape):
    """Answers under way in all workers, places for them, and calls that ended within the last minute."""

    open: int
    places: int
    last_minute: int


class StatusShown(Shape):
    status: str
    timestamp: str
    accounts: AccountsCounted
    proxy: ProxyShown
    models: list[str]
    load: Load


class ProxyGiven(Shape):
    """A proxy to try; none: the one in use."""

    proxy: str = Field("", max_length=2000)


class ProxyTried(Shape):
    success: bool
    message: str
    detail: str
    delay_ms: int | None = None


@bp.operation("GET", "/status")
def status() -> StatusShown:
    """How it is."""
    s = services()
    return StatusShown(
        status="ok",
        timestamp=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        accounts=_counted(s),
        proxy=proxy_status(),
        models=[model.id for model in s.catalog.list()],
        load=load(s),
    )


@bp.operation("GET", "/proxy/status")
def proxy_status() -> ProxyShown:
    """The proxy in use."""
    s = services()
    url = without_password(s.settings.proxy)
    return ProxyShown(enabled=bool(url), url=url, effective=url or "direct", available=not s.manager.outage)


@bp.operation("POST", "/proxy/test")
def try_proxy(body: ProxyGiven) -> ProxyTried:
    """Ask the service for its first page through a proxy."""
    s = services()
    proxy = s.settings.proxy if not body.proxy or HIDDEN in body.proxy else body.proxy.strip()
    try:
        if proxy:
            check("PROXY", proxy)
        delay = s.office.reach(proxy)
    except (SettingsError, UpstreamError) as error:
        return ProxyTried(success=False, message=str(error), detail=str(error))
    said = f"The service answered in {delay} ms."
    return ProxyTried(success=True, message=said, detail=said, delay_ms=delay)


def load(s: Services) -> Load:
    """What all workers are doing now."""
    now = s.office.load.now()
    return Load(open=now.open, places=now.places, last_minute=s.journal.last_minute())


def _counted(s: Services) -> AccountsCounted:
    now = datetime.now(UTC).timestamp()
    accounts = [profile.account for profile in s.office.profiles.get()]
    states = [account.state(now).value for account in accounts]
    return AccountsCounted(
        total=len(accounts),
        available=sum(account.usable(QuotaKind.TEXT, now) for account in accounts),
        by_state={state: states.count(state) for state in dict.fromkeys(states)},
    )
