"""Big files: never whole in memory, nothing left of what never came, no thread held by who reads none."""

import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from callers import Call, connect
from running import KEY, RunningPool, until

from gemini_pool.simulator.world import World

Start = Callable[..., RunningPool]

MEGABYTE = 1024 * 1024
BIG = 100 * MEGABYTE
PIECE = bytes(range(256)) * 256
HEAD = b'--b\r\ncontent-disposition: form-data; name="file"; filename="big.pdf"\r\n\r\n'
END = b"\r\n--b--\r\n"
FILM = 200 * MEGABYTE
FILM_LINK = re.compile(r"http://127\.0\.0\.1:\d+/(video/[\w-]{32}\.mp4)")


def form(size: int) -> Iterator[bytes]:
    """A form with a file of so many bytes, piece by piece."""
    yield HEAD
    for _ in range(size // len(PIECE)):
        yield PIECE
    yield END


def head(length: str) -> bytes:
    """What goes before a form; `length` is the header that tells of its length."""
    lines = ("POST /v1/files HTTP/1.1", "host: pool", f"x-api-key: {KEY}", length)
    return "\r\n".join((*lines, "content-type: multipart/form-data; boundary=b", "", "")).encode()


def upload(pool: RunningPool, size: int, *, chunked: bool = False) -> dict[str, Any]:
    """Send a file as it is made, and read what the pool says of it."""
    with closing(connect(pool)) as connection:
        headers = {"x-api-key": KEY, "content-type": "multipart/form-data; boundary=b"}
        if not chunked:
            headers["content-length"] = str(sum(map(len, form(size))))
        connection.request("POST", "/v1/files", form(size), headers, encode_chunked=chunked)
        return dict(json.loads(connection.getresponse().read()))


def on_disk(pool: RunningPool) -> list[str]:
    return [path.name for path in (pool.database.parent / "files").glob("*")]


def readers(opened: Path, file_id: str) -> int:
    """How many descriptors of a process are of a file."""
    return sum(str(one.readlink()).endswith(file_id) for one in opened.iterdir() if one.is_symlink())


def highest_memory(pool: RunningPool) -> int:
    """The most memory that the worker has ever had, in bytes."""
    [worker] = pool.workers()
    status = Path(f"/proc/{worker}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.parametrize("chunked", [False, True], ids=["told", "chunked"])
def test_a_big_file_is_never_whole_in_memory(start_pool: Start, chunked: bool) -> None:
    pool = start_pool("amber", WEB_CONCURRENCY="1")
    upload(pool, MEGABYTE)  # whatever the first upload costs
    before = highest_memory(pool)
    made = upload(pool, BIG, chunked=chunked)
    assert made["bytes"] == BIG
    assert highest_memory(pool) - before < 30 * MEGABYTE
    digest = hashlib.sha256()
    with closing(connect(pool)) as connection:
        connection.request("GET", f"/v1/files/{made['id']}/content", headers={"x-api-key": KEY})
        reply = connection.getresponse()
        while piece := reply.read(MEGABYTE):
            digest.update(piece)
    assert highest_memory(pool) - before < 30 * MEGABYTE
    [row] = pool.rows("SELECT digest FROM files WHERE id = ?", made["id"])
    assert digest.hexdigest() == row["digest"] == hashlib.sha256(PIECE * (BIG // len(PIECE))).hexdigest()


@pytest.mark.parametrize("length", [f"content-length: {BIG}", "transfer-encoding: chunked"])
def test_of_a_caller_who_hangs_up_nothing_is_left(start_pool: Start, length: str) -> None:
    pool = start_pool("amber", WEB_CONCURRENCY="1")
    with socket.create_connection(("127.0.0.1", pool.port)) as caller:
        caller.sendall(head(length))
        half = HEAD + PIECE * 80
        caller.sendall(half if length.endswith(str(BIG)) else f"{len(half):x}\r\n".encode() + half + b"\r\n")
        until(lambda: len(on_disk(pool)) == 1, what="the file that is being received")
    until(lambda: on_disk(pool) == [], what="the end of what was received")
    assert pool.rows("SELECT * FROM files") == []


@pytest.mark.long
def test_a_caller_who_reads_no_file_holds_no_thread(start_pool: Start) -> None:
    pool = start_pool("amber", WEB_CONCURRENCY="1", THREADS="2", READ_TIMEOUT="1")
    made = upload(pool, BIG)
    [worker] = pool.workers()
    opened = Path(f"/proc/{worker}/fd")
    with closing(connect(pool)) as caller:
        caller.request("GET", f"/v1/files/{made['id']}/content", headers={"x-api-key": KEY})
        assert caller.getresponse().status == 200
        until(lambda: not readers(opened, made["id"]), seconds=5, what="the file to be closed")


@pytest.mark.parametrize("chunked", [False, True], ids=["told", "chunked"])
def test_who_sends_too_much_hears_of_it(start_pool: Start, chunked: bool) -> None:
    pool = start_pool("amber", WEB_CONCURRENCY="1", MAX_FILE_MB="1")
    error = upload(pool, 30 * MEGABYTE, chunked=chunked)["error"]
    assert error["code"] == "request_too_large"
    assert "1 MB (MAX_FILE_MB)" in error["message"]
    until(lambda: on_disk(pool) == [], what="what came of it to be gone")


@pytest.mark.long
def test_a_file_that_is_too_old_is_swept(start_pool: Start) -> None:
    pool = start_pool("amber", WEB_CONCURRENCY="1", FILE_DAYS="2")
    old, young = (upload(pool, MEGABYTE)["id"] for _ in range(2))
    day = 86_400
    for file_id, at in ((old, time.time() - 2 * day - 60), (young, time.time() - 2 * day + 3600)):
        pool.write("UPDATE files SET created_at = ? WHERE id = ?", at, file_id)
        os.utime(pool.database.parent / "files" / file_id, (at, at))
    pool.stop()
    pool.start()  # the first thing that a new leader does is to sweep
    until(lambda: on_disk(pool) == [young], what="the old file to be deleted")
    assert [row["id"] for row in pool.rows("SELECT id FROM files")] == [young]


# Files of prompts, and of answers


def test_a_film_is_never_whole_in_memory(start_pool: Start, world: World) -> None:
    world.behave("amber", files=1, file_bytes=MEGABYTE)
    pool = start_pool("amber", WEB_CONCURRENCY="1")
    with Call(pool, model="gemini-video") as call:
        call.rest()
    before = highest_memory(pool)
    for as_it_comes in ("raw", "base64"):
        world.behave("amber", file_bytes=FILM, download_as=as_it_comes)
        with Call(pool, model="gemini-video") as call:
            link = FILM_LINK.search(call.rest().text)
        assert link
        assert (pool.database.parent / link[1]).stat().st_size == FILM
        assert highest_memory(pool) - before < 30 * MEGABYTE


def test_a_file_of_a_prompt_is_never_whole_in_memory(start_pool: Start, world: World) -> None:
    pool = start_pool("amber", WEB_CONCURRENCY="1")
    parts: list[object] = ["What is it?", {"type": "file", "file": {"file_id": upload(pool, MEGABYTE)["id"]}}]
    with Call(pool, parts) as call:  # type: ignore[arg-type]
        call.rest()
    before = highest_memory(pool)
    parts[1] = {"type": "file", "file": {"file_id": upload(pool, BIG)["id"]}}
    with Call(pool, parts) as call:  # type: ignore[arg-type]
        assert call.status == 200, call.body()
        assert call.rest().whole
    assert highest_memory(pool) - before < 30 * MEGABYTE
    assert max(file.size for one in world.sessions("amber") for file in one.files.values()) == BIG


def test_while_a_picture_is_fetched_its_caller_hears_of_us(start_pool: Start, world: World) -> None:
    world.behave("amber", files=1, api="hang", api_on=["download"], hang_delay=3, text="Look:")
    pool = start_pool("amber", KEEP_ALIVE_SECONDS="1")
    with Call(pool, model="gemini-image") as call:
        told = call.rest()
    assert told.text.startswith("Look:")
    assert "/image/" in told.text
    assert len(told.comments) >= 2


def test_nobody_s_picture_is_not_fetched_to_the_end(start_pool: Start, world: World) -> None:
    world.behave("amber", files=1, api="hang", api_on=["download"], hang_delay=60)
    pool = start_pool("amber", KEEP_ALIVE_SECONDS="1")
    with Call(pool, model="gemini-image") as call:
        call.begin()
        assert world.wait_until(lambda world: world.counts()["amber"]["download"] == 1)
    until(lambda: pool.calls("client_closed"), what="the journal")
    time.sleep(1)
    assert world.counts()["amber"]["download"] == 1
    assert on_disk(pool) == []
    assert list((pool.database.parent).glob("image/*")) == []
