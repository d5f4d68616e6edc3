"""OpenAI's picture routes: from words, from pictures, several at one time, and what failing is told as."""

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from gemini_pool.dialects.images import MASK
from gemini_pool.simulator.files import PICTURE
from gemini_pool.simulator.world import World
from gemini_pool.store.journal import CallRecord

MakeApp = Callable[..., Flask]
Keyed = dict[str, str]

GENERATIONS = "/v1/images/generations"
CHAT = "/v1/chat/completions"
THREE = ("amber", "bruno", "clara")

Draw = Callable[..., Any]


@pytest.fixture
def draw(client: FlaskClient, keyed: Keyed) -> Draw:
    def draw(**more: Any) -> Any:
        return client.post(GENERATIONS, json={"prompt": "A cat"} | more, headers=keyed)

    return draw


def rows(app: Flask) -> list[CallRecord]:
    """The journal, newest first."""
    services = app.extensions["gemini_pool"]
    services.behind.flush()
    return list(services.journal.recent())


def asked(world: World) -> dict[str, int]:
    """How many questions each account heard."""
    return {name: len(prompts) for name, prompts in world.prompts.items() if prompts}


def test_a_picture_is_linked_and_served(draw: Draw, client: FlaskClient, world: World) -> None:
    world.behave("amber", files=1, text="Here you are.")
    answer = draw()
    assert answer.status_code == 200, answer.text
    ((url,),) = [one.values() for one in answer.json["data"]]
    assert answer.json["created"] > 1_600_000_000
    assert answer.json["output_format"] == "png"
    served = client.get(url.removeprefix("http://localhost"), buffered=True)
    assert served.data.startswith(PICTURE.smallest)


@pytest.mark.parametrize(
    ("asking", "form"),
    [
        ({"response_format": "b64_json"}, "b64_json"),
        ({"model": "gpt-image-1"}, "b64_json"),
        ({"model": "chatgpt-image-latest"}, "b64_json"),
        ({"model": "gpt-image-1-mini", "response_format": "url"}, "url"),
        ({"model": "dall-e-3"}, "url"),
        ({"model": "nano-banana-2"}, "url"),
        ({"model": None, "n": None, "size": None, "stream": False}, "url"),
    ],
    ids=str,
)
def test_a_picture_comes_as_it_is_asked_for(
    draw: Draw, world: World, asking: dict[str, Any], form: str
) -> None:
    world.behave("amber", files=1)
    answer = draw(**asking)
    assert answer.status_code == 200, answer.text
    ((shown, value),) = [item for one in answer.json["data"] for item in one.items()]
    assert shown == form
    if form == "b64_json":
        assert base64.b64decode(value).startswith(PICTURE.smallest)


def test_size_and_quality_are_said_in_words(draw: Draw, world: World) -> None:
    world.behave("amber", files=1)
    answer = draw(size="1024x1536", quality="high", style="vivid", background="auto")
    said = "A cat\n\nMake it 1024x1536 in size, of high quality, vivid in style."
    assert world.prompts["amber"] == [said]
    assert [one["revised_prompt"] for one in answer.json["data"]] == [said]


def test_several_are_drawn_by_several_accounts(make_app: MakeApp, keyed: Keyed, world: World) -> None:
    world.behave(None, files=1, first_delay=1.0)
    app = make_app(*THREE)
    with ThreadPoolExecutor(1) as thread:
        body = {"prompt": "A cat", "n": 3}
        asking = thread.submit(app.test_client().post, GENERATIONS, json=body, headers=keyed)
        assert world.wait_until(lambda world: world.open_streams() == 3)
    answer = asking.result()
    assert len({one["url"] for one in answer.json["data"]}) == 3
    assert asked(world) == dict.fromkeys(THREE, 1)
    calls = rows(app)
    assert len({call.account_id for call in calls}) == 3
    assert {(call.outcome, call.model, call.endpoint) for call in calls} == {
        ("ok", "gemini-image", GENERATIONS)
    }


def test_words_are_no_picture_and_another_account_is_tried(
    make_app: MakeApp, keyed: Keyed, world: World
) -> None:
    world.behave("amber", files=0)
    client = make_app("amber", "bruno").test_client()
    for _ in range(2):
        answer = client.post(GENERATIONS, json={"prompt": "A cat"}, headers=keyed)
        assert [list(one) for one in answer.json["data"]] == [["url"]]
    heard = asked(world)
    assert heard["amber"] >= 1
    assert heard["bruno"] == 2


def test_no_picture_at_all_is_an_error(make_app: MakeApp, keyed: Keyed, world: World) -> None:
    world.behave(None, files=0)
    app = make_app("amber", "bruno")
    answer = app.test_client().post(GENERATIONS, json={"prompt": "A cat", "n": 2}, headers=keyed)
    assert answer.status_code == 502
    assert "without the file" in answer.json["error"]["message"]
    assert answer.headers["x-should-retry"] == "false"
    assert asked(world) == {"amber": 2, "bruno": 2}
    assert [(call.outcome, call.error) for call in rows(app)] == [("error", "EmptyAnswer")] * 2


def test_those_that_were_made_are_an_answer(make_app: MakeApp, keyed: Keyed, world: World) -> None:
    world.behave("amber", files=1, first_delay=0.2)
    world.behave("bruno", files=1, first_delay=0.2, stream="skipped-policy")
    app = make_app("amber", "bruno")
    answer = app.test_client().post(GENERATIONS, json={"prompt": "A cat", "n": 2}, headers=keyed)
    assert answer.status_code == 200
    assert len(answer.json["data"]) == 1
    assert sorted(call.outcome for call in rows(app)) == ["error", "ok"]


def test_an_answer_that_holds_more_stands_in_for_one_that_failed(
    make_app: MakeApp, keyed: Keyed, world: World
) -> None:
    world.behave("amber", files=3, first_delay=0.2)
    world.behave("bruno", first_delay=0.2, stream="skipped-policy")
    client = make_app("amber", "bruno").test_client()
    answer = client.post(GENERATIONS, json={"prompt": "A cat", "n": 2}, headers=keyed)
    assert len({one["url"] for one in answer.json["data"]}) == 2
    world.behave("bruno", files=3, stream=None)
    assert len(client.post(GENERATIONS, json={"prompt": "A cat"}, headers=keyed).json["data"]) == 1


def test_a_quota_of_pictures_leaves_the_words(
    draw: Draw, client: FlaskClient, keyed: Keyed, world: World
) -> None:
    world.behave("amber", api="429-retry-after", retry_after=60)
    refused = draw()
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    world.behave("amber", api=None, files=1)
    assert draw().status_code == 429
    said = client.post(CHAT, json={"messages": [{"role": "user", "content": "Hi"}]}, headers=keyed)
    assert said.status_code == 200


def test_where_places_are_few_the_pictures_wait_for_each_other(
    make_app: MakeApp, keyed: Keyed, world: World
) -> None:
    world.behave("amber", files=1)
    client = make_app("amber", THREADS="4").test_client()
    for _ in range(4):
        answer = client.post(GENERATIONS, json={"prompt": "A cat", "n": 4}, headers=keyed)
        assert len({one["url"] for one in answer.json["data"]}) == 4


@pytest.mark.parametrize(
    ("asking", "param", "words"),
    [
        ({"prompt": " "}, "prompt", "is missing"),
        ({"prompt": "x" * 32_001}, "prompt", "32,000"),
        ({"n": 5}, "n", "from 1 to 4"),
        ({"n": True}, "n", "from 1 to 4"),
        ({"stream": True}, "stream", "not streamed"),
        ({"response_format": "hologram"}, "response_format", "url or b64_json"),
        ({"size": 1024}, "size", "a string"),
        ({"model": "gemini-2.5-pro"}, "model", "`gemini-image`"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_mistake_is_told_and_costs_nothing(
    draw: Draw, world: World, asking: dict[str, Any], param: str, words: str
) -> None:
    answer = draw(**asking)
    assert answer.status_code == 400
    assert answer.json["error"]["param"] == param
    assert words in answer.json["error"]["message"]
    assert asked(world) == {}


def test_a_model_that_nobody_knows(draw: Draw) -> None:
    assert draw(model="midjourney").status_code == 404


def test_it_takes_a_key(client: FlaskClient) -> None:
    assert client.post(GENERATIONS, json={"prompt": "A cat"}).status_code == 401


# From pictures


PNG = PICTURE.smallest
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20)
EDITS = "/v1/images/edits"
VARIATIONS = "/v1/images/variations"

Send = Callable[..., Any]


@pytest.fixture
def send(client: FlaskClient, keyed: Keyed, world: World) -> Send:
    """Send a form of pictures to a healthy amber that draws."""
    world.behave("amber", files=1)

    def send(path: str = EDITS, **fields: Any) -> Any:
        return client.post(path, data=fields, headers=keyed)

    return send


def seen(world: World, name: str = "amber") -> list[tuple[str, list[tuple[str, str]]]]:
    """Each question that the account heard, with name and digest of the pictures that it showed."""
    return [
        (turn.prompt, [(session.files[one].name, session.files[one].sha256) for one in turn.file_ids])
        for session in world.sessions(name)
        for turn in session.turns
    ]


def picture(data: bytes = PNG, name: str = "cat.png") -> tuple[BytesIO, str]:
    return BytesIO(data), name


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_an_edit_shows_its_picture(send: Send, world: World) -> None:
    answer = send(image=picture(), prompt="In blue", n="1", response_format="b64_json")
    assert [list(one) for one in answer.json["data"]] == [["b64_json"]]
    assert seen(world) == [("In blue", [("cat.png", digest(PNG))])]


@pytest.mark.parametrize("field", ["image", "image[]", "images"])
def test_an_edit_of_two_pictures(send: Send, world: World, field: str) -> None:
    both = {field: [picture(), picture(JPEG, "dog.jpg")]}
    assert send(**both, prompt="Both").status_code == 200
    assert seen(world) == [("Both", [("cat.png", digest(PNG)), ("dog.jpg", digest(JPEG))])]


def test_a_mask_is_shown_last_and_told_of(send: Send, world: World) -> None:
    answer = send(mask=picture(PNG + b"mask", "mask.png"), image=picture(), prompt="A hat", size="512x512")
    assert answer.status_code == 200, answer.text
    ((prompt, shown),) = seen(world)
    assert prompt == f"A hat\n\n{MASK} Make it 512x512 in size."
    assert shown == [("cat.png", digest(PNG)), ("mask.png", digest(PNG + b"mask"))]


def test_a_variation_needs_no_words(send: Send, world: World) -> None:
    assert send(VARIATIONS, image=picture(), model="dall-e-2").status_code == 200
    assert seen(world) == [("Make a variation of this picture.", [("cat.png", digest(PNG))])]


def test_several_edits_show_the_same_picture_to_several_accounts(
    make_app: MakeApp, keyed: Keyed, world: World
) -> None:
    world.behave(None, files=1, first_delay=0.2)
    form = {"image": picture(), "prompt": "In blue", "n": "3"}
    answer = make_app(*THREE).test_client().post(EDITS, data=form, headers=keyed)
    assert len({one["url"] for one in answer.json["data"]}) == 3
    for name in THREE:
        assert seen(world, name) == [("In blue", [("cat.png", digest(PNG))])]


def test_an_edit_in_json_names_its_pictures(
    client: FlaskClient, keyed: Keyed, world: World, send: Send
) -> None:
    uploaded = client.post("/v1/files", data={"file": picture(JPEG, "dog.jpg")}, headers=keyed).json["id"]
    address = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    images = [{"file_id": uploaded}, {"image_url": address}, {"image_url": {"url": address}}]
    answer = client.post(EDITS, json={"prompt": "All", "images": images}, headers=keyed)
    assert answer.status_code == 200, answer.text
    ((_, shown),) = seen(world)
    assert {sha256 for _, sha256 in shown} == {digest(JPEG), digest(PNG)}


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        (EDITS, {"other": picture(), "prompt": "In blue"}, "1 to 16 pictures"),
        (EDITS, {"image": [picture() for _ in range(17)], "prompt": "In blue"}, "1 to 16 pictures"),
        (EDITS, {"image": picture()}, "say in words"),
        (EDITS, {"image": picture(b""), "prompt": "In blue"}, "is empty"),
        (EDITS, {"image": picture(b"%PDF-1.7\n", "a.pdf"), "prompt": "In blue"}, "`a.pdf` is no picture"),
        (EDITS, {"image": picture(), "prompt": "In blue", "stream": "true"}, "not streamed"),
        (EDITS, {"image": picture(), "prompt": "In blue", "n": "five"}, "from 1 to 4"),
        (VARIATIONS, {"image": [picture(), picture()]}, "of one picture"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_form_that_is_none_is_refused(
    send: Send, world: World, path: str, form: dict[str, Any], words: str
) -> None:
    answer = send(path, **form)
    assert answer.status_code == 400
    assert words in answer.json["error"]["message"]
    assert asked(world) == {}


def test_a_picture_over_the_limit_is_refused(make_app: MakeApp, keyed: Keyed) -> None:
    client = make_app("amber", MAX_FILE_MB="1").test_client()
    form = {"image": FileStorage(*picture(PNG.ljust(1_100_000, b"\0"))), "prompt": "In blue"}
    boundary, body = encode_multipart(form)  # what the client makes of it by itself it leaves on disk
    kind = f"multipart/form-data; boundary={boundary}"
    answer = client.post(EDITS, data=body, content_type=kind, headers=keyed)
    assert answer.status_code == 413
    assert "MAX_FILE_MB" in answer.json["error"]["message"]
    assert answer.json["error"]["param"] == "image"


def test_nothing_of_a_form_stays_on_disk(send: Send, app: Flask) -> None:
    assert send(image=picture(), prompt="In blue").status_code == 200
    assert send(image=picture(), mask=picture(b"")).status_code == 400
    folder = app.extensions["gemini_pool"].settings.data_path / "files"
    assert [path for path in folder.rglob("*") if path.is_file()] == []
