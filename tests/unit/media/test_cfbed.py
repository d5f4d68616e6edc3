"""Uploads to an image host: what it is sent, and what comes of its answers."""

import json
import logging
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from certificates import self_signed
from proxies import Heard, Mute, Peer, Server, answer

from gemini_pool.errors import PoolError
from gemini_pool.media.cfbed import ImageHost, UploadFailed

TOKEN = "s3cret-t0ken&="
PICTURE = bytes(range(256)) * 1000


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture"
    path.write_bytes(PICTURE)
    return path


def host(server: Server, path: str = "/upload", **options: object) -> ImageHost:
    given = {"endpoint": f"{server.url}{path}", "token": TOKEN, "seconds": 10} | options
    return ImageHost(**given)  # type: ignore[arg-type]


def placed(source: str = "/file/1_cat.png") -> bytes:
    return answer(200, json.dumps([{"src": source}]).encode())


def failure(host: ImageHost, path: Path) -> str:
    """The text of a failed upload; nothing in it, or in what led to it, tells the token."""
    with pytest.raises(UploadFailed) as caught:
        host.upload(path, "cat.png", "image/png")
    error: BaseException | None = caught.value
    while error:
        assert "s3cret" not in f"{error} {error!r}"
        assert "authCode" not in str(error)
        error = error.__cause__
    return str(caught.value)


# What is sent


def test_a_file_is_sent_as_the_only_part_of_a_form(picture: Path) -> None:
    with Peer(lambda _: placed()) as peer:
        assert host(peer).upload(picture, '猫 "1".png', "image/png") == f"{peer.url}/file/1_cat.png"
    (heard,) = peer.requests
    target = urlsplit(heard.target)
    assert (heard.method, target.path) == ("POST", "/upload")
    assert parse_qs(target.query) == {
        "authCode": [TOKEN],
        "uploadChannel": ["telegram"],
        "serverCompress": ["true"],
        "autoRetry": ["true"],
        "uploadNameType": ["default"],
        "returnFormat": ["default"],
    }
    assert heard.headers["authorization"] == f"Bearer {TOKEN}"
    assert "transfer-encoding" not in heard.headers
    head = f"Content-Type: {heard.headers['content-type']}\r\n\r\n".encode()
    (part,) = BytesParser(policy=HTTP).parsebytes(head + heard.body).iter_parts()
    assert part.get_param("name", header="content-disposition") == "file"
    assert 'filename="猫 %221%22.png"'.encode() in heard.body
    assert part.get_content_type() == "image/png"
    assert part.get_payload(decode=True) == PICTURE


def test_a_name_or_type_cannot_write_headers_of_its_own(picture: Path) -> None:
    with Peer(lambda _: placed()) as peer:
        host(peer).upload(picture, "a\r\nX-Evil: 1", "image/png\r\nX-Evil: 2")
    head = peer.requests[0].body.partition(b"\r\n\r\n")[0]
    assert b"\r\nX-Evil" not in head
    assert b"Content-Type: application/octet-stream" in head


def test_wishes_in_the_endpoint_come_before_ours(picture: Path) -> None:
    with Peer(lambda _: placed()) as peer:
        url = host(peer, "/upload?uploadChannel=s3&uploadFolder=ai").upload(picture, "a", "image/png")
    query = parse_qs(urlsplit(peer.requests[0].target).query)
    assert (query["uploadChannel"], query["uploadFolder"]) == (["s3"], ["ai"])
    assert url == f"{peer.url}/file/1_cat.png"


def test_a_large_film_is_never_whole_in_memory(tmp_path: Path) -> None:
    film = tmp_path / "film"
    with film.open("wb") as file:
        file.truncate(50 * 2**20)

    class Counting(Server):
        """Reads an upload without keeping it."""

        def serve(self, plug: socket.socket) -> None:
            with plug.makefile("rb") as reader:
                head = b"".join(iter(reader.readline, b"\r\n"))
                self.left = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                while self.left:
                    self.left -= len(reader.read(min(self.left, 65536)))
            plug.sendall(placed())

    with Counting() as server:
        image_host = host(server, seconds=60)
        tracemalloc.start()
        try:
            image_host.upload(film, "film.mp4", "video/mp4")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert server.left == 0
    assert peak < 2 * 2**20


def test_the_host_is_reached_through_tls_that_is_checked(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = self_signed(tmp_path)
    with Peer(lambda _: placed(), made.server) as peer:
        assert "certificate" in failure(host(peer), picture)
        assert peer.requests == []
        monkeypatch.setattr("certifi.where", lambda: str(made.authority))
        assert host(peer).upload(picture, "a", "image/png") == f"{peer.url}/file/1_cat.png"


# Where the file is


@pytest.mark.parametrize(
    ("source", "public_base", "url"),
    [
        ("/file/1.png", "", "{base}/file/1.png"),
        ("file/1.png", "", "{base}/file/1.png"),
        ("/file/1.png", "https://img.example/", "https://img.example/file/1.png"),
        ("https://cdn.example/1.png", "https://img.example", "https://cdn.example/1.png"),
        ("/file/a b(1).png", "", "{base}/file/a%20b%281%29.png"),
        ("/file/a%20b.png?x=1", "", "{base}/file/a%20b.png?x=1"),
        ("/file/猫.png", "", "{base}/file/%E7%8C%AB.png"),
    ],
)
def test_the_address_is_joined_to_the_right_base(
    picture: Path, source: str, public_base: str, url: str
) -> None:
    with Peer(lambda _: placed(source)) as peer:
        got = host(peer, "/sub/upload", public_base=public_base).upload(picture, "a", "image/png")
        assert got == url.format(base=f"{peer.url}/sub")


def test_an_object_instead_of_an_array_is_understood(picture: Path) -> None:
    with Peer(lambda _: answer(200, b'{"src": "/file/1.png"}')) as peer:
        assert host(peer).upload(picture, "a", "image/png") == f"{peer.url}/file/1.png"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"[null]",
        b"{}",
        b'[{"src": ""}]',
        b'[{"src": 5}]',
        b'[{"src": "javascript:alert(1)"}]',
        b'[{"src": "http://["}]',
        b"\xff\xfe",
        b"[" * 100_000,
        b'[{"src": "/x"}' + b" " * 1_000_000 + b"]",
    ],
)
def test_an_answer_that_names_no_file_is_told(picture: Path, body: bytes) -> None:
    with Peer(lambda _: answer(200, body)) as peer:
        assert "does not say where the file is" in failure(host(peer), picture)


# What fails


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_told(picture: Path, status: int) -> None:
    with Peer(lambda _: answer(status, TOKEN.encode())) as peer:
        assert "Check the token" in failure(host(peer), picture)


@pytest.mark.parametrize("status", [302, 400, 413, 500, 502])
def test_another_status_is_told(picture: Path, status: int) -> None:
    with Peer(lambda _: answer(status, b'[{"src": "/x"}]', "Location: /elsewhere")) as peer:
        assert f"status {status}" in failure(host(peer), picture)
        assert len(peer.requests) == 1


def test_a_host_that_refuses_before_it_has_read_is_heard(tmp_path: Path) -> None:
    film = tmp_path / "film"
    with film.open("wb") as file:
        file.truncate(20 * 2**20)

    class Hasty(Server):
        def serve(self, plug: socket.socket) -> None:
            plug.recv(100)
            plug.sendall(answer(413))

    with Hasty() as server:
        assert "status 413" in failure(host(server), film)


def test_a_host_that_says_nothing_is_left_in_time(picture: Path) -> None:
    with Mute() as mute:
        begun = time.monotonic()
        assert "longer than 0.3 s" in failure(host(mute, seconds=0.3), picture)
        assert time.monotonic() - begun < 3


def test_a_host_that_drips_is_left_in_time(picture: Path) -> None:
    over = threading.Event()

    def drip(_: Heard) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n["
        while not over.wait(0.05):
            yield b" "

    with Peer(drip) as peer:
        assert "longer than 0.3 s" in failure(host(peer, seconds=0.3), picture)
        over.set()


def test_a_host_that_reads_nothing_is_left_in_time(tmp_path: Path) -> None:
    film = tmp_path / "film"
    with film.open("wb") as file:
        file.truncate(50 * 2**20)

    class Full(Server):
        def serve(self, plug: socket.socket) -> None:
            self._closing.wait()

    with Full() as full:
        begun = time.monotonic()
        assert "longer than 0.3 s" in failure(host(full, seconds=0.3), film)
        assert time.monotonic() - begun < 3


def test_a_host_that_is_not_there_is_told(picture: Path) -> None:
    with Mute() as mute:
        gone = host(mute)
    assert "connection" in failure(gone, picture)


@pytest.mark.parametrize(
    "endpoint", ["", "img.example/upload", "ftp://img.example", "https://u:p@img.example/"]
)
def test_an_endpoint_that_cannot_be_read_is_told(picture: Path, endpoint: str) -> None:
    told = failure(ImageHost(endpoint=endpoint, token=TOKEN), picture)
    assert "Enter it as https://host/upload" in told


@pytest.mark.parametrize("token", ["", "s3cret\r\nX: y", "s3cret\u20ac"])
def test_a_token_that_cannot_be_sent_is_told(picture: Path, token: str) -> None:
    assert "Enter it again" in failure(ImageHost(endpoint="https://img.example/upload", token=token), picture)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with Mute() as mute:
        assert "gone" in failure(host(mute), tmp_path / "nothing")
        assert mute.connections == 0


def test_the_token_is_in_no_log(picture: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    broken = placed().replace(b"\r\n\r\n", b"\r\nno header at all\r\n\r\n")
    with Peer(lambda _: broken) as peer:
        assert host(peer).upload(picture, "a", "image/png") == f"{peer.url}/file/1_cat.png"
    assert "s3cret" not in caplog.text


def test_a_failed_upload_is_an_error_of_ours() -> None:
    assert issubclass(UploadFailed, PoolError)
