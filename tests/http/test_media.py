"""Pictures and films by their links: ranges, types, caches, and nothing but what lies on the shelf."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from media_files import KINDS, MP4, PNG

from gemini_pool.media.shelf import Shelved
from gemini_pool.web import media

MakeApp = Callable[..., Flask]
Put = Callable[[bytes], str]

BODY = MP4 + os.urandom(300_000)


def put_on(app: Flask, body: bytes) -> Shelved:
    with app.extensions["gemini_pool"].shelf.new() as slip:
        slip.write(body)
        return slip.keep()


class Reading(FlaskClient):
    def open(self, *args: Any, **how: Any) -> Any:
        return super().open(*args, buffered=True, **how)


def reading(app: Flask) -> FlaskClient:
    return Reading(app, Response)


def link_to(file: Shelved) -> str:
    return f"/{file.folder}/{file.name}"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Without a key; each answer is read to its end and closed, as a server does."""
    return reading(app)


@pytest.fixture
def put(app: Flask) -> Put:
    """Put a body on the shelf; where it is served."""
    return lambda body: link_to(put_on(app, body))


@pytest.fixture
def film(put: Put) -> str:
    return put(BODY)


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_served_without_a_key_and_with_its_type(client: FlaskClient, put: Put, name: str) -> None:
    begins, folder, suffix, mime_type = KINDS[name]
    link = put(begins)
    assert link.startswith(f"/{folder}/")
    assert link.endswith(f".{suffix}")
    answer = client.get(link)
    assert (answer.status_code, answer.headers["content-type"], answer.data) == (200, mime_type, begins)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(begins))


def test_browsers_are_told_to_believe_the_type_and_run_nothing(client: FlaskClient, film: str) -> None:
    for answer in (
        client.get(film),
        client.get("/image/none"),
        client.get(film, headers={"range": "bytes=9-"}),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none';")
        assert policy.endswith("; sandbox")
        assert "script" not in policy


def test_any_page_may_show_them(client: FlaskClient, film: str) -> None:
    answer = client.get(film, headers={"origin": "https://chat.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "content-range" in answer.headers["access-control-expose-headers"]
    asked = client.options(
        film, headers={"origin": "https://chat.example", "access-control-request-headers": "range"}
    )
    assert asked.status_code == 200
    assert (
        asked.headers["access-control-allow-origin"] == asked.headers["access-control-allow-headers"] == "*"
    )


# Ranges


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, len(BODY) - 1),
        ("bytes=0-0", 0, 0),
        ("bytes=100-70000", 100, 70_000),
        ("bytes=299000-999999999", 299_000, len(BODY) - 1),
        ("bytes=-500", len(BODY) - 500, len(BODY) - 1),
        ("bytes=-999999999", 0, len(BODY) - 1),
    ],
)
def test_a_part_of_a_file(client: FlaskClient, film: str, asked: str, first: int, last: int) -> None:
    answer = client.get(film, headers={"range": asked})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(BODY)}"
    assert answer.headers["content-length"] == str(last - first + 1)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.data == BODY[first : last + 1]


@pytest.mark.parametrize("asked", [f"bytes={len(BODY)}-", "bytes=999999999-", "bytes=-0"])
def test_a_part_that_is_not_there(client: FlaskClient, film: str, asked: str) -> None:
    answer = client.get(film, headers={"range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(BODY)}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=5-1", "bytes=x-", "bytes=", "items=0-1", "bytes 0-1", ""]
)
def test_what_is_not_one_range_gets_the_whole_file(client: FlaskClient, film: str, asked: str) -> None:
    answer = client.get(film, headers={"range": asked})
    assert (answer.status_code, answer.data == BODY) == (200, True)


def test_head_tells_all_but_the_body(client: FlaskClient, film: str) -> None:
    whole, head = client.get(film), client.head(film, headers={"range": "bytes=0-9"})
    assert (head.status_code, head.data) == (200, b"")
    for name in ("content-length", "content-type", "etag", "last-modified", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


# Caches


def test_who_has_a_file_need_not_fetch_it_again(client: FlaskClient, film: str) -> None:
    whole = client.get(film)
    for name, value in (
        ("if-none-match", whole.headers["etag"]),
        ("if-modified-since", whole.headers["last-modified"]),
    ):
        again = client.get(film, headers={name: value})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["etag"] == whole.headers["etag"]
    assert client.get(film, headers={"if-none-match": '"another"'}).status_code == 200


def test_a_range_of_another_file_is_not_given(client: FlaskClient, film: str) -> None:
    same = {"range": "bytes=5-9", "if-range": client.get(film).headers["etag"]}
    assert client.get(film, headers=same).status_code == 206
    assert client.get(film, headers={**same, "if-range": '"another"'}).status_code == 200


def age_of(answer_headers: dict[str, str]) -> int:
    private, age, immutable = answer_headers["cache-control"].split(", ")
    assert (private, immutable) == ("private", "immutable")
    return int(age.removeprefix("max-age="))


def test_a_cache_keeps_a_file_for_itself_and_no_longer_than_the_shelf(
    app: Flask, client: FlaskClient
) -> None:
    picture, film = put_on(app, PNG), put_on(app, MP4)
    assert 3590 <= age_of(client.get(link_to(picture)).headers) <= 3600
    assert 6 * 3600 - 10 <= age_of(client.get(link_to(film)).headers) <= 6 * 3600
    os.utime(picture.path, (time.time() - 3000,) * 2)
    assert 590 <= age_of(client.get(link_to(picture)).headers) <= 600
    os.utime(picture.path, (time.time() - 4000,) * 2)
    assert age_of(client.get(link_to(picture)).headers) == 0
    assert "expires" not in client.get(link_to(picture)).headers


def test_what_is_kept_for_ever_is_cached_for_long(make_app: MakeApp) -> None:
    app = make_app("amber", IMAGE_HOURS="-1")
    assert age_of(reading(app).get(link_to(put_on(app, PNG))).headers) > 86_400 * 300


# What is not there


def gone(client: FlaskClient, link: str) -> str:
    answer = client.get(link)
    assert answer.status_code == 404, link
    assert answer.headers.get("cache-control") == "no-store"
    assert answer.content_type == "text/plain; charset=utf-8"
    return answer.text


def test_a_file_that_is_gone_is_told_in_words_for_people(
    make_app: MakeApp, client: FlaskClient, put: Put, tmp_path: Path
) -> None:
    link = put(PNG)
    (tmp_path / link[1:]).unlink()
    assert "kept for an hour" in gone(client, link)
    assert "kept for 6 hours" in gone(client, "/video/none.mp4")
    forever = reading(make_app("amber", IMAGE_HOURS="-1"))
    assert "kept for" not in gone(forever, "/image/none.png")


def test_a_file_that_goes_while_it_is_looked_at_is_gone(
    client: FlaskClient, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = put(PNG)

    def too_late(path: Path, **how: object) -> None:
        path.unlink()
        path.open("rb")

    monkeypatch.setattr(media, "send_file", too_late)
    gone(client, link)


def test_no_path_leads_off_the_shelf(app: Flask, client: FlaskClient, put: Put, tmp_path: Path) -> None:
    link = put(PNG)
    name = link.removeprefix("/image/")
    (tmp_path / "image" / ".hidden.png").write_bytes(PNG)
    (tmp_path / "image" / "picture.png").write_bytes(PNG)
    with app.extensions["gemini_pool"].shelf.new() as slip:
        slip.write(PNG + bytes(1000))
        (temporary,) = (tmp_path / "image").glob(".*.part")
        tricks = [
            *("../gemini_pool.db", "%2e%2e/gemini_pool.db", "..%2fgemini_pool.db", "%2e%2e%2fgemini_pool.db"),
            *(
                f"..%2fimage%2f{name}",
                f"../image/{name}",
                f"%2e/{name}",
                f"x/../{name}",
                f"..%5cimage%5c{name}",
            ),
            *(
                f"{quote(str(tmp_path), safe='')}%2fimage%2f{name}",
                f"/{name}",
                f"%2f{name}",
                f"{name}/",
                f"{name}%00",
            ),
            *(
                f"{name}%0a",
                f"{name}.",
                f"%20{name}",
                ".hidden.png",
                ".gitkeep",
                "picture.png",
                temporary.name,
            ),
            *("", ".", "..", "%2e%2e"),
        ]
        for trick in tricks:
            answer = client.get(f"/image/{trick}")
            assert answer.status_code == 404, trick
        assert client.get(f"/video/{name}").status_code == 404
    assert client.get(link).status_code == 200


def test_nothing_can_be_put_there_from_outside(client: FlaskClient, film: str) -> None:
    for method in (client.post, client.put, client.delete):
        assert method(film).status_code == 405
