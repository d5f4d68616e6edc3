"""Which account's cookies are still to be brought to which peer. Holds no secret, and survives restarts."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from peewee import CompositeKey, FloatField, IntegerField, Model, fn

from gemini_pool.store.db import Store

FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 3600.0
MOST_AT_ONCE = 50
ONCE_MORE = """
ON CONFLICT (peer_id, account_id) DO UPDATE
SET turn = turn + 1, tries = 0, next_at = excluded.next_at
"""
FOR_ENABLED = f"""
INSERT INTO peer_queue (peer_id, account_id, turn, tries, next_at)
SELECT id, ?, 1, 0, ? FROM peers WHERE enabled {ONCE_MORE}
"""  # noqa: S608
FOR_ONE = f"""
INSERT INTO peer_queue (peer_id, account_id, turn, tries, next_at) VALUES (?, ?, 1, 0, ?) {ONCE_MORE}
"""  # noqa: S608


class QueueRow(Model):
    peer_id = IntegerField()
    account_id = IntegerField()
    turn = IntegerField()
    tries = IntegerField()
    next_at = FloatField()

    class Meta:
        table_name = "peer_queue"
        primary_key = CompositeKey("peer_id", "account_id")


@dataclass(frozen=True, slots=True)
class Errand:
    """An account whose cookies a peer is to have. `turn` counts how often it was asked for: what is asked for
    again while it is on its way is not done with its arrival."""

    peer_id: int
    account_id: int
    turn: int
    tries: int


class PushQueue:
    """Of a peer and an account there is one errand at most."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def enqueue(self, account_id: int) -> None:
        """Have the account's cookies brought to all peers that are switched on, as soon as may be."""
        with self._store.writing(shared=False):
            self._store.db.execute_sql(FOR_ENABLED, (account_id, self._clock()))

    def enqueue_for(self, peer_id: int, account_ids: Iterable[int]) -> int:
        """The same for one peer and several accounts; how many those are."""
        rows = [(peer_id, account_id, self._clock()) for account_id in account_ids]
        with self._store.writing(shared=False):
            for row in rows:
                self._store.db.execute_sql(FOR_ONE, row)
        return len(rows)

    def hurry(self, peer_id: int) -> None:
        """Try what waits for a peer at once: somebody mended something."""
        with self._store.writing(shared=False):
            now = {"tries": 0, "next_at": self._clock()}
            QueueRow.update(now).where(QueueRow.peer_id == peer_id).execute(self._store.db)

    def due(self) -> list[Errand]:
        """The errands whose time has come, those that have waited longest first; a few of them when there are
        many."""
        ripe = QueueRow.select().where(QueueRow.next_at <= self._clock())
        with self._store.reading():
            rows = ripe.order_by(QueueRow.next_at).limit(MOST_AT_ONCE).execute(self._store.db)
            return [Errand(row.peer_id, row.account_id, row.turn, row.tries) for row in rows]

    def waiting(self) -> dict[int, int]:
        """How many errands there are for each peer that has any."""
        counted = QueueRow.select(QueueRow.peer_id, fn.COUNT(QueueRow.account_id)).group_by(QueueRow.peer_id)
        with self._store.reading():
            return dict(counted.tuples().execute(self._store.db))

    def done(self, errand: Errand) -> None:
        """It arrived."""
        with self._store.writing(shared=False):
            QueueRow.delete().where(_this(errand)).execute(self._store.db)

    def postpone(self, errands: Iterable[Errand]) -> None:
        """They failed: tried again after a pause that grows with each failure, up to an hour."""
        with self._store.writing(shared=False):
            for errand in errands:
                later = {"tries": errand.tries + 1, "next_at": self._clock() + pause(errand.tries)}
                QueueRow.update(later).where(_this(errand)).execute(self._store.db)


def pause(failures: int) -> float:
    """Seconds until the next try after so many failures before this one."""
    return float(min(FIRST_PAUSE_SECONDS * 2 ** min(failures, 20), LONGEST_PAUSE_SECONDS))


def _this(errand: Errand) -> "object":
    return (
        (QueueRow.peer_id == errand.peer_id)
        & (QueueRow.account_id == errand.account_id)
        & (QueueRow.turn == errand.turn)
    )
