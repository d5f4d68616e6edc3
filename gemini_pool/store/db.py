"""The door to peewee: opening the database, migrating it, and noticing what other processes wrote."""

import fcntl
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from peewee import DatabaseError, IntegerField, InterfaceError, Model, SqliteDatabase
from playhouse.migrations import MigrationError, Runner

from gemini_pool.errors import StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")

MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"
BUSY_TIMEOUT_MS = 20_000
PRAGMAS = {
    "journal_mode": "wal",  # readers never wait for the writer
    "synchronous": "full",  # a cool-down or a key that was acknowledged survives a power cut
    "busy_timeout": BUSY_TIMEOUT_MS,
    "foreign_keys": 1,
}
LOOK_EVERY_SECONDS = 0.2
# How long a request waits while another reads a cache anew.
PATIENCE_SECONDS = 0.5
MOST_SHED_AT_ONCE = 1_000
BREATH_SECONDS = 0.05


class Revision(Model):
    """One row, counted up in the transaction of every change that other processes must see."""

    number = IntegerField()

    class Meta:
        table_name = "revision"


class Store:
    """One SQLite database. A thread has a connection of its own for as long as it uses it."""

    def __init__(self, path: Path) -> None:
        self.db = SqliteDatabase(str(path), pragmas=PRAGMAS)
        self._path = path
        self._opened: list[tuple[sqlite3.Connection, threading.Lock]] = []

    def open(self, lock: threading.Lock, **options: Any) -> sqlite3.Connection:
        """A connection beside those of the threads, for whoever must not share one; `lock` is held by him
        whenever he uses it."""
        connection = sqlite3.connect(self._path, check_same_thread=False, **options)
        self._opened.append((connection, lock))
        return connection

    def close(self) -> None:
        """Close what was opened so; what still wants to use it finds that the database does not answer."""
        for connection, lock in self._opened:
            with lock:  # SQLite does not survive a connection that is closed in the midst of its use
                connection.close()

    def migrate(self) -> list[str]:
        """Bring the schema up to date; the names of the migrations that ran. Safe in several processes."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)  # who calls, and how often, is the operator's business alone
            with _exclusive(self._path.with_suffix(".migrating")), self.reading():
                return list(Runner(self.db, str(MIGRATIONS)).up())
        except OSError as error:
            raise StoreError(f"The folder of the database (DATA_DIR) cannot be used: {error}") from error
        except MigrationError as error:
            raise StoreError(f"The database could not be brought up to date: {error}") from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A connection for this thread; StoreError for whatever the database refuses."""
        try:
            with self.db.connection_context():
                yield
        except (DatabaseError, InterfaceError, sqlite3.Error) as error:
            raise StoreError(f"The database does not answer: {error}") from error

    @contextmanager
    def writing(self, *, shared: bool = True) -> Iterator[None]:
        """A short write transaction. `shared` tells other processes to read anew what they hold."""
        with self.reading(), self.db.atomic("IMMEDIATE"):
            yield
            if shared:
                Revision.update(number=Revision.number + 1).execute(self.db)

    def shed(self, table: str, where: str, *values: object) -> int:
        """Delete the rows of a table that a condition in SQL holds for; how many those were.

        A part at a time, with a breath in between: requests write to the same database.
        """
        some = f"SELECT rowid FROM {table} WHERE {where} LIMIT {MOST_SHED_AT_ONCE}"  # noqa: S608
        deleted = 0
        while True:
            with self.writing(shared=False):
                count = self.db.execute_sql(f"DELETE FROM {table} WHERE rowid IN ({some})", values).rowcount  # noqa: S608
            deleted += count
            if count < MOST_SHED_AT_ONCE:
                return deleted
            time.sleep(BREATH_SECONDS)

    def copy_to(self, path: Path) -> None:
        """Write a whole copy of the database as it is now; nobody has to wait for it."""
        try:
            with closing(sqlite3.connect(self._path)) as source, closing(sqlite3.connect(path)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = delete")  # one file, and none beside it
        except sqlite3.Error as error:
            raise StoreError(f"The database could not be copied: {error}") from error

    def revision(self) -> int:
        with self.reading():
            return int(Revision.select(Revision.number).tuples().execute(self.db)[0][0])

    def watch(self, clock: Callable[[], float] = time.monotonic) -> "Watch":
        return Watch(self, clock)


class Watch:
    """Tells one holder of a cache when the store has moved on, at the price of a clock reading.

    At most every 200 ms one thread looks, first at SQLite's own change counter and only when that moved
    at the revision; the others go on with what they have.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._looking = threading.Lock()
        self._next_look = 0.0
        # A connection that never writes, so that every commit of others shows in its counter.
        self._connection = store.open(self._looking)
        self._data_version = self._one("PRAGMA data_version")
        self._revision = self._one("SELECT number FROM revision")

    def changed(self) -> bool:
        """Whether the shared rows changed since the last call that said so."""
        if self._clock() < self._next_look or not self._looking.acquire(blocking=False):
            return False
        try:
            self._next_look = self._clock() + LOOK_EVERY_SECONDS
            return self._look()
        except sqlite3.Error:
            # What is held can go on serving; the next look tries again.
            log.warning("the database does not answer; going on with what is in memory", exc_info=True)
            return False
        finally:
            self._looking.release()

    def _look(self) -> bool:
        version = self._one("PRAGMA data_version")
        if version == self._data_version:
            return False
        revision = self._one("SELECT number FROM revision")
        moved = revision != self._revision
        self._data_version, self._revision = version, revision
        return moved

    def _one(self, question: str) -> int:
        return int(self._connection.execute(question).fetchone()[0])


class Cached(Generic[T]):
    """Something read from the store and held until the store moves on.

    What cannot be read when it has moved is read at the next request; meanwhile the old serves.
    """

    def __init__(self, store: Store, read: Callable[[], T]) -> None:
        self._watch = store.watch()
        self._read = read
        self._renewing = threading.Lock()
        self._stale = False
        self._value = read()

    def get(self) -> T:
        """Who comes while it is read anew waits: what was held may be as old as the last request."""
        if self._renewing.acquire(timeout=PATIENCE_SECONDS):
            try:
                if self._watch.changed() or self._stale:
                    self.renew()
            finally:
                self._renewing.release()
        return self._value

    def outdate(self) -> None:
        """What is held is known to be old: the next `get` reads anew."""
        self._stale = True

    def renew(self) -> None:
        """Read anew now, without waiting for the store to be seen moving."""
        self._stale = False
        try:
            self._value = self._read()
        except StoreError:
            self._stale = True
            log.warning("the store could not be read; going on with what is in memory", exc_info=True)


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """One process at a time; the lock goes with the process, however it ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
