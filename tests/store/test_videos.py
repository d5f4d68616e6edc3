"""Films that callers ordered: each owner has his own, and exactly one process is at each."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from gemini_pool.errors import LimitReached, NoSuchVideo
from gemini_pool.store.db import Store
from gemini_pool.store.videos import MOST_UNFINISHED, VideoJob, Videos

ALICE, BOB = "alice", "bob"
ONE, OTHER = "process-1", "process-2"
JOB = VideoJob(
    "video_1", ALICE, 7, "Alice", "req_1", "A cat", "gemini-video", "8", "1280x720", "", created_at=10.25
)


@pytest.fixture
def videos(store: Store) -> Videos:
    return Videos(store)


def ids(found: list[VideoJob]) -> str:
    """The last characters of the ids."""
    return "".join(job.id[-1] for job in found)


def five(videos: Videos) -> None:
    """Jobs 1 to 5, of which 2 and 3 came at the same moment."""
    for number, at in enumerate((10.0, 20.0, 20.0, 30.0, 40.0), start=1):
        videos.add(replace(JOB, id=f"video_{number}", created_at=at))


def claimed(videos: Videos, owner: str = ONE, *, now: float = 100.0) -> VideoJob | None:
    return videos.claim(owner, now=now, unheard_since=now - 30)


def test_a_job_is_known_to_every_process(videos: Videos, path: Path) -> None:
    videos.add(JOB)
    for one in (videos, Videos(Store(path))):
        assert one.get("video_1", ALICE) == JOB
        assert one.list(ALICE) == [JOB]


@pytest.mark.parametrize(
    "asked",
    [
        lambda videos: videos.get("video_1", BOB),
        lambda videos: videos.delete("video_1", BOB),
        lambda videos: videos.list(BOB, after="video_1"),
        lambda videos: videos.get("video_2", ALICE),
        lambda videos: videos.delete("video_2", ALICE),
    ],
)
def test_a_job_of_another_does_not_exist(videos: Videos, asked: Callable[[Videos], object]) -> None:
    videos.add(JOB)
    with pytest.raises(NoSuchVideo, match=r"video_\d"):
        asked(videos)
    assert videos.list(BOB) == []
    assert videos.list(ALICE) == [JOB]


@pytest.mark.parametrize(("newest_first", "pages"), [(True, "54 32 1"), (False, "12 34 5")])
def test_no_page_misses_or_repeats_a_job(videos: Videos, newest_first: bool, pages: str) -> None:
    five(videos)
    found, after = [], None
    while page := videos.list(ALICE, limit=2, newest_first=newest_first, after=after):
        found.append(ids(page))
        after = page[-1].id
    assert " ".join(found) == pages


def test_an_owner_has_a_bound_that_finished_jobs_do_not_count_for(videos: Videos) -> None:
    for number in range(MOST_UNFINISHED):
        videos.add(replace(JOB, id=f"video_{number}"))
    more = replace(JOB, id="video_more")
    with pytest.raises(LimitReached, match=f"{MOST_UNFINISHED} films"):
        videos.add(more)
    videos.add(replace(more, id="video_bob", scope=BOB))
    job = claimed(videos)
    assert job
    videos.fail(ONE, job.id, "server_error", "It failed.", 101.0)
    videos.add(more)


# Who is at them


def test_the_oldest_is_taken_first_and_by_one_alone(videos: Videos, path: Path) -> None:
    five(videos)
    processes = [(f"process-{n}", Videos(Store(path))) for n in range(4)]
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda one: claimed(one[1], one[0]), processes * 3))
    jobs = [job for job in taken if job]
    assert sorted(ids(jobs)) == list("12345")
    assert all(job.status == "in_progress" and job.attempts == 1 for job in jobs)
    assert {job.id: job.owner for job in jobs} == {job.id: job.owner for job in videos.list(ALICE)}


def test_a_job_comes_to_its_end_once(videos: Videos) -> None:
    videos.add(JOB)
    assert claimed(videos)
    assert videos.complete(ONE, JOB.id, "film.mp4", 120.0)
    done = videos.get(JOB.id, ALICE)
    assert (done.status, done.film, done.started_at, done.completed_at) == (
        "completed", "film.mp4", 100.0, 120.0
    )  # fmt: skip
    assert not videos.fail(ONE, JOB.id, "server_error", "It failed.", 121.0)
    assert videos.get(JOB.id, ALICE) == done
    assert claimed(videos, now=1000.0) is None


def test_a_job_of_which_nothing_is_heard_is_taken_up_by_another(videos: Videos) -> None:
    videos.add(JOB)
    assert claimed(videos, ONE, now=100.0)
    assert claimed(videos, OTHER, now=130.0) is None
    assert videos.beat(ONE, [JOB.id], 125.0) == {JOB.id}
    assert claimed(videos, OTHER, now=155.0) is None
    again = claimed(videos, OTHER, now=156.0)
    assert again
    assert (again.id, again.owner, again.attempts) == (JOB.id, OTHER, 2)
    # The one that had it stood still, and is not asked any more.
    assert videos.beat(ONE, [JOB.id], 157.0) == set()
    assert not videos.complete(ONE, JOB.id, "first.mp4", 158.0)
    assert videos.complete(OTHER, JOB.id, "second.mp4", 159.0)
    assert videos.get(JOB.id, ALICE).film == "second.mp4"


def test_a_job_that_is_put_back_is_taken_at_once(videos: Videos) -> None:
    videos.add(JOB)
    videos.add(replace(JOB, id="video_2", created_at=11.0))
    assert claimed(videos, ONE)
    assert claimed(videos, ONE)
    videos.put_back(OTHER, [JOB.id])
    assert claimed(videos, OTHER) is None
    videos.put_back(ONE, [JOB.id])
    again = claimed(videos, OTHER)
    assert again
    assert (again.id, again.attempts) == (JOB.id, 1)


def test_what_is_deleted_is_nobodys(videos: Videos) -> None:
    videos.add(JOB)
    assert claimed(videos)
    assert videos.delete(JOB.id, ALICE).owner == ONE
    assert videos.beat(ONE, [JOB.id], 101.0) == set()
    assert not videos.complete(ONE, JOB.id, "film.mp4", 102.0)
    assert videos.list(ALICE) == []


def test_what_is_old_is_pruned(videos: Videos) -> None:
    five(videos)
    assert videos.prune(20.0) == 1
    assert ids(videos.list(ALICE)) == "5432"
