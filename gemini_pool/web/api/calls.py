"""Calls that were made: looked through, and told of by key."""

import math

from pydantic import Field

from gemini_pool.errors import NotFound
from gemini_pool.store.call_filter import CallFilter
from gemini_pool.store.journal import CallRecord, KeptCall
from gemini_pool.web.api.described import Desk, Id, Shape
from gemini_pool.web.api.keys import known
from gemini_pool.web.api.moments import told
from gemini_pool.wiring import services

bp = Desk("calls", "/api")

# What other consoles call how a call ended.
OUTCOMES = {"success": "ok", "error": "error"}
MOST_ON_PAGE = 200


class AttemptShown(Shape):
    """An account that was asked in vain, and why."""

    account: int
    error: str
    message: str
    ms: int


class CallShown(Shape):
    """A call. `response_time` in milliseconds to its end, `first_ms` to the first word; sizes in bytes."""

    id: int
    timestamp: str | None
    api_key_id: int | None
    api_key_name: str
    account_id: int | None
    model: str
    endpoint: str
    status: str
    outcome: str
    status_code: int | None
    error: str
    error_message: str
    ip_address: str
    first_ms: int | None
    response_time: int
    request_size: int | None
    response_size: int | None
    prompt_tokens: int
    completion_tokens: int
    request_id: str
    attempts: list[AttemptShown]


class Paging(Shape):
    page: int = Field(1, ge=1, le=100_000)
    page_size: int = Field(50, ge=1, le=MOST_ON_PAGE)
    status: str = Field("", max_length=20)


class LogQuery(Paging):
    key_id: Id | None = None


class LogPage(Shape):
    """`total` is at least so many where `total_exact` is false."""

    success: bool = True
    logs: list[CallShown]
    total: int
    total_exact: bool
    page: int
    page_size: int
    total_pages: int


class CallQuery(Shape):
    """What to look for. `before` is the `next_before` of the page before; `key_id` 0: keys of the
    environment."""

    key_id: Id | None = None
    account_id: Id | None = None
    model: str = Field("", max_length=200)
    outcome: str = Field("", max_length=20)
    text: str = Field("", max_length=200)
    since: float | None = Field(None, ge=0, le=1e11)
    until: float | None = Field(None, ge=0, le=1e11)
    before: Id | None = None
    limit: int = Field(50, ge=1, le=MOST_ON_PAGE)


class CallsFound(Shape):
    """`searched_since` is set where a text was looked for no further back than that."""

    calls: list[CallShown]
    next_before: int | None
    searched_since: str | None


class CallAnswer(Shape):
    call: CallShown


class ModelStats(Shape):
    total: int
    success: int
    error: int


class KeyStats(Shape):
    """`success_rate` in percent; times in milliseconds."""

    key_id: int
    key_name: str
    total_calls: int
    success_calls: int
    error_calls: int
    success_rate: float
    avg_response_time: float
    model_stats: dict[str, ModelStats]
    period_days: int


class KeyStatsAnswer(Shape):
    success: bool = True
    stats: KeyStats


class Days(Shape):
    days: int = Field(30, ge=1, le=90)


@bp.operation("GET", "/api-keys/<id:key_id>/stats", errors=(404,))
def key_stats(key_id: int, query: Days) -> KeyStatsAnswer:
    """What a key was used for over some days, today included."""
    listing = known(key_id)
    figures = services().statistics.of_key(key_id, query.days)
    models = {
        name: ModelStats(total=one.total, success=one.success, error=one.error)
        for name, one in figures.model_stats.items()
    }
    return KeyStatsAnswer(
        stats=KeyStats(
            key_id=key_id,
            key_name=listing.name,
            total_calls=figures.total_calls,
            success_calls=figures.success_calls,
            error_calls=figures.error_calls,
            success_rate=round(figures.success_rate, 2),
            avg_response_time=round(figures.avg_response_time, 1),
            model_stats=models,
            period_days=figures.period_days,
        )
    )


@bp.operation("GET", "/api-keys/<id:key_id>/logs", errors=(404,))
def key_logs(key_id: int, query: Paging) -> LogPage:
    """A key's calls, the newest first."""
    known(key_id)
    return _logs(query, key_id)


@bp.operation("GET", "/api-logs")
def logs(query: LogQuery) -> LogPage:
    """All calls, or those of one key, the newest first."""
    return _logs(query, query.key_id)


@bp.operation("GET", "/calls")
def calls(query: CallQuery) -> CallsFound:
    """Calls that are looked for, the newest first."""
    wanted = CallFilter(**query.model_dump(exclude={"before", "limit"}))
    page = services().journal.page(wanted, before_id=query.before, limit=query.limit)
    return CallsFound(
        calls=[shown(one) for one in page.calls],
        next_before=page.next_before,
        searched_since=told(page.searched_since),
    )


@bp.operation("GET", "/calls/<id:call_id>", errors=(404,))
def call(call_id: int) -> CallAnswer:
    """A call, with the accounts that were asked in vain."""
    kept = services().journal.get(call_id)
    if kept is None:
        raise NotFound(f"There is no call {call_id}, or it was forgotten since.")
    return CallAnswer(call=shown(kept))


def shown(kept: KeptCall) -> CallShown:
    call: CallRecord = kept.call
    return CallShown(
        id=kept.id,
        timestamp=told(call.at),
        api_key_id=call.key_id,
        api_key_name=call.key_name,
        account_id=call.account_id,
        model=call.model,
        endpoint=call.endpoint,
        status="success" if call.outcome == "ok" else "error",
        outcome=call.outcome,
        status_code=call.status,
        error=call.error,
        error_message=call.error_message,
        ip_address=call.address,
        first_ms=call.first_ms,
        response_time=call.total_ms,
        request_size=call.request_bytes,
        response_size=call.response_bytes,
        prompt_tokens=call.prompt_tokens,
        completion_tokens=call.completion_tokens,
        request_id=call.request_id,
        attempts=[
            AttemptShown(account=one.account, error=one.error, message=one.message, ms=one.ms)
            for one in call.attempts
        ],
    )


def _logs(query: Paging, key_id: int | None) -> LogPage:
    journal = services().journal
    wanted = CallFilter(key_id=key_id, outcome=OUTCOMES.get(query.status, query.status))
    count = journal.count(wanted)
    page = journal.page(wanted, limit=query.page_size, offset=(query.page - 1) * query.page_size)
    return LogPage(
        logs=[shown(one) for one in page.calls],
        total=count.number,
        total_exact=count.exact,
        page=query.page,
        page_size=query.page_size,
        total_pages=math.ceil(count.number / query.page_size),
    )
