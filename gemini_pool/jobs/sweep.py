"""Deletes what is old, so that a pool that runs for years stays as small as one that began last month."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

log = logging.getLogger(__name__)

SWEEP_SECONDS = 3600
JITTER_SECONDS = 300
MEDIA_SWEEP_SECONDS = 300  # files that live an hour must not live much longer
TALLY_DAYS = 400  # a year, and what is needed to compare a month with the same one a year ago

Clock = Callable[[], float]
Prune = Callable[[], int]  # deletes what is old in one store; how many rows that were


class Dated(Protocol):
    """What carries its time, in epoch seconds."""

    def prune(self, before: float) -> int: ...


class Tally(Protocol):
    """Rows that carry their day, as `YYYY-MM-DD`."""

    def prune(self, before_day: str) -> int: ...


def sweep(stores: Mapping[str, Prune]) -> str:
    """Delete what is old in these stores, each under the name of what it keeps; tells what is gone."""
    gone = []
    for name, prune in stores.items():
        if removed := prune():
            log.info("the sweep deleted old %s: %d", name, removed)
            gone.append(f"{name}: {removed}")
    return f"Deleted {', '.join(gone)}." if gone else "Nothing was old."


def older_than(days: int, store: Dated, clock: Clock = time.time) -> Prune:
    return lambda: store.prune(clock() - timedelta(days=days).total_seconds())


def tallies_older_than(days: int, tally: Tally, clock: Clock = time.time) -> Prune:
    def prune() -> int:
        first_kept = datetime.fromtimestamp(clock(), UTC) - timedelta(days=days)
        return tally.prune(first_kept.date().isoformat())

    return prune
