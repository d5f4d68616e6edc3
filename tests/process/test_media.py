"""Pictures and films from real workers: in pieces, by ranges, and to nobody who stops reading."""

import http.client
import os
import re
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from media_files import MP4, PNG
from running import RunningPool, until

from gemini_pool.media.shelf import Shelf, Shelved

Start = Callable[..., RunningPool]

MB = 1024 * 1024
LARGE = 200 * MB


def shelf_of(pool: RunningPool) -> Shelf:
    return Shelf(pool.database.parent)


def put(pool: RunningPool, begins: bytes, size: int) -> Shelved:
    """A file with something to tell every piece from the others, without writing all of it."""
    with shelf_of(pool).new() as slip:
        slip.write(begins)
        file = slip.keep()
    with file.path.open("r+b") as body:
        body.truncate(size)
        for at in range(MB, size, MB):
            body.seek(at)
            body.write(at.to_bytes(8, "big"))
    return file


def read(pool: RunningPool, file: Shelved, headers: dict[str, str]) -> Iterator[bytes]:
    asked = urllib.request.Request(f"{pool.url}/{file.folder}/{file.name}", headers=headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        while piece := answer.read(MB):
            yield piece


def resident(pid: int) -> int:
    """The most memory that a process has held so far, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-"}], ids=["whole", "as a range"])
def test_a_large_film_is_never_whole_in_memory(start_pool: Start, headers: dict[str, str]) -> None:
    pool = start_pool("amber", WEB_CONCURRENCY="1")
    file = put(pool, MP4, LARGE)
    list(read(pool, put(pool, MP4, MB), headers))
    (worker,) = pool.workers()
    before = resident(worker)
    heard = 0
    for piece in read(pool, file, headers):
        if heard % MB == 0 and heard:
            assert piece[:8] == heard.to_bytes(8, "big")
        heard += len(piece)
    assert heard == LARGE
    assert resident(worker) - before < 30 * MB


def test_a_player_seeks_by_ranges_over_one_connection(start_pool: Start) -> None:
    pool = start_pool("amber")
    file = put(pool, MP4, LARGE)
    plug = http.client.HTTPConnection("127.0.0.1", pool.port, timeout=10)
    for at in (150 * MB, MB, LARGE - MB):
        plug.request("GET", f"/video/{file.name}", headers={"Range": f"bytes={at}-{at + 7}"})
        answer = plug.getresponse()
        assert (answer.status, answer.read()) == (206, at.to_bytes(8, "big"))
        assert answer.headers["Content-Range"] == f"bytes {at}-{at + 7}/{LARGE}"
    plug.request("GET", f"/video/{file.name}", headers={"Range": f"bytes={LARGE}-"})
    answer = plug.getresponse()
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{LARGE}")
    answer.read()
    plug.request("HEAD", f"/video/{file.name}")
    answer = plug.getresponse()
    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, str(LARGE), b"")
    plug.close()


def test_who_stops_reading_does_not_keep_a_thread(start_pool: Start) -> None:
    pool = start_pool("amber", WEB_CONCURRENCY="1", READ_TIMEOUT="1")
    file = put(pool, MP4, LARGE)
    (worker,) = pool.workers()
    opened = f"/{file.folder}/{file.name}"
    with socket.create_connection(("127.0.0.1", pool.port), timeout=10) as plug:
        plug.sendall(f"GET {opened} HTTP/1.1\r\nHost: pool\r\n\r\n".encode())
        assert plug.recv(4) == b"HTTP"
        until(lambda: file.path in open_files(worker), what="the file to be sent")
        until(lambda: file.path not in open_files(worker), seconds=10, what="the sending to end")


def open_files(pid: int) -> set[Path]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(link.readlink())
        except FileNotFoundError:  # closed since
            continue
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/image/../gemini_pool.db",
        "/image/%2e%2e/gemini_pool.db",
        "/image/..%2fgemini_pool.db",
        "/image/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/image//etc/passwd",
        "/video/..%5c..%5cgemini_pool.db",
        "/image/.gitkeep",
        "/image/%00",
        "/image/",
    ],
)
def test_no_path_leads_off_the_shelf(shelf_pool: RunningPool, path: str) -> None:
    plug = http.client.HTTPConnection("127.0.0.1", shelf_pool.port, timeout=10)
    plug.request("GET", path)
    assert plug.getresponse().status == 404
    plug.close()


@pytest.fixture
def shelf_pool(start_pool: Start) -> RunningPool:
    return start_pool("amber", WEB_CONCURRENCY="1")


@pytest.mark.long
def test_the_sweep_looks_after_the_shelf(start_pool: Start) -> None:
    pool = start_pool("amber", SCHEDULER="0")
    old, young = put(pool, PNG, 1000), put(pool, PNG, 1000)
    film, oldest = put(pool, MP4, 1000), put(pool, MP4, 2 * MB)
    os.utime(old.path, (time.time() - 3700,) * 2)
    os.utime(film.path, (time.time() - 3700,) * 2)
    os.utime(oldest.path, (time.time() - 3800,) * 2)
    pool.stop()
    pool.environ |= {"SCHEDULER": "1", "MEDIA_MAX_MB": "1"}
    pool.start()
    until(lambda: not old.path.exists() and not oldest.path.exists(), what=lambda: f"the sweep: {pool.log}")
    assert young.path.exists()
    assert film.path.exists()
    until(lambda: "deleted old pictures and films: 2" in pool.log, what="the log to say so")
