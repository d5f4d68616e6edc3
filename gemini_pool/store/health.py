"""What the health checks found: of each account the last time, and of the last round in numbers."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from peewee import BooleanField, FloatField, IntegerField, Model, TextField

from gemini_pool.store.db import Store

ONLY = 1


class Found(StrEnum):
    """What a check found an account to be."""

    HEALTHY = "healthy"
    NEEDS_SIGN_IN = "needs_sign_in"
    FORBIDDEN = "forbidden"
    LIMITED = "limited"
    UNREACHABLE = "unreachable"


class HealthRow(Model):
    account_id = IntegerField(primary_key=True)
    found = TextField()
    message = TextField()
    error_code = TextField()
    ms = IntegerField(null=True)
    at = FloatField()
    failures = IntegerField()
    network_errors = IntegerField()
    next_at = FloatField(null=True)
    taken_out = BooleanField()

    class Meta:
        table_name = "health"


class RoundRow(Model):
    id = IntegerField(primary_key=True)
    at = FloatField()
    ms = IntegerField()
    passed = IntegerField()
    failed = IntegerField()
    taken_out = IntegerField()
    recovered = IntegerField()
    skipped = IntegerField()
    outage = BooleanField()

    class Meta:
        table_name = "health_round"


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found of an account the last time; times in epoch seconds.

    `error_code` is the error's class; `ms` None where it was not asked, for it had answered a caller.
    `failures` and `network_errors` are in a row; `taken_out` when a check took it out of the pool, and it is
    not looked at again before `next_at`.
    """

    account_id: int
    found: Found
    at: float
    message: str = ""
    error_code: str = ""
    ms: int | None = None
    failures: int = 0
    network_errors: int = 0
    next_at: float | None = None
    taken_out: bool = False


@dataclass(frozen=True, slots=True)
class RoundCounts:
    """A round in numbers of accounts: `at` in epoch seconds, how long it took in ms. In an `outage` nobody
    could be reached, and nobody is blamed."""

    at: float
    ms: int
    passed: int = 0
    failed: int = 0
    taken_out: int = 0
    recovered: int = 0
    skipped: int = 0
    outage: bool = False


class Health:
    """Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db

    def checkups(self) -> dict[int, Checkup]:
        """What was found, by account."""
        with self._store.reading():
            return {row.account_id: _checkup(row) for row in HealthRow.select().execute(self._db)}

    def note(self, checkups: Iterable[Checkup]) -> None:
        """Keep what was found now, in the place of what was found before."""
        with self._store.writing(shared=False):
            for one in checkups:
                HealthRow.replace(asdict(one) | {"found": one.found.value}).execute(self._db)

    def last_round(self) -> RoundCounts | None:
        with self._store.reading():
            rows = list(RoundRow.select().execute(self._db))
        return _counts(rows[0]) if rows else None

    def end_round(self, counts: RoundCounts, account_ids: Iterable[int]) -> None:
        """Keep a round's numbers; what is kept of accounts that are no more is forgotten."""
        with self._store.writing(shared=False):
            RoundRow.replace(id=ONLY, **asdict(counts)).execute(self._db)
            HealthRow.delete().where(HealthRow.account_id.not_in(list(account_ids))).execute(self._db)


def _checkup(row: HealthRow) -> Checkup:
    return Checkup(
        account_id=row.account_id,
        found=Found(row.found),
        at=row.at,
        message=row.message,
        error_code=row.error_code,
        ms=row.ms,
        failures=row.failures,
        network_errors=row.network_errors,
        next_at=row.next_at,
        taken_out=row.taken_out,
    )


def _counts(row: RoundRow) -> RoundCounts:
    return RoundCounts(
        at=row.at,
        ms=row.ms,
        passed=row.passed,
        failed=row.failed,
        taken_out=row.taken_out,
        recovered=row.recovered,
        skipped=row.skipped,
        outage=row.outage,
    )
