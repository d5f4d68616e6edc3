"""Pictures and films in answers: fetched to the shelf, linked, and served."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from proxies import Heard, Peer, answer

from gemini_pool.simulator.files import FILM, PICTURE
from gemini_pool.simulator.world import World

PATH = "/v1/chat/completions"
LINK = re.compile(r"http://localhost/(?:image|video)/[\w-]{32}\.\w+")

Ask = Callable[..., Any]


@pytest.fixture
def ask(client: FlaskClient, keyed: dict[str, str]) -> Ask:
    def ask(model: str = "gemini-image", **more: Any) -> Any:
        messages = more.pop("messages", [{"role": "user", "content": "A cat"}])
        return client.post(PATH, json={"model": model, "messages": messages, **more}, headers=keyed)

    return ask


def content(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json["choices"][0]["message"]["content"]


def streamed(answer: Any) -> str:
    """The text of a stream that came to its proper end."""
    with answer:
        frames = [
            line.removeprefix("data: ") for line in answer.text.split("\n\n") if line.startswith("data: ")
        ]
    assert frames[-1] == "[DONE]"
    return "".join(json.loads(one)["choices"][0]["delta"].get("content") or "" for one in frames[:-1])


def served(client: FlaskClient, text: str) -> list[tuple[str, bytes]]:
    """Type and bytes of what the links in a text lead to."""
    paths = [link.removeprefix("http://localhost") for link in LINK.findall(text)]
    answers = [client.get(path, buffered=True) for path in paths]
    assert all(answer.status_code == 200 for answer in answers)
    return [(answer.content_type, answer.data) for answer in answers]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"download_as": "base64"},
        {"download_redirect": True},
        {"download_only": "plain"},
        {"download_only": "download"},
        {"session_info": "last"},
        {"session_info": "never"},
    ],
    ids=str,
)
def test_a_picture_is_linked_and_served(
    ask: Ask, client: FlaskClient, world: World, how: dict[str, Any], stream: bool
) -> None:
    world.behave("amber", files=1, text="Here you are.", **how)
    answer = ask(stream=stream)
    text = streamed(answer) if stream else content(answer)
    assert re.search(r"!\[image\]\(" + LINK.pattern + r"\)", text), text
    assert "Here you are." in text
    ((kind, data),) = served(client, text)
    assert kind == "image/png"
    assert data.startswith(PICTURE.smallest)


def test_a_film_is_linked_and_served(ask: Ask, client: FlaskClient, world: World) -> None:
    world.behave("amber", files=1, file_bytes=300_000)
    ((kind, data),) = served(client, content(ask("gemini-video")))
    assert (kind, len(data)) == ("video/mp4", 300_000)
    assert data.startswith(FILM.smallest)


def test_several_come_in_one_answer(ask: Ask, client: FlaskClient, world: World) -> None:
    world.behave("amber", files=3, inline_image_bytes=70_000)
    assert len(served(client, content(ask()))) == 4


def test_any_model_may_draw(ask: Ask, client: FlaskClient, world: World) -> None:
    world.behave("amber", files=1)
    assert len(served(client, content(ask("gemini-2.5-pro")))) == 1


def test_the_form_is_the_request_s_choice(ask: Ask, world: World) -> None:
    world.behave("amber", files=1)
    assert LINK.search(content(ask(image_format="url")))
    assert "data:image/png;base64," in content(ask(image_format="base64"))
    (part,) = [one for one in content(ask(image_format="array")) if one["type"] == "image_url"]
    assert LINK.fullmatch(part["image_url"]["url"])
    assert ask(image_format="hologram").status_code == 400


def test_the_form_is_the_operator_s_where_nobody_else_says(
    make_app: Callable[..., Flask], keyed: dict[str, str], world: World
) -> None:
    world.behave("amber", files=1)
    client = make_app("amber", IMAGE_FORMAT="base64", BASE_URL="https://pool.example").test_client()
    body = {"model": "gemini-image", "messages": [{"role": "user", "content": "A cat"}]}
    assert "data:image/png;base64," in content(client.post(PATH, json=body, headers=keyed))
    linked = content(client.post(PATH, json=body | {"image_format": "url"}, headers=keyed))
    assert "https://pool.example/image/" in linked


@pytest.mark.parametrize("form", ["markdown", "array"])
def test_an_edit_elsewhere_has_the_picture(
    make_app: Callable[..., Flask], keyed: dict[str, str], world: World, form: str
) -> None:
    world.behave("amber", files=1)
    client = make_app("amber", "bruno").test_client()
    world.behave("bruno", api="500", api_on=["stream"])
    body: dict[str, Any] = {"model": "gemini-image", "image_format": form}
    body["messages"] = [{"role": "user", "content": "A cat"}]
    said = content(client.post(PATH, json=body, headers=keyed))
    world.behave("amber", api="401", api_on=["stream", "xsrf"], files=0)
    world.behave("bruno", api=None)
    went_on = [{"role": "assistant", "content": said}, {"role": "user", "content": "In blue"}]
    body["messages"] = [*body["messages"], *went_on]
    assert client.post(PATH, json=body, headers=keyed).status_code == 200
    (session,) = [one for one in world.sessions("bruno") if one.turns and one.files]
    (file,) = session.files.values()
    assert file.mime_type == "image/png"


def test_a_file_that_cannot_be_fetched_is_another_account_s_turn(
    make_app: Callable[..., Flask], keyed: dict[str, str], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gemini_pool.upstream.downloads.PAUSES_SECONDS", (0.01,))
    world.behave(None, files=1)
    world.behave("amber", api="500", api_on=["download"])
    client = make_app("amber", "bruno").test_client()
    body = {"model": "gemini-image", "messages": [{"role": "user", "content": "A cat"}]}
    for _ in range(2):
        assert len(served(client, content(client.post(PATH, json=body, headers=keyed)))) == 1


# An image host


def hosted(
    make_app: Callable[..., Flask], keyed: dict[str, str], say: Callable[[Heard], bytes]
) -> tuple[str, list[Heard]]:
    """What an answer shows where pictures are put on a host, and what that was sent."""
    with Peer(say) as peer:
        app = make_app("amber", UPLOAD_ENDPOINT=f"{peer.url}/upload", UPLOAD_API_TOKEN="secret-of-the-host")
        body = {"model": "gemini-image", "messages": [{"role": "user", "content": "A cat"}]}
        return content(app.test_client().post(PATH, json=body, headers=keyed)), peer.requests


def test_a_picture_is_put_on_the_image_host_and_linked_there(
    make_app: Callable[..., Flask], keyed: dict[str, str], world: World
) -> None:
    world.behave("amber", files=1)
    place = b'[{"src": "https://img.example/file/cat.png"}]'
    text, (heard,) = hosted(make_app, keyed, lambda _: answer(200, place, "Connection: close"))
    assert "![image](https://img.example/file/cat.png)" in text
    assert PICTURE.smallest in heard.body


def test_without_the_image_host_the_picture_is_linked_here_and_the_log_says_why(
    make_app: Callable[..., Flask], keyed: dict[str, str], world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.behave("amber", files=1)
    text, _ = hosted(make_app, keyed, lambda _: answer(500, b"", "Connection: close"))
    assert LINK.search(text)
    assert "image host" in caplog.text
    assert "secret-of-the-host" not in caplog.text
