"""What a key was used for: numbers over time, models, and what went wrong last."""

from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from gemini_pool.pool.answer import Outcome
from gemini_pool.store.call_filter import CallFilter
from gemini_pool.store.figures import Figures, Point, Span, Subject
from gemini_pool.wiring import services

LAST_ERRORS = 5


@dataclass(frozen=True, slots=True)
class Period:
    """What charts and tables of a page span."""

    span: Span
    word: LazyString

    @property
    def name(self) -> str:
        return self.span.value


PERIODS = (
    Period(Span.DAY, _l("24 hours")),
    Period(Span.WEEK, _l("7 days")),
    Period(Span.MONTH, _l("30 days")),
)


def period_of(name: str) -> Period:
    """The period of this name; a week where it is none."""
    return next((one for one in PERIODS if one.name == name), PERIODS[1])


def usage(key_id: int, period: Period) -> dict[str, Any]:
    """What key.html shows of a key's calls."""
    s, subject = services(), Subject.key(key_id)
    points = s.statistics.series(period.span, subject)
    models = s.statistics.by_model(period.span, subject)
    whole = s.statistics.whole(period.span, subject)
    failed = CallFilter(key_id=key_id, outcome=Outcome.ERROR.value)
    return {
        "period": period,
        "periods": PERIODS,
        "step": period.span.bucket,
        "points": [_spot(point) for point in points] if whole.counts.calls else [],
        "by_model": [(name, figures, _success(figures)) for name, figures in models.items()],
        "whole": whole,
        "success": _success(whole),
        "errors": s.journal.page(failed, limit=LAST_ERRORS).calls,
    }


def _spot(point: Point) -> dict[str, Any]:
    counts, first = point.figures.counts, point.figures.first
    return {
        "at": point.start,
        "answers": counts.answers,
        "failures": counts.failures + counts.refused,
        "first_ms_p50": first.p50 if first else None,
        "first_ms_p95": first.p95 if first else None,
    }


def _success(figures: Figures) -> float | None:
    """The share of one that was answered, of the calls that were not broken off."""
    counts = figures.counts
    ended = counts.answers + counts.failures + counts.refused
    return counts.answers / ended if ended else None
