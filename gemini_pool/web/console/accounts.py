"""All accounts in a table: why does one not answer, and what mends it?"""

import time
from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from gemini_pool.errors import BadRequest
from gemini_pool.roster import QuotaKind
from gemini_pool.store.sign_ins import Trouble
from gemini_pool.web.api import accounts as api
from gemini_pool.web.api import refreshing, trying
from gemini_pool.web.api.account_shapes import limit_of
from gemini_pool.web.console.account_rows import UNUSABLE, Row, listed, row_of
from gemini_pool.web.console.faults import sentence
from gemini_pool.web.console.sign_in_needs import can_be_helped, trouble_of
from gemini_pool.web.console.works import with_work, work_asked_for
from gemini_pool.web.same_site import local_path
from gemini_pool.wiring import services

bp = Blueprint("accounts", __name__)

HERE = "/accounts"
LONGEST_ID = 15


@bp.get("/accounts")
def page() -> str:
    """GET /accounts?q=text&state=rate_limited&sort=-expires&page=2."""
    s, now, query = services(), time.time(), request.args
    everyone = rows(now)
    shown = listed(
        everyone,
        text=query.get("q", ""),
        state=query.get("state", ""),
        sort=query.get("sort", ""),
        page=query.get("page", 1, type=int),
    )
    return render_template(
        "accounts.html",
        listed=shown,
        pool=len(everyone),
        limits={kind: limit_of(kind, s) for kind in QuotaKind},
        unusable=sum(row.state in UNUSABLE for row in everyone),
        keepable=sum(row.keepable for row in everyone) if not s.settings.sync_only else 0,
        signs_in=not s.settings.sync_only,
        troubles=_troubles(everyone),
        followed=work_asked_for(),
        now=now,
    )


@bp.get("/accounts/unusable")
def unusable() -> str:
    """Which accounts would go, before any does: those that waiting does not bring back."""
    return _asking([row for row in rows(time.time()) if row.state in UNUSABLE], back=HERE, sweeping=True)


@bp.post("/accounts/bulk")
def bulk() -> Response | str:
    """The same for all accounts that were ticked; deleting asks first, unless `sure`."""
    ids, action, back = ticked(), request.form.get("action", ""), where_from()
    if action == "test-all":
        return with_work(back, trying.test_many(trying.Which()).work_id)
    if action == "refresh-all":
        return _refreshed(back, [])
    if action == "refresh-needy":
        ids, action = _needy(), "refresh"
    if not ids:
        flash(_("No account is ticked, or none needs this any more. Nothing was done."))
    elif action == "test":
        return with_work(back, trying.test_many(trying.Which(ids=ids)).work_id)
    elif action == "refresh":
        return _refreshed(back, ids)
    elif action == "delete" and "sure" not in request.form:
        chosen = set(ids)
        return _asking([row for row in rows(time.time()) if row.account.id in chosen], back=back)
    elif action in ("enable", "disable", "delete"):
        count = api.bulk(api.Bulk(action=action, ids=ids)).count  # type: ignore[arg-type]
        flash(_done(action, count), "good")
    return redirect(back, 303)


def followed(back: str, ordered: refreshing.Ordered) -> Response:
    """Back to a page, which shows the sign-ins that were ordered, or those that were under way before."""
    if ordered.message == refreshing.UNDER_WAY:
        flash(_(refreshing.UNDER_WAY))
    return with_work(back, ordered.work_id)


def rows(now: float) -> list[Row]:
    """Every account."""
    s = services()
    today = s.tally.today()
    return [row_of(profile, today.get(profile.account.id, ()), now) for profile in s.office.profiles.get()]


def ticked() -> list[int]:
    """The ids that a form sends; what is none is passed over."""
    given = request.form.getlist("ids")[: api.MOST_IN_BULK]
    return [int(one) for one in given if one.isascii() and one.isdigit() and len(one) <= LONGEST_ID]


def where_from() -> str:
    """The page that a form stands on, to which it leads back."""
    return local_path(request.form.get("next", ""), HERE)


def _refreshed(back: str, ids: list[int]) -> Response:
    """Have accounts signed in; those without a mailbox are left out, and told."""
    try:
        ordered = refreshing.refresh_many(refreshing.Which(ids=ids))
    except BadRequest as error:
        flash(sentence(error))
        return redirect(back, 303)
    chosen = set(ids)
    lacking = sum(row.account.id in chosen and not row.profile.given.mailbox for row in rows(time.time()))
    if lacking:
        told = ngettext(
            "%(num)s account is left out: nobody said where its codes arrive.",
            "%(num)s accounts are left out: nobody said where their codes arrive.",
            lacking,
        )
        flash(told)
    return followed(back, ordered)


def _troubles(everyone: Sequence[Row]) -> dict[int, Trouble]:
    """The troubles with sign-ins that are not over, by account."""
    told = services().sign_ins.troubles()
    found = ((row.account.id, trouble_of(row.profile, told)) for row in everyone)
    return {account_id: trouble for account_id, trouble in found if trouble}


def _needy() -> list[int]:
    """The accounts that the pool can help by signing them in."""
    s, now = services(), time.time()
    troubles = s.sign_ins.troubles()
    return [one.account.id for one in s.office.profiles.get() if can_be_helped(one, troubles, now)]


def _asking(going: Sequence[Row], *, back: str, sweeping: bool = False) -> str:
    return render_template("accounts_delete.html", rows=going, back=back, sweeping=sweeping)


def _done(action: str, count: int) -> str:
    if action == "enable":
        return ngettext("%(num)s account is switched on.", "%(num)s accounts are switched on.", count)
    if action == "disable":
        return ngettext("%(num)s account is switched off.", "%(num)s accounts are switched off.", count)
    return ngettext("%(num)s account was deleted.", "%(num)s accounts were deleted.", count)
