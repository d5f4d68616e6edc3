"""What is wrong with the pool: since when, whether it was told, and to whom it is still to be told.

The book sees what holds at each look. What held at two looks in a row is told, once; when it was missing at
two, that is told as well. What comes and goes between is not worth a word.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from peewee import AutoField, BooleanField, CompositeKey, FloatField, IntegerField, Model, TextField

from gemini_pool.store.db import Store
from gemini_pool.store.live import Happened, Live

LOOKS = 2
MOST_LISTED = 100
RECOVERED = "recovered"


class ConditionRow(Model):
    key = TextField(primary_key=True)
    event = TextField()
    title = TextField()
    message = TextField()
    account_id = IntegerField(null=True)
    account = TextField()
    since = FloatField()
    told = BooleanField()
    looks = IntegerField()

    class Meta:
        table_name = "conditions"


class AlertRow(Model):
    id = AutoField()
    at = FloatField()
    event = TextField()
    title = TextField()
    message = TextField()
    account_id = IntegerField(null=True)
    account = TextField()

    class Meta:
        table_name = "alerts"


class DeliveryRow(Model):
    alert_id = IntegerField()
    place = TextField()
    tries = IntegerField()

    class Meta:
        table_name = "alert_deliveries"
        primary_key = CompositeKey("alert_id", "place")


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong. The `key` tells it from all others; `account` is an id and a name where it is
    about one account."""

    key: str
    event: str
    title: str
    message: str
    account: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """A condition that was told and holds still; `since` in epoch seconds."""

    condition: Condition
    since: float


@dataclass(frozen=True, slots=True)
class Told:
    """An alert: something that began, or that is over; `at` in epoch seconds."""

    id: int
    at: float
    event: str
    title: str
    message: str
    account: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An alert that is still to be told to a place; `tries` have failed."""

    alert: Told
    place: str
    tries: int


class AlertBook:
    """Kept by whichever process runs the jobs, read by all."""

    def __init__(self, store: Store, live: Live, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._db = store.db
        self._live = live
        self._clock = clock

    def look(self, conditions: Iterable[Condition], places: Sequence[str]) -> int:
        """Note what holds now; how many alerts came of it. They are to be told to these places."""
        holds = {one.key: one for one in conditions}
        with self._store.reading():
            known = {row.key: row for row in ConditionRow.select().execute(self._db)}
        if not holds and not known:
            return 0
        with self._store.writing(shared=False):
            begun = [one for key, one in holds.items() if self._holds(one, known.get(key))]
            over = [row for key, row in known.items() if key not in holds and self._is_gone(row)]
            alerts = [*begun, *map(_recovery, over)]
            for alert in alerts:
                self._tell(alert, places)
        return len(alerts)

    def holding(self) -> list[Holding]:
        """What was told and is not over, the oldest first."""
        told = ConditionRow.select().where(ConditionRow.told).order_by(ConditionRow.since, ConditionRow.key)
        with self._store.reading():
            return [Holding(_condition(row), row.since) for row in told.execute(self._db)]

    def latest(self) -> list[Told]:
        """The last alerts, the newest first."""
        newest = AlertRow.select().order_by(AlertRow.id.desc()).limit(MOST_LISTED)
        with self._store.reading():
            return [_told(row) for row in newest.execute(self._db)]

    def undelivered(self) -> list[Delivery]:
        """What is still to be told, in the order in which it happened."""
        with self._store.reading():
            waiting = list(DeliveryRow.select().order_by(DeliveryRow.alert_id).execute(self._db))
            wanted = AlertRow.id.in_({row.alert_id for row in waiting})
            alerts = {row.id: _told(row) for row in AlertRow.select().where(wanted).execute(self._db)}
        return [Delivery(alerts[row.alert_id], row.place, row.tries) for row in waiting]

    def delivered(self, delivery: Delivery) -> None:
        """It was told, or is given up."""
        with self._store.writing(shared=False):
            DeliveryRow.delete().where(_this(delivery)).execute(self._db)

    def failed(self, delivery: Delivery) -> None:
        """It is to be tried again at a later look."""
        with self._store.writing(shared=False):
            DeliveryRow.update(tries=delivery.tries + 1).where(_this(delivery)).execute(self._db)

    def prune(self, before: float) -> int:
        """Forget alerts from before a moment (epoch seconds); how many those were."""
        self._store.shed("alert_deliveries", "alert_id IN (SELECT id FROM alerts WHERE at < ?)", before)
        return self._store.shed("alerts", "at < ?", before)

    # Below, the caller is within a transaction

    def _holds(self, one: Condition, row: ConditionRow | None) -> bool:
        """Note that it holds; whether that is to be told now."""
        if row is None:
            first = _columns(one) | {"key": one.key, "since": self._clock(), "told": False, "looks": 1}
            ConditionRow.insert(first).execute(self._db)
            return False
        looks = LOOKS if row.told else row.looks + 1
        news = _columns(one) | {"told": looks >= LOOKS, "looks": looks}
        ConditionRow.update(news).where(ConditionRow.key == one.key).execute(self._db)
        return looks >= LOOKS and not row.told

    def _is_gone(self, row: ConditionRow) -> bool:
        """Note that it does not hold; whether that is to be told now."""
        mine = ConditionRow.key == row.key
        if row.told and row.looks > 1:
            ConditionRow.update(looks=row.looks - 1).where(mine).execute(self._db)
            return False
        ConditionRow.delete().where(mine).execute(self._db)
        return bool(row.told)

    def _tell(self, one: Condition, places: Sequence[str]) -> None:
        alert_id = AlertRow.insert(_columns(one) | {"at": self._clock()}).execute(self._db)
        for place in dict.fromkeys(places):
            DeliveryRow.insert(alert_id=alert_id, place=place, tries=0).execute(self._db)
        self._live.tell(Happened.NOTICE, alert_id)


def _recovery(row: ConditionRow) -> Condition:
    held = _condition(row)
    title = f"Over: {held.title[:1].lower()}{held.title[1:]}"
    return Condition(held.key, RECOVERED, title, "What was told before does not hold any more.", held.account)


def _columns(one: Condition) -> dict[str, object]:
    account_id, name = one.account or (None, "")
    return {
        "event": one.event,
        "title": one.title,
        "message": one.message,
        "account_id": account_id,
        "account": name,
    }


def _condition(row: ConditionRow) -> Condition:
    return Condition(row.key, row.event, row.title, row.message, _account(row))


def _told(row: AlertRow) -> Told:
    return Told(row.id, row.at, row.event, row.title, row.message, _account(row))


def _account(row: ConditionRow | AlertRow) -> tuple[int, str] | None:
    return None if row.account_id is None else (row.account_id, row.account)


def _this(delivery: Delivery) -> "object":
    return (DeliveryRow.alert_id == delivery.alert.id) & (DeliveryRow.place == delivery.place)
