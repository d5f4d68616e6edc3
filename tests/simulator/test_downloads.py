import base64
import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import pytest

from gemini_pool.simulator.files import FILM, PICTURE, PIECE, MadeFile
from gemini_pool.simulator.world import World

from .caller import Answer, Caller, read_until

PLAIN, OTHER = "/v1alpha/", "/download/v1alpha/"
FILM_ONLY = {"videoGenerationSpec": {}}


def made(caller: Caller, world: World, **changes: Any) -> tuple[str, str]:
    """The full session name and the id of a file that was just made."""
    world.behave(caller.account.name, files=1)
    caller.ask("draw", **changes)
    session = world.sessions(caller.account.name)[-1]
    return session.full_name, next(iter(session.made))


def fetched(caller: Caller, answer: Answer) -> Answer:
    """What lies behind a redirect, asked for without a token."""
    place = urlsplit(answer.headers["location"])
    assert (place.hostname, place.port) == caller.address
    return caller.http("GET", place.path)


def png_chunks(data: bytes) -> Iterator[bytes]:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    rest = data[8:]
    while rest:
        (length,) = struct.unpack(">I", rest[:4])
        kind, body, check = rest[4:8], rest[8 : 8 + length], rest[8 + length : 12 + length]
        assert check == struct.pack(">I", zlib.crc32(kind + body))
        yield kind
        rest = rest[12 + length :]


def mp4_boxes(data: bytes) -> Iterator[bytes]:
    while data:
        (length,) = struct.unpack(">I", data[:4])
        assert 8 <= length <= len(data)
        yield data[4:8]
        data = data[length:]


def test_a_picture_is_a_whole_png(amber: Caller, world: World) -> None:
    answer = amber.download(*made(amber, world))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    chunks = list(png_chunks(answer.body))
    assert (chunks[0], chunks[-1]) == (b"IHDR", b"IEND")
    assert b"IDAT" in chunks


def test_a_film_is_an_mp4(amber: Caller, world: World) -> None:
    answer = amber.download(*made(amber, world, toolsSpec=FILM_ONLY))
    assert (answer.status, answer.headers["content-type"]) == (200, "video/mp4")
    assert next(mp4_boxes(answer.body)) == b"ftyp"
    assert b"mdat" in list(mp4_boxes(answer.body))


@pytest.mark.parametrize("address", [PLAIN, OTHER])
def test_both_addresses_serve(amber: Caller, world: World, address: str) -> None:
    assert amber.download(*made(amber, world), address).body == PICTURE.smallest


@pytest.mark.parametrize(("only", "works", "fails"), [("plain", PLAIN, OTHER), ("download", OTHER, PLAIN)])
def test_one_address_can_be_the_only_one(
    amber: Caller, world: World, only: str, works: str, fails: str
) -> None:
    file = made(amber, world)
    world.behave("amber", download_only=only)
    assert amber.download(*file, works).body == PICTURE.smallest
    assert amber.download(*file, fails).status == 404


@pytest.mark.parametrize("redirect", [False, True])
def test_bytes_can_come_as_base64(amber: Caller, world: World, redirect: bool) -> None:
    file = made(amber, world)
    world.behave("amber", download_as="base64", download_redirect=redirect)
    answer = amber.download(*file)
    answer = fetched(amber, answer) if redirect else answer
    assert answer.body.startswith(b"iVBORw0KGgo")
    assert base64.b64decode(answer.body, validate=True) == PICTURE.smallest


@pytest.mark.parametrize("size", [5, 100_000, PIECE, 3 * PIECE + 1])
def test_a_file_has_the_size_asked_for(amber: Caller, world: World, size: int) -> None:
    world.behave("amber", file_bytes=size)
    session, file_id = made(amber, world)
    told = amber.metadata(session).json()["listSessionFileMetadataResponse"]["fileMetadata"][0]
    assert told["byteSize"] == str(size)
    raw = amber.download(session, file_id).body
    assert len(raw) == size
    assert raw.startswith(PICTURE.smallest[:size])
    world.behave("amber", download_as="base64")
    assert base64.b64decode(amber.download(session, file_id).body, validate=True) == raw


def test_a_huge_file_is_never_held_whole() -> None:
    file = MadeFile("1", "film.mp4", FILM, 10**15, 0.0)
    assert [len(piece) for piece in islice(file.raw(), 3)] == [PIECE] * 3
    assert [len(piece) for piece in islice(file.in_base64(), 3)] == [PIECE] * 3


def test_a_redirect_leads_to_the_bytes_once(amber: Caller, world: World) -> None:
    file = made(amber, world)
    world.behave("amber", download_redirect=True)
    answer = amber.download(*file)
    assert (answer.status, answer.body) == (302, b"")
    assert fetched(amber, answer).body == PICTURE.smallest
    assert fetched(amber, answer).status == 404
    assert fetched(amber, amber.download(*file)).status == 200


def test_a_reset_ends_what_was_promised(amber: Caller, world: World) -> None:
    file = made(amber, world)
    world.behave("amber", download_redirect=True)
    answer = amber.download(*file)
    world.reset()
    assert fetched(amber, answer).status == 404


@pytest.mark.parametrize("more", ["", "&alt=json"])
def test_without_alt_media_nothing_comes(amber: Caller, world: World, more: str) -> None:
    answer = amber.download(*made(amber, world), more=more)
    assert (answer.status, answer.body) == (200, b"")


def test_an_unknown_file_is_not_found(amber: Caller, world: World) -> None:
    session, _ = made(amber, world)
    answer = amber.download(session, "123")
    assert (answer.status, answer.error()["status"]) == (404, "NOT_FOUND")
    assert 'File with ID "123" not found' in answer.error()["message"]


def test_an_upload_cannot_be_had_back(amber: Caller, world: World) -> None:
    session, _ = made(amber, world)
    file_id = amber.upload(session).json()["addContextFileResponse"]["fileId"]
    assert amber.download(session, file_id).status == 404


def test_the_short_name_of_a_session_is_not_enough(amber: Caller, world: World) -> None:
    session, file_id = made(amber, world)
    answer = amber.download(session[session.index("collections/") :], file_id)
    assert (answer.status, answer.error()["status"]) == (400, "INVALID_ARGUMENT")


def test_the_session_must_be_the_callers(amber: Caller, bruno: Caller, world: World) -> None:
    session, file_id = made(amber, world)
    assert bruno.download(session, file_id).status == 403
    assert amber.download(session[:-19] + "1" * 19, file_id).status == 404


def test_a_download_needs_a_token(amber: Caller, world: World) -> None:
    session, file_id = made(amber, world)
    path = f"{PLAIN}{session}:downloadFile?fileId={file_id}&alt=media"
    assert amber.http("GET", path).status == 401
    assert amber.http("GET", path, Authorization="Bearer a.b.c").status == 401


@pytest.mark.parametrize("query", ["alt=media", "fileId=1&alt=media&x=1", "fileId=1&fileId=2&alt=media"])
def test_a_malformed_query_is_refused(amber: Caller, world: World, query: str) -> None:
    session, _ = made(amber, world)
    token = f"Bearer {amber.token()}"
    assert amber.http("GET", f"{PLAIN}{session}:downloadFile?{query}", Authorization=token).status == 400


def test_a_download_is_got_not_posted(amber: Caller, world: World) -> None:
    session, file_id = made(amber, world)
    token = f"Bearer {amber.token()}"
    path = f"{PLAIN}{session}:downloadFile?fileId={file_id}&alt=media"
    assert amber.http("POST", path, Authorization=token).status == 405


def test_downloads_are_counted_and_struck(amber: Caller, world: World) -> None:
    file = made(amber, world)
    world.behave("amber", api="401-once", api_on=("download",))
    assert [amber.download(*file).status for _ in range(2)] == [401, 200]
    assert world.counts()["amber"]["download"] == 2
    assert [call.fault for call in world.calls("amber", "download")] == ["401-once", None]


def test_a_token_refused_once_stays_refused(amber: Caller, world: World) -> None:
    session, file_id = made(amber, world)
    world.behave("amber", api="401-once", api_on=("download",))
    path, token = f"{PLAIN}{session}:downloadFile?fileId={file_id}&alt=media", f"Bearer {amber.token()}"
    assert [amber.http("GET", path, Authorization=token).status for _ in range(2)] == [401, 401]


def test_the_address_behind_a_redirect_counts_apart(amber: Caller, world: World) -> None:
    file = made(amber, world)
    world.behave("amber", download_redirect=True)
    fetched(amber, amber.download(*file))
    assert [call.status for call in world.calls("amber", "download")] == [302]
    assert [call.status for call in world.calls("amber", "hop")] == [200]


def test_a_huge_file_is_sent_as_it_is_made(amber: Caller, world: World) -> None:
    world.behave("amber", file_bytes=10**12)
    session, file_id = made(amber, world)
    lines = (
        f"GET {PLAIN}{session}:downloadFile?fileId={file_id}&alt=media HTTP/1.1",
        f"Authorization: Bearer {amber.token()}",
    )
    with amber.plug() as plug:
        plug.sendall("\r\n".join([*lines, "", ""]).encode())
        assert b"Content-Length: 1000000000000\r\n" in read_until(plug, PICTURE.smallest[:8])
    assert amber.create().status == 200
