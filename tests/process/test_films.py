"""Films that were ordered: made after kill -9, after a stop and by whichever worker there is, and once."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
from load import alone
from running import KEY, RunningPool, until

from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

HEADERS = {"authorization": f"Bearer {KEY}"}
FILM_BYTES = 200_000
LONG: dict[str, object] = {"files": 1, "file_bytes": FILM_BYTES, "empty_elements": 120, "delay": 0.5}
QUICK: dict[str, object] = {"empty_elements": 0, "delay": 0.0}


def order(pool: RunningPool, prompt: str = "A cat") -> str:
    answer = httpx.post(f"{pool.url}/v1/videos", json={"prompt": prompt}, headers=HEADERS, timeout=10)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def seen(pool: RunningPool, job_id: str) -> dict[str, Any]:
    answer = httpx.get(f"{pool.url}/v1/videos/{job_id}", headers=HEADERS, timeout=10)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def assert_made(pool: RunningPool, job_id: str) -> None:
    until(
        lambda: seen(pool, job_id)["status"] == "completed",
        what=lambda: f"the film: {seen(pool, job_id)} {pool.log}",
    )
    film = httpx.get(f"{pool.url}/v1/videos/{job_id}/content", headers=HEADERS, timeout=10)
    assert (film.status_code, len(film.content)) == (200, FILM_BYTES)


def under_way(world: World, films: int = 1) -> None:
    assert world.wait_until(lambda world: world.open_streams() == films, timeout=15)


def order_of_one(pool: RunningPool, world: World) -> tuple[str, int]:
    """An order that is under way, and the worker that is at it."""
    worker = pool.workers()[0]
    with alone(pool, worker):
        job_id = order(pool)
        under_way(world)
    return job_id, worker


def long_unheard_of(pool: RunningPool) -> None:
    """Turn the clock on for who is at the orders: half a minute is long for a test."""
    pool.write("UPDATE video_jobs SET heartbeat = heartbeat - 60 WHERE status = 'in_progress'")


def test_a_film_is_made_after_all_were_killed(start_pool: Start, world: World) -> None:
    world.behave("amber", **LONG)
    pool = start_pool("amber")
    job_id = order(pool)
    under_way(world)
    pool.kill()
    assert world.wait_until(lambda world: world.open_streams() == 0, timeout=15)
    world.behave("amber", **QUICK)
    pool.start()
    assert seen(pool, job_id)["status"] == "in_progress"
    long_unheard_of(pool)
    assert_made(pool, job_id)
    assert world.prompts["amber"] == ["A cat", "A cat"]
    until(lambda: pool.calls("ok"), what="the journal")
    assert [(call["endpoint"], call["outcome"]) for call in pool.calls()] == [("/v1/videos", "ok")]


def test_a_film_is_made_by_the_other_worker_when_its_own_is_killed(start_pool: Start, world: World) -> None:
    world.behave("amber", **LONG)
    pool = start_pool("amber")
    job_id, at_it = order_of_one(pool, world)
    world.behave("amber", **QUICK)
    os.kill(at_it, signal.SIGKILL)
    until(lambda: at_it not in pool.workers(), what="the end of the worker")
    long_unheard_of(pool)
    assert_made(pool, job_id)


@pytest.mark.long
def test_a_stop_waits_for_no_film_and_the_next_start_takes_it_up_at_once(
    start_pool: Start, world: World
) -> None:
    world.behave("amber", **LONG)
    pool = start_pool("amber")
    jobs = [order(pool, "One"), order(pool, "Two")]
    under_way(world, films=2)
    assert pool.process
    asked = time.monotonic()
    pool.process.send_signal(signal.SIGTERM)
    assert pool.process.wait(10) == 0
    assert time.monotonic() - asked < 8
    assert [row["status"] for row in pool.rows("SELECT status FROM video_jobs")] == ["queued"] * 2
    world.behave("amber", **QUICK)
    pool.start()
    for job_id in jobs:
        assert_made(pool, job_id)
    assert [row["attempts"] for row in pool.rows("SELECT attempts FROM video_jobs")] == [1, 1]


@pytest.mark.long
def test_a_worker_that_slept_too_long_gives_no_second_film_out(start_pool: Start, world: World) -> None:
    world.behave("amber", files=1, file_bytes=FILM_BYTES, empty_elements=10, delay=0.5)
    pool = start_pool("amber")
    job_id, at_it = order_of_one(pool, world)
    world.behave("amber", **QUICK)
    os.kill(at_it, signal.SIGSTOP)
    try:
        long_unheard_of(pool)
        until(
            lambda: pool.rows("SELECT status FROM video_jobs") == [{"status": "completed"}], what="the other"
        )
    finally:
        os.kill(at_it, signal.SIGCONT)
    until(lambda: pool.calls("client_closed"), what="the end of the first one")
    assert_made(pool, job_id)
    assert len(list(pool.database.with_name("video").glob("[!.]*"))) == 1


def test_many_orders_are_each_made_once(start_pool: Start, world: World) -> None:
    world.behave("amber", files=1, file_bytes=FILM_BYTES)
    pool = start_pool("amber")
    jobs = [order(pool, f"Film {number}") for number in range(20)]
    for job_id in jobs:
        assert_made(pool, job_id)
    assert sorted(world.prompts["amber"]) == sorted(f"Film {number}" for number in range(20))
