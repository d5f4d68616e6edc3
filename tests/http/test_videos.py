"""Films as jobs: ordered, looked after, listed, fetched, deleted; and what each mistake is told."""

import base64
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from running import KEY, until

from gemini_pool.simulator.files import FILM, PICTURE
from gemini_pool.simulator.world import World
from gemini_pool.store.journal import CallRecord
from gemini_pool.wiring import EXTENSION, Services

MakeApp = Callable[..., Flask]

VIDEOS = "/v1/videos"
OTHER = "sk-gp-of-another"
HOUR = 3600
# Long enough to be looked at while it is made, and far too long to be waited for.
SLOW = {"files": 1, "delay": 0.5, "empty_elements": 60}


class Caller:
    """Somebody with a key."""

    def __init__(self, app: Flask, key: str = KEY) -> None:
        self.client = app.test_client()
        self.headers = {"authorization": f"Bearer {key}"}

    def order(self, prompt: Any = "A cat on a skateboard", **fields: Any) -> Any:
        return self.client.post(VIDEOS, json={"prompt": prompt, **fields}, headers=self.headers)

    def form(self, **fields: Any) -> Any:
        body = {"prompt": "A cat on a skateboard", **fields}
        return self.client.post(
            VIDEOS, data=body, headers=self.headers, content_type="multipart/form-data; boundary=b"
        )

    def get(self, path: str = "", **query: object) -> Any:
        return self.client.get(VIDEOS + path, query_string=query, headers=self.headers, buffered=True)

    def delete(self, path: str) -> Any:
        return self.client.delete(VIDEOS + path, headers=self.headers)

    def ended(self, job_id: str) -> dict[str, Any]:
        """The job, once it is at its end."""
        until(lambda: self.get(f"/{job_id}").json["status"] in ("completed", "failed"), what="the film")
        return dict(self.get(f"/{job_id}").json)

    def under_way(self, job_id: str) -> None:
        until(lambda: self.get(f"/{job_id}").json["status"] == "in_progress", what="somebody to make it")


@pytest.fixture
def caller(app: Flask) -> Caller:
    return Caller(app)


@pytest.fixture
def services(app: Flask) -> Services:
    found: Services = app.extensions[EXTENSION]
    return found


@pytest.fixture
def films(tmp_path: Path) -> Callable[[], list[str]]:
    """The names of what lies on the shelf."""
    return lambda: [path.name for path in (tmp_path / "video").glob("[!.]*")]


def refused(answer: Any, status: int) -> dict[str, Any]:
    """The error, which must have this status and OpenAI's four keys."""
    assert answer.status_code == status, answer.text
    error = answer.json["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return dict(error)


def rows(services: Services) -> list[CallRecord]:
    services.journal.flush()
    return services.journal.recent()


# An order becomes a film


def test_an_order_is_taken_at_once_and_made_by_and_by(caller: Caller, world: World) -> None:
    world.behave("amber", files=1, file_bytes=300_000)
    made = caller.order(seconds="4", size="720x1280")
    assert made.status_code == 200, made.text
    assert made.json == {
        "id": made.json["id"],
        "object": "video",
        "model": "gemini-video",
        "status": "queued",
        "progress": 0,
        "created_at": made.json["created_at"],
        "completed_at": None,
        "expires_at": None,
        "prompt": "A cat on a skateboard",
        "seconds": "4",
        "size": "720x1280",
        "error": None,
        "remixed_from_video_id": None,
    }
    assert made.json["id"].startswith("video_")
    done = caller.ended(made.json["id"])
    assert (done["status"], done["progress"], done["error"]) == ("completed", 100, None)
    assert done["expires_at"] - done["completed_at"] in (6 * HOUR, 6 * HOUR + 1)
    film = caller.get(f"/{done['id']}/content")
    assert (film.status_code, film.content_type, len(film.data)) == (200, "video/mp4", 300_000)
    assert film.data.startswith(FILM.smallest)
    assert film.headers["x-content-type-options"] == "nosniff"
    ranged = {**caller.headers, "range": "bytes=10-19"}
    part = caller.client.get(f"{VIDEOS}/{done['id']}/content", headers=ranged, buffered=True)
    assert (part.status_code, part.data) == (206, film.data[10:20])


def test_what_is_wished_for_is_said_in_words(caller: Caller, world: World) -> None:
    world.behave("amber", files=1)
    caller.ended(caller.order("A cat", seconds=12, size="720x1280").json["id"])
    caller.ended(caller.order("A dog").json["id"])
    asked, plain = world.prompts["amber"]
    assert asked.startswith("A cat")
    assert "12 seconds" in asked
    assert "720 by 1280 pixels, portrait" in asked
    assert plain == "A dog"


def test_a_call_is_in_the_journal_when_its_film_is_there(
    caller: Caller, services: Services, world: World
) -> None:
    world.behave("amber", files=1)
    made = caller.order()
    caller.ended(made.json["id"])
    until(lambda: rows(services), what="the journal")
    (row,) = rows(services)
    assert (row.endpoint, row.outcome, row.model, row.error) == (VIDEOS, "ok", "gemini-video", "")
    assert row.request_id == made.headers["x-request-id"]
    assert row.account_id == 1
    assert row.prompt_tokens > 0


def test_a_film_that_one_account_does_not_make_is_made_by_another(make_app: MakeApp, world: World) -> None:
    caller = Caller(make_app("amber", "bruno"))
    world.behave("amber", files=0)
    world.behave("bruno", files=1)
    for _ in range(2):  # whoever is asked first
        assert caller.ended(caller.order().json["id"])["status"] == "completed"
    assert world.prompts["amber"]


def test_an_order_that_fails_says_why(caller: Caller, services: Services, world: World) -> None:
    world.behave("amber", files=0)
    made = caller.ended(caller.order().json["id"])
    assert (made["status"], made["completed_at"] is None) == ("failed", False)
    assert set(made["error"]) == {"code", "message"}
    assert made["error"]["code"] == "server_error"
    assert "without the file" in made["error"]["message"]
    error = refused(caller.get(f"/{made['id']}/content"), 404)
    assert error["code"] == "video_not_ready"
    assert made["error"]["message"] in error["message"]
    until(lambda: rows(services), what="the journal")
    assert [(row.outcome, row.error) for row in rows(services)] == [("error", "EmptyAnswer")]


def test_a_policy_and_a_limit_have_codes_of_their_own(caller: Caller, world: World) -> None:
    world.behave("amber", stream="skipped-policy")
    assert caller.ended(caller.order().json["id"])["error"]["code"] == "content_filter"
    world.behave("amber", stream=None, api="429-retry-after", retry_after=300)
    assert caller.ended(caller.order().json["id"])["error"]["code"] == "rate_limit_exceeded"


# A picture to go by


@pytest.mark.parametrize("how", ["file", "file_id in a form", "file_id", "image_url"])
def test_a_picture_to_go_by_goes_along(caller: Caller, world: World, how: str) -> None:
    world.behave("amber", files=1)
    png = PICTURE.smallest
    if how == "file":
        made = caller.form(input_reference=(BytesIO(png), "cat.png"))
    elif how == "image_url":
        address = "data:image/png;base64," + base64.b64encode(png).decode()
        made = caller.order(input_reference={"image_url": address})
    else:
        upload = {"file": (BytesIO(png), "cat.png"), "purpose": "vision"}
        file_id = caller.client.post("/v1/files", data=upload, headers=caller.headers).json["id"]
        form = {"input_reference[file_id]": file_id}
        made = caller.form(**form) if "form" in how else caller.order(input_reference={"file_id": file_id})
    assert made.status_code == 200, made.text
    assert caller.ended(made.json["id"])["status"] == "completed"
    assert world.counts()["amber"]["upload"] == 1


def test_a_picture_of_another_key_is_not_there(make_app: MakeApp) -> None:
    app = make_app("amber", API_KEY=f"{KEY},{OTHER}")
    caller, other = Caller(app), Caller(app, OTHER)
    upload = {"file": (BytesIO(PICTURE.smallest), "cat.png")}
    file_id = caller.client.post("/v1/files", data=upload, headers=caller.headers).json["id"]
    error = refused(other.order(input_reference={"file_id": file_id}), 404)
    assert error["code"] == "file_not_found"


# Before, after and without a film


def test_a_film_that_is_not_there_yet_is_said_to_be_coming(caller: Caller, world: World) -> None:
    world.behave("amber", **SLOW)
    made = caller.order().json
    error = refused(caller.get(f"/{made['id']}/content"), 404)
    assert error["code"] == "video_not_ready"
    assert "not made yet" in error["message"]


def test_a_film_that_was_swept_away_is_said_to_be_gone(
    caller: Caller, world: World, tmp_path: Path, films: Callable[[], list[str]]
) -> None:
    world.behave("amber", files=1)
    done = caller.ended(caller.order().json["id"])
    for name in films():
        (tmp_path / "video" / name).unlink()
    error = refused(caller.get(f"/{done['id']}/content"), 404)
    assert error["code"] == "video_expired"
    assert "VIDEO_HOURS" in error["message"]
    assert caller.get(f"/{done['id']}").json == done


def test_there_is_the_film_alone(caller: Caller, world: World) -> None:
    world.behave("amber", files=1)
    path = f"/{caller.ended(caller.order().json['id'])['id']}/content"
    assert refused(caller.get(path, variant="thumbnail"), 400)["param"] == "variant"
    assert caller.get(path, variant="video").status_code == 200


# Deleting


def test_a_deleted_film_is_gone_from_the_disk(
    caller: Caller, world: World, films: Callable[[], list[str]]
) -> None:
    world.behave("amber", files=1)
    made = caller.ended(caller.order().json["id"])
    assert len(films()) == 1
    path = f"/{made['id']}"
    deleted = caller.delete(path)
    assert deleted.json == {"id": made["id"], "object": "video.deleted", "deleted": True}
    assert films() == []
    for answer in (caller.get(path), caller.get(f"{path}/content"), caller.delete(path)):
        assert refused(answer, 404)["code"] == "video_not_found"


def test_a_film_under_way_is_made_no_further_when_it_is_deleted(
    caller: Caller, services: Services, world: World, films: Callable[[], list[str]]
) -> None:
    world.behave("amber", **SLOW)
    made = caller.order().json
    caller.under_way(made["id"])
    assert world.wait_until(lambda world: world.open_streams() == 1, timeout=10)
    assert caller.delete(f"/{made['id']}").status_code == 200
    assert world.wait_until(lambda world: world.open_streams() == 0, timeout=10)
    until(lambda: rows(services), what="the journal")
    assert [row.outcome for row in rows(services)] == ["client_closed"]
    assert films() == []


def test_a_film_that_comes_after_its_order_was_deleted_is_not_kept(
    caller: Caller, services: Services, world: World, films: Callable[[], list[str]]
) -> None:
    world.behave("amber", files=1, delay=0.2, empty_elements=5)  # too soon for a heartbeat to tell
    made = caller.order().json
    caller.under_way(made["id"])
    assert caller.delete(f"/{made['id']}").status_code == 200
    until(lambda: rows(services), what="the journal")
    assert [row.outcome for row in rows(services)] == ["client_closed"]
    assert world.counts()["amber"]["download"] == 1
    assert films() == []


def test_an_order_that_many_processes_died_of_fails(caller: Caller, services: Services, world: World) -> None:
    world.behave("amber", files=1)
    fatal = replace(services.videos.get(caller.order().json["id"], scope_of(services)), id="video_fatal")
    services.videos.add(replace(fatal, status="queued", owner="", attempts=5))
    services.films.wake()
    made = caller.ended("video_fatal")
    assert made["status"] == "failed"
    assert "ended 5 times" in made["error"]["message"]


def scope_of(services: Services) -> str:
    key = services.keys.find(KEY)
    assert key
    return key.scope


# Lists


def test_orders_are_listed_page_by_page(caller: Caller, world: World) -> None:
    world.behave("amber", files=1)
    made = [caller.order(f"Film {number}").json["id"] for number in range(5)]
    for job_id in made:
        caller.ended(job_id)
    pages = [caller.get(limit=2).json]
    while pages[-1]["has_more"]:
        pages.append(caller.get(limit=2, after=pages[-1]["last_id"]).json)
    assert [[job["id"] for job in page["data"]] for page in pages] == [made[:2:-1], made[2:0:-1], made[:1]]
    assert (pages[0]["object"], pages[0]["first_id"], pages[0]["last_id"]) == ("list", made[4], made[3])
    assert [job["id"] for job in caller.get(order="asc").json["data"]] == made


@pytest.mark.parametrize(
    ("query", "param"), [({"limit": "0"}, "limit"), ({"limit": "101"}, "limit"), ({"order": "up"}, "order")]
)
def test_a_list_that_cannot_be_is_refused(caller: Caller, query: dict[str, str], param: str) -> None:
    assert refused(caller.get(**query), 400)["param"] == param


# Whose they are


def test_another_key_sees_none_of_it(make_app: MakeApp, world: World) -> None:
    world.behave("amber", files=1)
    app = make_app("amber", API_KEY=f"{KEY},{OTHER}")
    caller, other = Caller(app), Caller(app, OTHER)
    made = caller.ended(caller.order("private").json["id"])
    path = f"/{made['id']}"
    for answer in (
        other.get(path),
        other.get(f"{path}/content"),
        other.delete(path),
        other.get(after=made["id"]),
    ):
        assert refused(answer, 404)["code"] == "video_not_found"
    assert other.get().json["data"] == []
    assert caller.get(path).json == made


def test_without_a_key_there_are_no_films(client: FlaskClient) -> None:
    for answer in (client.post(VIDEOS, json={"prompt": "x"}), client.get(VIDEOS), client.get(f"{VIDEOS}/x")):
        assert refused(answer, 401)["code"] == "invalid_api_key"


def test_browsers_may_order(client: FlaskClient) -> None:
    asked = client.options(VIDEOS, headers={"origin": "https://chat.example"})
    assert asked.headers["access-control-allow-origin"] == "*"


# Mistakes


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": ["x"]}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"model": "gemini-2.5-pro"}, "model"),
        ({"model": 7}, "model"),
        ({"seconds": "soon"}, "seconds"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": 61}, "seconds"),
        ({"seconds": True}, "seconds"),
        ({"size": "large"}, "size"),
        ({"size": "0x0"}, "size"),
        ({"input_reference": "cat.png"}, "input_reference"),
        ({"input_reference": {"colour": "blue"}}, "input_reference"),
    ],
)
def test_an_order_that_cannot_be_is_refused(caller: Caller, fields: dict[str, Any], param: str) -> None:
    assert refused(caller.order(**fields), 400)["param"] == param
    assert caller.get().json["data"] == []


def test_a_model_that_is_not_there_is_told(caller: Caller) -> None:
    error = refused(caller.order(model="veo-9"), 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")


def test_a_picture_that_came_as_text_is_refused(caller: Caller) -> None:
    assert refused(caller.form(input_reference="cat.png"), 400)["param"] == "input_reference"


def test_openai_s_own_name_means_the_model_that_films(caller: Caller) -> None:
    assert caller.order(model="sora-2").json["model"] == "gemini-video"
