"""What happened to each account, for its timeline; the last of it is kept."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from peewee import AutoField, FloatField, IntegerField, Model, TextField

from gemini_pool.roster import Account, QuotaKind, Standing, Verdict
from gemini_pool.store.db import Store

KEPT_OF_EACH = 200


class What(StrEnum):
    """What happened to an account."""

    ADDED = "added"
    EDITED = "edited"
    NEW_COOKIES = "new_cookies"
    ENABLED = "enabled"
    DISABLED = "disabled"
    RATE_LIMITED = "rate_limited"
    FAILING = "failing"
    NEEDS_SIGN_IN = "needs_sign_in"
    FORBIDDEN = "forbidden"
    RECOVERED = "recovered"


class HistoryRow(Model):
    id = AutoField()
    account_id = IntegerField()
    at = FloatField()
    what = TextField()
    kind = TextField(null=True)
    reason = TextField()

    class Meta:
        table_name = "account_history"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `at` in epoch seconds, `kind` where it is of one kind of answer alone."""

    id: int
    at: float
    what: What
    reason: str
    kind: QuotaKind | None = None


class History:
    """All that happened, by account."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def begin(self) -> "Chapter":
        """What happens in one transaction; the caller is in it."""
        return Chapter(self._store, self._clock())

    def of(self, account_id: int, limit: int) -> list[Event]:
        """What happened to an account, the latest first."""
        rows = HistoryRow.select().where(HistoryRow.account_id == account_id)
        latest = rows.order_by(HistoryRow.id.desc()).limit(limit)
        with self._store.reading():
            return [_event(row) for row in latest.execute(self._store.db)]


class Chapter:
    """Written within the transaction that changes the accounts; `touched` are those it is about."""

    def __init__(self, store: Store, at: float) -> None:
        self._db = store.db
        self._at = at
        self.touched: list[int] = []

    def note(self, account_id: int, what: What, reason: str = "", kind: QuotaKind | None = None) -> None:
        self.touched.append(account_id)
        HistoryRow.insert(
            account_id=account_id, at=self._at, what=what.value, kind=kind and kind.value, reason=reason
        ).execute(self._db)
        theirs = HistoryRow.account_id == account_id
        newest = HistoryRow.select(HistoryRow.id).where(theirs).order_by(HistoryRow.id.desc())
        old = HistoryRow.id.not_in(newest.limit(KEPT_OF_EACH))
        HistoryRow.delete().where(theirs, old).execute(self._db)

    def close(self, account_id: int) -> None:
        """The account is deleted, and its history with it."""
        self.touched.append(account_id)
        HistoryRow.delete().where(HistoryRow.account_id == account_id).execute(self._db)


def meaning(before: Account, verdict: Verdict) -> What | None:
    """What a verdict on an account as it stood is called; None when nothing that people see has changed."""
    after = before.after(verdict)
    if after.standing is not before.standing:
        return What.RECOVERED if after.standing is Standing.GOOD else What(after.standing.value)
    if after.cooldowns != before.cooldowns:
        return What.RATE_LIMITED
    if after.resting_until > before.resting_until:
        return What.FAILING
    return What.RECOVERED if before.strikes and not after.strikes else None


def _event(row: HistoryRow) -> Event:
    return Event(row.id, row.at, What(row.what), row.reason, QuotaKind(row.kind) if row.kind else None)
