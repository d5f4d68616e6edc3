"""Lists of an owner's things that are read page by page."""

from typing import Any, Protocol

from peewee import Tuple


class Last(Protocol):
    """What the page before ended with."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> float: ...


def in_order(rows: Any, table: Any, newest_first: bool, last: Last | None) -> Any:
    """The query's rows by the time they were made, those that come after the last one told."""
    columns = (table.created_at, table.id)  # no two rows have both in common
    if last is not None:
        position, place = Tuple(*columns), Tuple(last.created_at, last.id)
        rows = rows.where(position < place if newest_first else position > place)
    return rows.order_by(*((c.desc() if newest_first else c.asc()) for c in columns))
