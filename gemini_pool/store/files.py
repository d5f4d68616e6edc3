"""The files that callers uploaded: whose they are and what is known of them. The bytes lie elsewhere."""

from dataclasses import asdict, dataclass

from peewee import FloatField, IntegerField, Model, TextField, fn

from gemini_pool.errors import NoSuchFile, TooLarge
from gemini_pool.settings import MEGABYTE
from gemini_pool.store.db import Store
from gemini_pool.store.paging import in_order


class FileRow(Model):
    id = TextField(primary_key=True)
    scope = TextField()
    name = TextField()
    mime_type = TextField()
    purpose = TextField()
    bytes = IntegerField()
    digest = TextField()
    created_at = FloatField()

    class Meta:
        table_name = "files"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was uploaded. `scope` is its owner's; `digest` is the SHA-256 of its bytes, in hex;
    `created_at` in epoch seconds."""

    id: str
    scope: str
    name: str
    mime_type: str
    purpose: str
    bytes: int
    digest: str
    created_at: float


class Files:
    """Thread-safe. Whoever asks names his scope: the files of another do not exist for him.

    `most_bytes` is how much the files of one scope may be together.
    """

    def __init__(self, store: Store, *, most_bytes: int) -> None:
        self._store = store
        self._db = store.db
        self._most_bytes = most_bytes

    def add(self, file: StoredFile) -> None:
        """Keep what is known of a file; TooLarge when its owner has too much then."""
        with self._store.writing(shared=False):
            self._check_room(file.scope, file.bytes)
            FileRow.insert(**asdict(file)).execute(self._db)

    def check_room(self, scope: str, size: int) -> None:
        """TooLarge when so many bytes more would be too much for this owner."""
        with self._store.reading():
            self._check_room(scope, size)

    def get(self, file_id: str, scope: str) -> StoredFile:
        """The file with this id; NoSuchFile."""
        with self._store.reading():
            rows = _of(scope).where(FileRow.id == file_id).dicts().execute(self._db)
            found = [StoredFile(**row) for row in rows]
        if not found:
            raise _no_such_file(file_id)
        return found[0]

    def list(
        self,
        scope: str,
        *,
        purpose: str | None = None,
        limit: int | None = None,
        newest_first: bool = True,
        after: str | None = None,
    ) -> list[StoredFile]:
        """An owner's files, from the one that comes after `after` on; NoSuchFile when that is gone."""
        rows = _of(scope)
        if purpose is not None:
            rows = rows.where(FileRow.purpose == purpose)
        last = None if after is None else self.get(after, scope)
        rows = in_order(rows, FileRow, newest_first, last)
        with self._store.reading():
            return [StoredFile(**row) for row in rows.limit(limit).dicts().execute(self._db)]

    def delete(self, file_id: str, scope: str) -> None:
        """Forget a file; NoSuchFile."""
        with self._store.writing(shared=False):
            owned = (FileRow.id == file_id) & (FileRow.scope == scope)
            deleted = FileRow.delete().where(owned).execute(self._db)
        if not deleted:
            raise _no_such_file(file_id)

    def total_bytes(self, scope: str) -> int:
        """How much the files of an owner are together."""
        with self._store.reading():
            return self._total_bytes(scope)

    def prune(self, before: float) -> int:
        """Forget the files from before a moment (epoch seconds); how many those were."""
        return self._store.shed("files", "created_at < ?", before)

    def _check_room(self, scope: str, size: int) -> None:
        total = self._total_bytes(scope)
        if total + size > self._most_bytes:
            have, new, most = (f"{n / MEGABYTE:.0f} MB" for n in (total, size, self._most_bytes))
            raise TooLarge(
                f"The files of this key are {have}, and another {new} would go over their limit of {most} "
                "(MAX_KEY_FILES_MB). Delete some that are not needed any more: GET /v1/files lists them, "
                "DELETE /v1/files/<id> deletes one.",
                param="file",
                code="files_limit_reached",
            )

    def _total_bytes(self, scope: str) -> int:
        total = FileRow.select(fn.COALESCE(fn.SUM(FileRow.bytes), 0)).where(FileRow.scope == scope)
        return int(total.scalar(self._db))


def _of(scope: str):  # type: ignore[no-untyped-def]
    return FileRow.select().where(FileRow.scope == scope)


def _no_such_file(file_id: str) -> NoSuchFile:
    return NoSuchFile(
        f"No file {file_id!r} belongs to this key: it was deleted, it was too old, or another key has it. "
        "GET /v1/files lists those there are."
    )
