"""Lists that are read page by page, as OpenAI has them: `limit`, `order`, `after`."""

from collections.abc import Sequence
from typing import Any

from flask import Response, request

from gemini_pool.errors import BadRequest
from gemini_pool.web.edge import reply_json

ORDERS = ("asc", "desc")


def limit_of(*, most: int, default: int) -> int:
    """How many entries the current request wants; BadRequest."""
    given = request.args.get("limit") or str(default)
    if not (given.isascii() and given.isdigit() and len(given) < 9 and 1 <= int(given) <= most):
        raise BadRequest(f"`limit` must be a whole number from 1 to {most}.", param="limit")
    return int(given)


def newest_first() -> bool:
    """Whether the current request wants them in that order, which is the usual one; BadRequest."""
    order = request.args.get("order") or "desc"
    if order not in ORDERS:
        raise BadRequest(f"`order` must be one of: {', '.join(ORDERS)}.", param="order")
    return order == "desc"


def after() -> str | None:
    """The id that the page before ended with."""
    return request.args.get("after") or None


def reply_page(entries: Sequence[dict[str, Any]], limit: int) -> Response:
    """The page; one entry more than its limit tells that there are more."""
    page = entries[:limit]
    return reply_json(
        {
            "object": "list",
            "data": page,
            "has_more": len(entries) > limit,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
        }
    )
