"""The call journal: one row a call, written behind the requests.

A database that does not answer costs rows in the end, never an answer.
"""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from operator import attrgetter
from typing import Any, Self

from gemini_pool.errors import PoolError, StoreError
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.call_filter import EVERY_CALL, NEWEST_FIRST, CallFilter
from gemini_pool.store.db import Store

log = logging.getLogger(__name__)

MOST_WAITING = 50_000
MOST_IN_BATCH = 500
# How many calls a text is looked for in at one time, and up to where calls are counted.
MOST_SEARCHED = 100_000
MOST_COUNTED = 1_000_000
MINUTE = 60
LONGEST_MESSAGE = 1_000


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """An account that was asked in vain: the error's class, its message, and after how many milliseconds."""

    account: int
    error: str
    message: str
    ms: int

    @classmethod
    def of(cls, account: int, error: PoolError, seconds: float) -> Self:
        return cls(account, type(error).__name__, message_of(error), round(seconds * 1000))


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call. `at` in epoch seconds; `first_ms` to the first event, `total_ms` to the end.

    `outcome` is a word of pool.answer.Outcome, `status` the HTTP status that tells of it, `error` the error's
    class. `attempts` are those that failed, in their order. None stands for what nobody knows.
    """

    at: float
    request_id: str
    key_id: int | None
    key_name: str
    account_id: int | None
    model: str
    endpoint: str
    outcome: str
    error: str
    first_ms: int | None
    total_ms: int
    prompt_tokens: int
    completion_tokens: int
    address: str = ""
    request_bytes: int | None = None
    response_bytes: int | None = None
    status: int | None = None
    error_message: str = ""
    attempts: tuple[AttemptRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call on disk."""

    id: int
    call: CallRecord


@dataclass(frozen=True, slots=True)
class CallPage:
    """Calls, newest first. `next_before` asks for those that follow; None when there are no more.

    `searched_since` is set when a text was looked for no further back than that moment: what follows may
    hold more, even where this page is empty.
    """

    calls: tuple[KeptCall, ...]
    next_before: int | None = None
    searched_since: float | None = None


@dataclass(frozen=True, slots=True)
class CallCount:
    """How many calls; when not `exact`, there may be more."""

    number: int
    exact: bool = True


COLUMNS = [f.name for f in fields(CallRecord)]  # `attempts` is the last, and is written as JSON
INSERT = f"INSERT INTO calls ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
SELECT = f"SELECT id, {', '.join(COLUMNS)} FROM calls"  # noqa: S608
PLAIN = attrgetter(*COLUMNS[:-1])


class CallJournal:
    """Thread-safe. `counted` is given each batch inside the transaction that writes it."""

    def __init__(
        self,
        store: Store,
        behind: WriteBehind,
        counted: Callable[[Sequence[CallRecord]], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._behind = behind
        self._counted = counted
        self._waiting: deque[CallRecord] = deque()
        self._flushing = threading.Lock()
        self._full = False
        behind.add(self.flush)

    def record(self, call: CallRecord) -> None:
        """Keep a call; returns at once."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(call)
        elif not self._full:
            self._full = True
            log.error("the call journal is full: no more calls are kept until the database takes them")
        self._behind.wake()

    def flush(self) -> None:
        """Write what is waiting now. StoreError: what could not be written waits for the next time."""
        with self._flushing:
            due = len(self._waiting)  # with those that come in meanwhile this might never end
            while due:
                batch = [self._waiting.popleft() for _ in range(min(due, MOST_IN_BATCH))]
                due -= len(batch)
                self._write(batch)
            self._full = False

    def recent(self, limit: int = 100) -> list[CallRecord]:
        """The newest calls on disk, those written last first."""
        return [kept.call for kept in self._read(f"{SELECT} ORDER BY id DESC LIMIT ?", limit)]

    def get(self, call_id: int) -> KeptCall | None:
        """A call on disk, unless it has been deleted meanwhile."""
        return next(iter(self._read(f"{SELECT} WHERE id = ?", call_id)), None)

    def page(
        self,
        wanted: CallFilter = EVERY_CALL,
        *,
        before_id: int | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> CallPage:
        """Calls on disk, newest first: those that follow one of them, or after so many left out."""
        last = self._moment(before_id) if before_id is not None else None
        if before_id is not None and last is None:
            return CallPage(())  # it was deleted, and what is older was so before it
        wanted = replace(wanted, before=last)
        horizon = self._horizon(wanted) if wanted.text else None
        where, values = replace(wanted, horizon=horizon).in_sql()
        found = self._read(
            f"{SELECT} WHERE {where} {NEWEST_FIRST} LIMIT ? OFFSET ?", *values, limit + 1, offset
        )
        shown = tuple(found[:limit])
        if len(found) > limit:
            return CallPage(shown, shown[-1].id if shown else before_id)
        return CallPage(shown, *((horizon[1], horizon[0]) if horizon else ()))

    def count(self, wanted: CallFilter = EVERY_CALL) -> CallCount:
        """How many calls on disk there are; of a text, in those that it is looked for in at one time."""
        horizon = self._horizon(wanted) if wanted.text else None
        where, values = replace(wanted, horizon=horizon).in_sql()
        rows = self._rows(
            f"SELECT COUNT(*) FROM (SELECT 1 FROM calls WHERE {where} LIMIT ?)",  # noqa: S608
            *values,
            MOST_COUNTED + 1,
        )
        number = int(rows[0][0])
        return CallCount(min(number, MOST_COUNTED), horizon is None and number <= MOST_COUNTED)

    def newest(self) -> int:
        """The id of the call on disk that was written last; 0 when there is none."""
        return int(self._rows("SELECT COALESCE(MAX(id), 0) FROM calls")[0][0])

    def last_minute(self, clock: Callable[[], float] = time.time) -> int:
        """How many calls on disk were begun within the last minute, by all processes."""
        return int(self._rows("SELECT COUNT(*) FROM calls WHERE at > ?", clock() - MINUTE)[0][0])

    def answered_since(self, moment: float) -> dict[int, float]:
        """When each account last began an answer that succeeded, of those since a moment (epoch seconds)."""
        answers = "account_id IS NOT NULL AND outcome = 'ok'"
        return dict(
            self._rows(
                f"SELECT account_id, MAX(at) FROM calls WHERE at >= ? AND {answers} GROUP BY account_id",  # noqa: S608
                moment,
            )
        )

    def prune(self, before: float) -> int:
        """Delete the calls before a moment (epoch seconds); how many those were."""
        return self._store.shed("calls", "at < ?", before)

    def _horizon(self, wanted: CallFilter) -> tuple[float, int] | None:
        """When and which is the last call that a text is looked for in; None when that is all of them."""
        where, values = replace(wanted, text="").in_sql()
        rows = self._rows(
            f"SELECT at, id FROM calls WHERE {where} {NEWEST_FIRST} LIMIT 1 OFFSET ?",  # noqa: S608
            *values,
            MOST_SEARCHED - 1,
        )
        return rows[0] if rows else None

    def _moment(self, call_id: int) -> tuple[float, int] | None:
        rows = self._rows("SELECT at, id FROM calls WHERE id = ?", call_id)
        return rows[0] if rows else None

    def _read(self, query: str, *values: object) -> list[KeptCall]:
        return [_kept(row) for row in self._rows(query, *values)]

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._store.reading():
            return list(self._store.db.execute_sql(query, values))

    def _write(self, batch: list[CallRecord]) -> None:
        try:
            # One prepared statement: building an INSERT of the batch took a tenth of the whole process.
            with self._store.writing(shared=False):
                self._store.db.connection().executemany(INSERT, map(_row, batch))
                self._counted(batch)
        except StoreError:
            self._put_back(batch)
            raise

    def _put_back(self, batch: list[CallRecord]) -> None:
        self._waiting.extendleft(reversed(batch))
        while len(self._waiting) > MOST_WAITING:
            self._waiting.pop()


def message_of(error: BaseException | None) -> str:
    """What an error says, where it is one of ours: what others say may be nobody's business."""
    return str(error)[:LONGEST_MESSAGE] if isinstance(error, PoolError) else ""


def _row(call: CallRecord) -> tuple[object, ...]:
    attempts = json.dumps([asdict(attempt) for attempt in call.attempts]) if call.attempts else ""
    return (*PLAIN(call), attempts)


def _kept(row: Sequence[Any]) -> KeptCall:
    call_id, *values, attempts = row
    values.append(tuple(AttemptRecord(**attempt) for attempt in json.loads(attempts or "[]")))
    return KeptCall(call_id, CallRecord(*values))
