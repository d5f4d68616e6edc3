"""Health checks by hand, and what the last ones found; in a form that other programs already read."""

import time

from gemini_pool.roster import Account
from gemini_pool.store.health import Checkup, Found, RoundCounts
from gemini_pool.web.api.accounts import known
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Shape
from gemini_pool.web.api.moments import told
from gemini_pool.wiring import services

bp = Desk("health", "/api/admin")

# Clients wait for a minute; what there was no time for is left out of the answer.
MOST_SECONDS = 50.0
NOBODY_KNOWS = "unknown"


class Result(Shape):
    """`status` is success or failed; `disabled` when the check took the account out of the pool."""

    status: str
    account_id: int
    account_name: str
    message: str
    error_code: str
    disabled: bool
    check_duration_ms: int | None
    timestamp: str | None


class Results(Shape):
    status: str = "completed"
    message: str
    results: list[Result]
    timestamp: str | None


class RoundShown(Shape):
    """The last round that ran by itself or as a job. In an `outage` nobody can be reached, and nobody is
    blamed."""

    at: str | None
    ms: int
    passed: int
    failed: int
    taken_out: int
    recovered: int
    skipped: int
    outage: bool


class Summary(Shape):
    """How many accounts there are, and how many of those that are switched on were found well, were not, and
    were never checked. `automatic`: rounds run by themselves."""

    total: int
    active: int
    healthy: int
    unhealthy: int
    unknown: int
    automatic: bool
    interval_seconds: int
    last_round: RoundShown | None


class AccountHealth(Shape):
    """`status` is healthy, needs_sign_in, forbidden, limited, unreachable, or unknown before the first check;
    `state` is the account's as everywhere. What counts failures counts those in a row."""

    account_id: int
    account_name: str
    is_active: bool
    state: str
    status: str
    message: str
    error_code: str
    check_duration_ms: int | None
    last_check_at: str | None
    next_check_at: str | None
    failures: int
    network_errors: int
    taken_out: bool


class Status(Shape):
    summary: Summary
    accounts: list[AccountHealth]
    timestamp: str | None


@bp.operation("POST", "/health-check")
def check_all() -> Results:
    """Check all accounts that are switched on, now and whatever is known of them; within a minute."""
    s = services()
    found, message = s.health_checks.all_by_hand(MOST_SECONDS)
    wrote("accounts.checked", f"{len(found)} accounts")
    names = {one.account.id: one.account.name for one in s.office.profiles.get()}
    return Results(
        message=message,
        results=[_result(one, names.get(one.account_id, "")) for one in found],
        timestamp=told(time.time()),
    )


@bp.operation("POST", "/accounts/<id:account_id>/health-check", errors=(404, 503))
def check_one(account_id: int) -> Result:
    """Check an account, also one that is switched off: it stays so."""
    account = known(account_id).account
    found = services().health_checks.one_by_hand(account, MOST_SECONDS)
    wrote("accounts.checked", f"account {account_id}")
    return _result(found, account.name)


@bp.operation("GET", "/health-status")
def status() -> Status:
    """What the last checks found. POST /api/jobs/health/run orders a round."""
    s, now = services(), time.time()
    checkups = s.health.checkups()
    accounts = [one.account for one in s.office.profiles.get()]
    active = [checkups.get(one.id) for one in accounts if one.enabled]
    healthy = sum(one is not None and one.found is Found.HEALTHY for one in active)
    unknown = sum(one is None for one in active)
    last = s.health.last_round()
    return Status(
        summary=Summary(
            total=len(accounts),
            active=len(active),
            healthy=healthy,
            unhealthy=len(active) - healthy - unknown,
            unknown=unknown,
            automatic=s.settings.health_enabled,
            interval_seconds=s.settings.health_interval,
            last_round=_round(last) if last else None,
        ),
        accounts=[_account(one, checkups.get(one.id), now) for one in accounts],
        timestamp=told(now),
    )


def _result(found: Checkup, name: str) -> Result:
    return Result(
        status="success" if found.found is Found.HEALTHY else "failed",
        account_id=found.account_id,
        account_name=name,
        message=found.message,
        error_code=found.error_code,
        disabled=found.taken_out,
        check_duration_ms=found.ms,
        timestamp=told(found.at),
    )


def _round(last: RoundCounts) -> RoundShown:
    return RoundShown(
        at=told(last.at),
        ms=last.ms,
        passed=last.passed,
        failed=last.failed,
        taken_out=last.taken_out,
        recovered=last.recovered,
        skipped=last.skipped,
        outage=last.outage,
    )


def _account(account: Account, found: Checkup | None, now: float) -> AccountHealth:
    return AccountHealth(
        account_id=account.id,
        account_name=account.name,
        is_active=account.enabled,
        state=account.state(now).value,
        status=found.found.value if found else NOBODY_KNOWS,
        message=found.message if found else "",
        error_code=found.error_code if found else "",
        check_duration_ms=found.ms if found else None,
        last_check_at=told(found.at) if found else None,
        next_check_at=told(found.next_at) if found else None,
        failures=found.failures if found else 0,
        network_errors=found.network_errors if found else 0,
        taken_out=found.taken_out if found else False,
    )
