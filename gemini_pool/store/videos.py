"""The films that callers ordered: whose they are, how far they have come, and which process is at them.

A job that was acknowledged is made however often the process that is at it dies: whoever is at one says so
again and again, and one of which nothing was heard for long is taken up by another.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from enum import StrEnum

from peewee import FloatField, IntegerField, Model, TextField

from gemini_pool.errors import LimitReached, NoSuchVideo
from gemini_pool.store.db import Store
from gemini_pool.store.paging import in_order

# How many jobs of one key may wait or be under way.
MOST_UNFINISHED = 100
RETRY_AFTER_SECONDS = 60.0


class VideoStatus(StrEnum):
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


UNFINISHED = (VideoStatus.QUEUED.value, VideoStatus.IN_PROGRESS.value)


class VideoRow(Model):
    id = TextField(primary_key=True)
    scope = TextField()
    key_id = IntegerField(null=True)
    key_name = TextField()
    request_id = TextField()
    prompt = TextField()
    model = TextField()
    seconds = TextField()
    size = TextField()
    reference = TextField()
    created_at = FloatField()
    status = TextField()
    started_at = FloatField(null=True)
    completed_at = FloatField(null=True)
    attempts = IntegerField()
    film = TextField()
    error_code = TextField()
    error_message = TextField()
    owner = TextField()
    heartbeat = FloatField()

    class Meta:
        table_name = "video_jobs"


@dataclass(frozen=True, slots=True)
class VideoJob:
    """A film that was ordered. `scope` is its owner's; `seconds` and `size` (1280x720) are empty where he
    left them open; `reference` is the id of an uploaded file, or empty.

    `film` is a name on the shelf, once it is there. `owner` is the process that is at it and last said so at
    `heartbeat`; `attempts` how often it was taken up. Times in epoch seconds.
    """

    id: str
    scope: str
    key_id: int | None
    key_name: str
    request_id: str
    prompt: str
    model: str
    seconds: str
    size: str
    reference: str
    created_at: float
    status: str = VideoStatus.QUEUED.value
    started_at: float | None = None
    completed_at: float | None = None
    attempts: int = 0
    film: str = ""
    error_code: str = ""
    error_message: str = ""
    owner: str = ""
    heartbeat: float = 0.0


class Videos:
    """Thread-safe, and so for processes. A caller names his scope: the jobs of another do not exist for him.
    A process names itself as `owner`: what it says of a job that is no longer its own changes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db

    # For callers

    def add(self, job: VideoJob) -> None:
        """Keep an order; LimitReached when too many of this owner are unfinished."""
        with self._store.writing(shared=False):
            if _of(job.scope).where(VideoRow.status.in_(UNFINISHED)).count(self._db) >= MOST_UNFINISHED:
                raise LimitReached(
                    f"{MOST_UNFINISHED} films of this key are not made yet. Wait until some are, or delete "
                    "some: GET /v1/videos lists them.",
                    retry_after=RETRY_AFTER_SECONDS,
                )
            VideoRow.insert(**asdict(job)).execute(self._db)

    def get(self, job_id: str, scope: str) -> VideoJob:
        """The job with this id; NoSuchVideo."""
        with self._store.reading():
            return self._get(job_id, scope)

    def list(
        self, scope: str, *, limit: int | None = None, newest_first: bool = True, after: str | None = None
    ) -> list[VideoJob]:
        """An owner's jobs, from the one that comes after `after` on; NoSuchVideo when that is gone."""
        last = None if after is None else self.get(after, scope)
        rows = in_order(_of(scope), VideoRow, newest_first, last)
        with self._store.reading():
            return [VideoJob(**row) for row in rows.limit(limit).dicts().execute(self._db)]

    def delete(self, job_id: str, scope: str) -> VideoJob:
        """Forget a job; as it was last, since there may be a film to delete as well. NoSuchVideo."""
        with self._store.writing(shared=False):
            job = self._get(job_id, scope)
            VideoRow.delete().where(VideoRow.id == job_id).execute(self._db)
        return job

    # For those who make the films

    def claim(self, owner: str, *, now: float, unheard_since: float) -> VideoJob | None:
        """The oldest job that waits, or of whose owner nothing was heard since; it is this owner's now."""
        waiting = VideoRow.status == VideoStatus.QUEUED.value
        left = (VideoRow.status == VideoStatus.IN_PROGRESS.value) & (VideoRow.heartbeat < unheard_since)
        due = VideoRow.select(VideoRow.id).where(waiting | left).order_by(VideoRow.created_at, VideoRow.id)
        with self._store.reading():
            if not due.exists(self._db):  # nearly always, and nobody is kept from writing
                return None
        with self._store.writing(shared=False):
            found = [job_id for (job_id,) in due.limit(1).tuples().execute(self._db)]
            if not found:
                return None
            mine = VideoRow.id == found[0]
            VideoRow.update(
                status=VideoStatus.IN_PROGRESS.value,
                owner=owner,
                heartbeat=now,
                started_at=now,
                attempts=VideoRow.attempts + 1,
            ).where(mine).execute(self._db)
            return next(VideoJob(**row) for row in VideoRow.select().where(mine).dicts().execute(self._db))

    def beat(self, owner: str, job_ids: Collection[str], now: float) -> set[str]:
        """This owner is still at these jobs; those of them that are still his."""
        mine = _owned(owner) & VideoRow.id.in_(list(job_ids))
        with self._store.writing(shared=False):
            VideoRow.update(heartbeat=now).where(mine).execute(self._db)
            rows = VideoRow.select(VideoRow.id).where(mine).tuples().execute(self._db)
            return {job_id for (job_id,) in rows}

    def put_back(self, owner: str, job_ids: Collection[str]) -> None:
        """This owner makes them no more, and not because of them: whoever is next begins anew."""
        mine = _owned(owner) & VideoRow.id.in_(list(job_ids))
        with self._store.writing(shared=False):
            VideoRow.update(status=VideoStatus.QUEUED.value, owner="", attempts=VideoRow.attempts - 1).where(
                mine
            ).execute(self._db)

    def complete(self, owner: str, job_id: str, film: str, now: float) -> bool:
        """The film is on the shelf under this name. False when the job was deleted, or is another's now."""
        return self._end(owner, job_id, status=VideoStatus.COMPLETED.value, completed_at=now, film=film)

    def fail(self, owner: str, job_id: str, code: str, message: str, now: float) -> bool:
        """There will be no film. False as above."""
        return self._end(
            owner,
            job_id,
            status=VideoStatus.FAILED.value,
            completed_at=now,
            error_code=code,
            error_message=message,
        )

    def prune(self, before: float) -> int:
        """Forget the jobs from before a moment (epoch seconds); how many those were."""
        return self._store.shed("video_jobs", "created_at < ?", before)

    def _get(self, job_id: str, scope: str) -> VideoJob:
        rows = _of(scope).where(VideoRow.id == job_id).dicts().execute(self._db)
        found = [VideoJob(**row) for row in rows]
        if not found:
            raise NoSuchVideo(
                f"No video {job_id!r} belongs to this key: it was deleted, it was too old, or another key "
                "has it. GET /v1/videos lists those there are."
            )
        return found[0]

    def _end(self, owner: str, job_id: str, **changes: object) -> bool:
        mine = _owned(owner) & (VideoRow.id == job_id)
        with self._store.writing(shared=False):
            return bool(VideoRow.update(owner="", **changes).where(mine).execute(self._db))


def _of(scope: str):  # type: ignore[no-untyped-def]
    return VideoRow.select().where(VideoRow.scope == scope)


def _owned(owner: str):  # type: ignore[no-untyped-def]
    return (VideoRow.owner == owner) & (VideoRow.status == VideoStatus.IN_PROGRESS.value)
