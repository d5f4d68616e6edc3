"""Numbers over time, as charts and tables show them."""

from pydantic import Field

from gemini_pool.store.figures import EVERYTHING, Counts, Figures, Point, Span, Subject
from gemini_pool.store.histogram import Spread
from gemini_pool.web.api.described import Desk, Id, Shape
from gemini_pool.wiring import services

bp = Desk("statistics", "/api/statistics")


class SpreadShown(Shape):
    """Milliseconds: half of the answers took no longer than `p50`, 95 in a hundred no longer than `p95`."""

    p50: float
    p95: float


class CountsShown(Shape):
    calls: int
    answers: int
    failures: int
    refused: int
    client_closed: int
    limited: int
    average_ms: float | None


class PointShown(Shape):
    """From `at` (epoch seconds), `seconds` long."""

    at: int
    seconds: int
    counts: CountsShown
    first_ms: SpreadShown | None
    total_ms: SpreadShown | None


class ModelFigures(Shape):
    model: str
    counts: CountsShown
    first_ms: SpreadShown | None
    total_ms: SpreadShown | None


class AccountFigures(Shape):
    account_id: int
    counts: CountsShown


class Wanted(Shape):
    """Over which span, and of which account or key alone."""

    span: Span = Span.DAY
    account_id: Id | None = None
    key_id: Id | None = None
    model: str = Field("", max_length=200)


class Series(Shape):
    span: Span
    points: list[PointShown]


class Tables(Shape):
    span: Span
    models: list[ModelFigures]
    accounts: list[AccountFigures]


@bp.operation("GET", "/series")
def series(query: Wanted) -> Series:
    """A point for each hour, six hours or day of the span."""
    points = services().statistics.series(query.span, _subject(query), model=query.model)
    return Series(span=query.span, points=[shown(point) for point in points])


@bp.operation("GET", "/tables")
def tables(query: Wanted) -> Tables:
    """The same by model, and by account."""
    statistics = services().statistics
    models = statistics.by_model(query.span, _subject(query))
    return Tables(
        span=query.span,
        models=[_of_model(name, figures) for name, figures in models.items()],
        accounts=[
            AccountFigures(account_id=account_id, counts=_counts(counts))
            for account_id, counts in statistics.by_account(query.span).items()
        ],
    )


def shown(point: Point) -> PointShown:
    figures = point.figures
    return PointShown(
        at=point.start,
        seconds=point.seconds,
        counts=_counts(figures.counts),
        first_ms=_spread(figures.first),
        total_ms=_spread(figures.total),
    )


def _subject(query: Wanted) -> Subject:
    if query.account_id is not None:
        return Subject.account(query.account_id)
    return EVERYTHING if query.key_id is None else Subject.key(query.key_id)


def _of_model(name: str, figures: Figures) -> ModelFigures:
    return ModelFigures(
        model=name,
        counts=_counts(figures.counts),
        first_ms=_spread(figures.first),
        total_ms=_spread(figures.total),
    )


def _counts(counts: Counts) -> CountsShown:
    return CountsShown(**{name: getattr(counts, name) for name in Counts.__slots__})


def _spread(spread: Spread | None) -> SpreadShown | None:
    return SpreadShown(p50=spread.p50, p95=spread.p95) if spread else None
