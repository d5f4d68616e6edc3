"""Sign-ins by browser: each that was made, what was seen where it failed, how accounts fare with them."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from peewee import AutoField, BooleanField, FloatField, IntegerField, Model, TextField

from gemini_pool.errors import StoreError
from gemini_pool.store.db import Store
from gemini_pool.store.works import Step

FOLDER = "sign-ins"
PICTURE, PAGE = "png", "html"
LONGEST_PAUSE_SECONDS = 24 * 3600.0
MOST_LISTED = 20


class SignInOutcome(StrEnum):
    """How a sign-in ended; cut off: its process did before."""

    RUNNING = ""
    OK = "ok"
    FAILED = "failed"
    PERSON = "needs_person"
    STOPPED = "stopped"
    CUT_OFF = "cut_off"


class SignInRow(Model):
    id = AutoField()
    account_id = IntegerField(null=True)
    address = TextField()
    work_id = IntegerField()
    started_at = FloatField()
    ended_at = FloatField(null=True)
    outcome = TextField(default="")
    message = TextField(default="")
    steps = TextField(default="[]")
    evidence = BooleanField(default=False)

    class Meta:
        table_name = "sign_ins"


class TroubleRow(Model):
    account_id = IntegerField(primary_key=True)
    at = FloatField()
    failures = IntegerField()
    next_at = FloatField()
    person = BooleanField()
    message = TextField()

    class Meta:
        table_name = "sign_in_troubles"


@dataclass(frozen=True, slots=True)
class SignIn:
    """One that was made; times in epoch seconds. `evidence`: there is a picture and a page of its failure."""

    id: int
    account_id: int | None
    address: str
    work_id: int
    started_at: float
    ended_at: float | None
    outcome: SignInOutcome
    message: str
    steps: tuple[Step, ...]
    evidence: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """An account whose last sign-in failed `at`: how many in a row, and when the next is due (epoch seconds).
    `person`: none is, until somebody did something."""

    account_id: int
    at: float
    failures: int
    next_at: float
    person: bool
    message: str


class SignIns:
    """The history, and the troubles that are open. Pictures and pages lie as files in `folder`."""

    def __init__(self, store: Store, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._db = store.db
        self._folder = folder / FOLDER
        self._clock = clock

    def begin(self, account_id: int | None, address: str, work_id: int) -> int:
        """A sign-in begins; its id. What of the same account or address is still open was cut off."""
        theirs = SignInRow.account_id == account_id if account_id else SignInRow.address == address
        still = theirs & (SignInRow.outcome == SignInOutcome.RUNNING.value)
        with self._store.writing(shared=False):
            SignInRow.update(outcome=SignInOutcome.CUT_OFF.value).where(still).execute(self._db)
            return int(
                SignInRow.insert(
                    account_id=account_id, address=address, work_id=work_id, started_at=self._clock()
                ).execute(self._db)
            )

    def end(
        self,
        sign_in_id: int,
        outcome: SignInOutcome,
        message: str,
        steps: Sequence[Step],
        *,
        account_id: int | None = None,
    ) -> None:
        """A sign-in ended; `account_id` where that is known since."""
        told = {
            "outcome": outcome.value,
            "message": message,
            "steps": json.dumps([[step.name, step.ms] for step in steps]),
            "ended_at": self._clock(),
        }
        if account_id is not None:
            told["account_id"] = account_id
        with self._store.writing(shared=False):
            SignInRow.update(told).where(SignInRow.id == sign_in_id).execute(self._db)

    def keep(self, sign_in_id: int, picture: bytes, page: str) -> None:
        """What was to be seen when it failed; StoreError."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._file(sign_in_id, PICTURE).write_bytes(picture)
            self._file(sign_in_id, PAGE).write_text(page, encoding="utf-8")
        except OSError as error:
            raise StoreError(f"What was seen of a sign-in could not be written: {error}") from error
        with self._store.writing(shared=False):
            SignInRow.update(evidence=True).where(SignInRow.id == sign_in_id).execute(self._db)

    def seen(self, sign_in_id: int, suffix: str) -> Path | None:
        """The picture (`png`) or page (`html`) of a failure, if it was kept."""
        file = self._file(sign_in_id, suffix)
        return file if file.is_file() else None

    def get(self, sign_in_id: int) -> SignIn | None:
        with self._store.reading():
            rows = SignInRow.select().where(SignInRow.id == sign_in_id).execute(self._db)
            return _sign_in(rows[0]) if len(rows) else None

    def of_account(self, account_id: int) -> list[SignIn]:
        """The latest sign-ins of an account, the newest first."""
        return self._listed(SignInRow.account_id == account_id)

    def of_work(self, work_id: int) -> list[SignIn]:
        """Those of a piece of work, the newest first."""
        return self._listed(SignInRow.work_id == work_id, limit=1000)

    def prune(self, before: float) -> int:
        """Forget what began before a moment (epoch seconds), with its files; how many that were."""
        with self._store.reading():
            query = SignInRow.select(SignInRow.id).where(SignInRow.started_at < before).tuples()
            old = [sign_in_id for (sign_in_id,) in query.execute(self._db)]
        for sign_in_id in old:
            self._burn(sign_in_id)
        return self._store.shed("sign_ins", "started_at < ?", before)

    # How accounts fare

    def settle(self, account_id: int) -> None:
        """An account's troubles are over: it is signed in, or somebody did something about it."""
        with self._store.writing(shared=False):
            TroubleRow.delete().where(TroubleRow.account_id == account_id).execute(self._db)

    def went_wrong(self, account_id: int, message: str, *, again: bool, pause: float) -> Trouble:
        """A sign-in failed; the next is due after `pause` seconds, twice as long after each further failure.
        Without `again` there is none, until it is settled."""
        with self._store.writing(shared=False):
            before = TroubleRow.select(TroubleRow.failures).where(TroubleRow.account_id == account_id)
            failures = int(before.scalar(self._db) or 0) + 1
            wait = min(pause * 2.0 ** min(failures - 1, 20), LONGEST_PAUSE_SECONDS)
            now = self._clock()
            trouble = Trouble(account_id, now, failures, now + wait, not again, message)
            TroubleRow.replace(
                account_id=account_id,
                at=now,
                failures=failures,
                next_at=trouble.next_at,
                person=trouble.person,
                message=message,
            ).execute(self._db)
        return trouble

    def troubles(self) -> dict[int, Trouble]:
        """All that are open, by account."""
        with self._store.reading():
            rows = list(TroubleRow.select().execute(self._db))
        names = Trouble.__slots__
        return {row.account_id: Trouble(**{name: getattr(row, name) for name in names}) for row in rows}

    def _listed(self, which: object, limit: int = MOST_LISTED) -> list[SignIn]:
        query = SignInRow.select().where(which).order_by(SignInRow.id.desc()).limit(limit)
        with self._store.reading():
            return [_sign_in(row) for row in query.execute(self._db)]

    def _file(self, sign_in_id: int, suffix: str) -> Path:
        return self._folder / f"{sign_in_id}.{suffix}"

    def _burn(self, sign_in_id: int) -> None:
        for suffix in (PICTURE, PAGE):
            with suppress(OSError):
                self._file(sign_in_id, suffix).unlink(missing_ok=True)


def _sign_in(row: SignInRow) -> SignIn:
    return SignIn(
        id=row.id,
        account_id=row.account_id,
        address=row.address,
        work_id=row.work_id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        outcome=SignInOutcome(row.outcome),
        message=row.message,
        steps=tuple(Step(name, ms) for name, ms in json.loads(row.steps)),
        evidence=row.evidence,
    )
