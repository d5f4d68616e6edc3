"""An account's own page: what it is, what happened to it, and all that can be done about it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from gemini_pool.errors import BadRequest, Invalid
from gemini_pool.roster import QuotaKind
from gemini_pool.store.call_filter import CallFilter
from gemini_pool.web.api import accounts as api
from gemini_pool.web.api import refreshing, statistics, trying
from gemini_pool.web.api.account_shapes import AccountShown, limit_of, shown
from gemini_pool.web.api.described import filled
from gemini_pool.web.api.given_accounts import AccountChanges, NewCookies
from gemini_pool.web.console.account_health import health_of
from gemini_pool.web.console.account_rows import row_of
from gemini_pool.web.console.account_story import Failure, failures, timeline
from gemini_pool.web.console.accounts import HERE, where_from
from gemini_pool.web.console.mailbox_form import form_of
from gemini_pool.web.console.overview import PERIODS, Period
from gemini_pool.web.console.sign_ins import keeping_of
from gemini_pool.web.console.works import with_work, work_asked_for
from gemini_pool.wiring import services

bp = Blueprint("account", __name__)

# So many of the newest calls are looked through for those that this account failed and another answered.
LOOKED_THROUGH = 1_000
FAILURES_SHOWN = 6
Texts = Mapping[str, str]
NOTHING: Texts = MappingProxyType({})
COOKIES = ("secure_c_ses", "host_c_oses", "csesidx")
FIELDS = (
    *("name", "email", "config_id", "csesidx", "secure_c_ses", "host_c_oses", "user_agent"),
    *("external_id", "trial_end", "expires_at", "note"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the mailbox's form is shown again: its kind, what was typed (`sealed` has the secrets of it,
    for the page to hold), and what a test told: whether it went well, and in words."""

    kind: str = ""
    typed: Texts = field(default_factory=dict)
    sealed: str = ""
    tried: tuple[bool, Markup] | None = None


NOT_ASKED = Asked()


@bp.get("/accounts/<id:account_id>")
def page(account_id: int) -> str:
    """GET /accounts/7?period=7d; `kind` is the kind of mailbox whose fields are shown."""
    return account_page(account_id, mailbox=Asked(request.args.get("kind", "")))


@bp.post("/accounts/<id:account_id>")
def edit(account_id: int) -> Response | tuple[str, int]:
    """Change what the form changed."""
    try:
        api.edit(account_id, _changes(account_id))
    except (Invalid, BadRequest) as error:
        return account_page(account_id, wrong=_fields(error), typed=request.form), 400
    flash(_("The changes are saved."), "good")
    return redirect(request.path, 303)


@bp.post("/accounts/<id:account_id>/cookies")
def renew(account_id: int) -> Response | tuple[str, int]:
    """Give it the cookies of a new sign-in."""
    given = {name: request.form.get(f"new_{name}", "").strip() for name in COOKIES}
    if not any(given.values()):
        return account_page(account_id, wrong={f"new_{COOKIES[0]}": _("Paste the new cookie here.")}), 400
    try:
        refreshing.refresh_cookie(account_id, NewCookies(**given))
    except BadRequest as error:
        return account_page(account_id, wrong={f"new_{error.param or COOKIES[0]}": str(error)}), 400
    flash(_("The account has its new cookies. Test it to see whether it answers."), "good")
    return redirect(f"{HERE}/{account_id}", 303)


@bp.post("/accounts/<id:account_id>/toggle")
def toggle(account_id: int) -> Response:
    """Switch it off, or on."""
    on = api.toggle(account_id).available
    name = api.known(account_id).account.name
    told = _("%(name)s is switched on.", name=name) if on else _("%(name)s is switched off.", name=name)
    flash(told, "good")
    return redirect(where_from(), 303)


@bp.post("/accounts/<id:account_id>/test")
def test(account_id: int) -> Response:
    """Try it out; the page that one comes from shows the steps."""
    api.known(account_id)
    return with_work(where_from(), trying.test_many(trying.Which(ids=[account_id])).work_id)


def account_page(
    account_id: int, *, wrong: Texts = NOTHING, typed: Texts = NOTHING, mailbox: Asked = NOT_ASKED
) -> str:
    """The page, with what is wrong by field and what was typed before."""
    s, now, profile = services(), time.time(), api.known(account_id)
    today = s.tally.today().get(account_id, ())
    account = shown(profile, today, s, now)
    period = next((one for one in PERIODS if one.name == request.args.get("period")), PERIODS[0])
    row = row_of(profile, today, now)
    return render_template(
        "account.html",
        account=account,
        row=row,
        kinds=row.kinds({kind: limit_of(kind, s) for kind in QuotaKind}, now),
        values={**_held(account), **typed},
        mailbox=form_of(profile.given.mailbox, mailbox.kind, mailbox.typed),
        asked=mailbox,
        keeping=keeping_of(profile, s),
        wrong=wrong,
        events=timeline(api.history(account_id).history),
        failures=_failures(account_id),
        buckets=_buckets(account_id, period),
        period=period,
        periods=PERIODS,
        raw=account.model_dump_json(indent=2),
        followed=work_asked_for(),
        now=now,
        health=health_of(account_id),
    )


def _held(account: AccountShown) -> dict[str, str]:
    """What the form shows of it; cookies are masked."""
    return {name: getattr(account, name) or "" for name in FIELDS}


def _changes(account_id: int) -> AccountChanges:
    """What of the form differs from what it showed: a moment, say, was shown to the second alone."""
    held = _held(api.account(account_id).account)
    typed = {name: text.replace("\r\n", "\n").strip() for name, text in request.form.items()}
    changed = {name: typed[name] for name in FIELDS if typed.get(name, held[name]) != held[name]}
    return filled(AccountChanges, changed)


def _fields(error: Invalid | BadRequest) -> dict[str, str]:
    return error.fields if isinstance(error, Invalid) else {error.param or "name": str(error)}


def _failures(account_id: int) -> list[Failure]:
    """The latest calls it was asked for in vain: of the newest calls of all, and of its own."""
    journal = services().journal
    newest = journal.page(limit=LOOKED_THROUGH).calls
    own = journal.page(CallFilter(account_id=account_id, outcome="error"), limit=FAILURES_SHOWN).calls
    calls = sorted({kept.id: kept for kept in (*newest, *own)}.values(), key=lambda kept: -kept.call.at)
    return failures(calls, account_id, FAILURES_SHOWN)


def _buckets(account_id: int, period: Period) -> list[dict[str, Any]]:
    """Its points for the charts; none when nobody asked it."""
    wanted = statistics.Wanted.model_validate({"span": period.name, "account_id": account_id})
    points = statistics.series(wanted).points
    return [_bucket(point) for point in points] if any(point.counts.calls for point in points) else []


def _bucket(point: statistics.PointShown) -> dict[str, Any]:
    return {
        "at": point.at,
        "answers": point.counts.answers,
        "failures": point.counts.failures,
        "limited": point.counts.limited,
        "first_ms_p50": point.first_ms.p50 if point.first_ms else None,
        "first_ms_p95": point.first_ms.p95 if point.first_ms else None,
    }
