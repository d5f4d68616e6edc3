"""Alerts: what is wrong with the pool, what was told of it, and whether those who are told can be reached."""

from typing import Any

from gemini_pool.store.alerts import Condition, Told
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Shape
from gemini_pool.web.api.moments import told
from gemini_pool.wiring import services

bp = Desk("alerts", "/api/alerts")


class AlertShown(Shape):
    """`event` is pool_empty, pool_nearly_empty, account_needs_human, refresh_failed or recovered; `at` is
    when it was told, of what holds now since when it holds."""

    event: str
    title: str
    message: str
    at: str | None
    account_id: int | None
    account: str


class ListedAlert(AlertShown):
    id: int


class AlertsShown(Shape):
    """What holds now, and the last hundred alerts, the newest first."""

    holding: list[AlertShown]
    alerts: list[ListedAlert]


class PlaceTested(Shape):
    """The address without what is secret of it."""

    address: str
    success: bool
    message: str


class AlertsTested(Shape):
    """`success` where all took it, and there are any."""

    success: bool
    results: list[PlaceTested]


@bp.operation("GET")
def alerts() -> AlertsShown:
    """What is wrong with the pool now, and what was told."""
    book = services().alerts
    return AlertsShown(
        holding=[AlertShown(**_shown(one.condition, one.since)) for one in book.holding()],
        alerts=[ListedAlert(id=one.id, **_shown(one, one.at)) for one in book.latest()],
    )


@bp.operation("POST", "/test")
def test() -> AlertsTested:
    """Send a test message to all addresses of ALERT_URLS."""
    results = [
        PlaceTested(address=hook.shown, success=not fault, message=fault or "It took the message.")
        for hook, fault in services().office.webhooks.test()
    ]
    wrote("alerts.tested", detail=f"{len(results)} addresses")
    return AlertsTested(success=bool(results) and all(one.success for one in results), results=results)


def _shown(one: Condition | Told, at: float) -> dict[str, Any]:
    account_id, name = one.account or (None, "")
    return {
        "event": one.event,
        "title": one.title,
        "message": one.message,
        "at": told(at),
        "account_id": account_id,
        "account": name,
    }
