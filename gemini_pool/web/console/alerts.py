"""Alerts: what is wrong now, what was told of it, and whether those who are told can be reached."""

from flask import Blueprint, render_template

from gemini_pool.web.api import alerts as api
from gemini_pool.web.console.alert_words import line
from gemini_pool.web.console.told import retold
from gemini_pool.web.console.webhook_words import SAID, places
from gemini_pool.wiring import services

bp = Blueprint("alerts", __name__, url_prefix="/activity/alerts")


@bp.get("")
def page() -> str:
    """GET /activity/alerts."""
    return _show({})


@bp.post("")
def test() -> str:
    """Send a test message to everybody; how that went is in this very answer."""
    results = [(one.success, retold(one.message, SAID)) for one in api.test().results]
    return _show(dict(enumerate(results)))


def _show(tried: dict[int, tuple[bool, str]]) -> str:
    s = services()
    return render_template(
        "alerts.html",
        tab="alerts",
        holding=[line(one.condition, one.since) for one in s.alerts.holding()],
        told=[line(one, one.at) for one in s.alerts.latest()],
        places=places(s.office.webhooks.hooks),
        tried=tried,
        nobody_looks=s.jobs.leader() is None,
    )
