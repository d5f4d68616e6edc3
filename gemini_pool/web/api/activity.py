"""What was done here: changes by administrators, and the newest lines of the log."""

from typing import Literal

from pydantic import Field

from gemini_pool.store.audit import Change
from gemini_pool.store.log_lines import LogLine
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Id, Shape
from gemini_pool.web.api.moments import told
from gemini_pool.wiring import services

bp = Desk("activity", "/api")


class ChangeShown(Shape):
    id: int
    at: str | None
    admin: str
    address: str
    action: str
    target: str
    detail: str


class LineShown(Shape):
    id: int
    at: str | None
    level: str
    logger: str
    message: str
    process: int
    request_id: str
    trace: str


class Look(Shape):
    """`before` is the id of the last entry of the page before."""

    text: str = Field("", max_length=200)
    before: Id | None = None
    limit: int = Field(50, ge=1, le=500)


class LookAtLog(Look):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "DEBUG"
    since: float = Field(0, ge=0, le=1e11)


class Changes(Shape):
    changes: list[ChangeShown]


class Lines(Shape):
    lines: list[LineShown]


class Cleared(Shape):
    success: bool = True
    cleared_count: int


@bp.operation("GET", "/audit")
def changes(query: Look) -> Changes:
    """What administrators changed, the newest first."""
    page = services().audit.page(before_id=query.before, limit=query.limit, text=query.text)
    return Changes(changes=[shown(one) for one in page])


@bp.operation("GET", "/log")
def lines(query: LookAtLog) -> Lines:
    """Lines of the log of all workers, the newest first."""
    page = services().log_lines.page(
        level=query.level, text=query.text, since=query.since, before_id=query.before, limit=query.limit
    )
    return Lines(lines=[line_shown(one) for one in page])


@bp.operation("DELETE", "/log")
def clear() -> Cleared:
    """Forget the lines of the log that are kept here; the system's own log stays."""
    count = services().log_lines.clear()
    wrote("log.cleared", detail=f"{count} lines")
    return Cleared(cleared_count=count)


def shown(change: Change) -> ChangeShown:
    return ChangeShown(
        id=change.id,
        at=told(change.at),
        admin=change.admin,
        address=change.address,
        action=change.action,
        target=change.target,
        detail=change.detail,
    )


def line_shown(line: LogLine) -> LineShown:
    return LineShown(
        id=line.id,
        at=told(line.at),
        level=line.level,
        logger=line.logger,
        message=line.message,
        process=line.process,
        request_id=line.request_id,
        trace=line.trace,
    )
