"""Files in a chat: every form reaches the model, once a session."""

import base64
import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from running import KEY

from gemini_pool.simulator.files import PICTURE
from gemini_pool.simulator.world import World

PATH = "/v1/chat/completions"
PNG = PICTURE.smallest
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\0\0\0\0"

Ask = Callable[..., Any]


def packed(data: bytes) -> str:
    return base64.b64encode(data).decode()


def data_url(data: bytes, mime_type: str) -> str:
    return f"data:{mime_type};base64,{packed(data)}"


@pytest.fixture
def ask(client: FlaskClient, keyed: dict[str, str]) -> Ask:
    """Ask with these parts, after what was said before; the answer's body."""

    def ask(*parts: Any, before: tuple[dict[str, Any], ...] = (), **more: Any) -> Any:
        body = {"messages": [*before, {"role": "user", "content": list(parts)}], **more}
        return client.post(PATH, json=body, headers=keyed)

    return ask


def uploads(world: World, name: str = "amber") -> list[tuple[str, str, str]]:
    """Name, type and digest of all files in the account's sessions, in order."""
    return [
        (file.name, file.mime_type, file.sha256)
        for session in world.sessions(name)
        for file in session.files.values()
    ]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("part", "name", "mime_type", "data"),
    [
        ({"type": "image_url", "image_url": {"url": data_url(PNG, "image/png")}}, "", "image/png", PNG),
        ({"type": "image_url", "image_url": data_url(PNG, "image/png")}, "", "image/png", PNG),
        ({"type": "image_url", "image_url": data_url(PNG, "image/jpeg")}, "", "image/png", PNG),
        ({"type": "input_image", "image_url": data_url(PNG, "image/png")}, "", "image/png", PNG),
        ({"type": "image", "data": packed(PNG)}, "", "image/png", PNG),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": data_url(PDF, "application/pdf")}},
            "a.pdf",
            "application/pdf",
            PDF,
        ),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": packed(PDF)},
            "a.pdf",
            "application/pdf",
            PDF,
        ),
        (
            {"type": "input_audio", "input_audio": {"data": packed(WAV), "format": "wav"}},
            "audio.wav",
            "audio/wav",
            WAV,
        ),
    ],
)
def test_a_file_reaches_the_model(
    ask: Ask, world: World, part: dict[str, Any], name: str, mime_type: str, data: bytes
) -> None:
    answer = ask({"type": "text", "text": "What is this?"}, part)
    assert answer.status_code == 200, answer.text
    ((told, kind, sha256),) = uploads(world)
    assert (kind, sha256) == (mime_type, digest(data))
    assert told == name or (not name and told.endswith(".png"))
    assert [len(turn.file_ids) for session in world.sessions("amber") for turn in session.turns] == [1]


def test_a_file_alone_is_a_question(ask: Ask, world: World) -> None:
    assert ask({"type": "image_url", "image_url": data_url(PNG, "image/png")}).status_code == 200
    assert len(uploads(world)) == 1


def test_an_uploaded_file_is_named_by_its_id(
    ask: Ask, world: World, client: FlaskClient, keyed: dict[str, str]
) -> None:
    form = {"file": (BytesIO(PDF), "report.pdf"), "purpose": "assistants"}
    file = client.post("/v1/files", data=form, headers=keyed).json
    assert ask("Sum it up.", {"type": "file", "file": {"file_id": file["id"]}}).status_code == 200
    assert uploads(world) == [("report.pdf", "application/pdf", digest(PDF))]


def test_the_same_file_in_one_conversation_is_uploaded_once(ask: Ask, world: World) -> None:
    pdf = {"type": "file", "file": {"filename": "a.pdf", "file_data": data_url(PDF, "application/pdf")}}
    before: tuple[dict[str, Any], ...] = ()
    for question in ("One?", "Two?", "Three?"):
        parts = [{"type": "text", "text": question}, pdf]
        answer = ask(*parts, before=before).json["choices"][0]["message"]["content"]
        before += ({"role": "user", "content": parts}, {"role": "assistant", "content": answer})
    assert len(uploads(world)) == 1
    (session,) = [one for one in world.sessions("amber") if one.turns]
    assert [len(turn.file_ids) for turn in session.turns] == [1, 1, 1]
    assert len({turn.file_ids for turn in session.turns}) == 1


def test_another_file_is_another_question(ask: Ask, world: World) -> None:
    first = {"type": "image_url", "image_url": data_url(PNG, "image/png")}
    other = {"type": "file", "file": {"filename": "a.pdf", "file_data": data_url(PDF, "application/pdf")}}
    answer = ask("What?", first).json["choices"][0]["message"]["content"]
    said = {"role": "assistant", "content": answer}
    ask("And?", before=({"role": "user", "content": ["What?", other]}, said))
    assert len([one for one in world.sessions("amber") if one.turns]) == 2


def test_after_failover_the_files_are_uploaded_again(
    make_app: Callable[..., Flask], keyed: dict[str, str], world: World
) -> None:
    world.behave("amber", api="500", api_on=["stream"])
    client = make_app("amber", "bruno").test_client()
    part = {"type": "image_url", "image_url": {"url": data_url(PNG, "image/png")}}
    for _ in range(2):
        body = {"messages": [{"role": "user", "content": ["What is this?", part]}]}
        assert client.post(PATH, json=body, headers=keyed).status_code == 200
    assert {sha256 for *_, sha256 in uploads(world, "bruno")} == {digest(PNG)}


def test_what_the_service_does_not_take_is_told_by_name_and_with_advice(ask: Ask) -> None:
    rar = {
        "type": "file",
        "file": {"filename": "all.rar", "file_data": packed(b"Rar!\x1a\x07\x01\0" + bytes(20))},
    }
    answer = ask("What is in it?", rar)
    assert answer.status_code == 400
    message = answer.json["error"]["message"]
    assert "`all.rar`" in message
    assert "npack" in message


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "image_url", "image_url": "data:image/png;base64,!!!"}, "not base64"),
        ({"type": "image_url", "image_url": "data:image/png;base64,"}, "is empty"),
        ({"type": "file", "file": {"file_data": packed(bytes(range(256)))}}, "cannot be told"),
        ({"type": "file", "file": {"file_id": "file-of-nobody"}}, "file-of-nobody"),
        ({"type": "image_url", "image_url": "http://127.0.0.1/x.png"}, "messages[0].content[1]"),
        ({"type": "image_url", "image_url": "file:///etc/passwd"}, "messages[0].content[1]"),
    ],
)
def test_what_cannot_be_had_is_the_caller_s_mistake(ask: Ask, world: World, part: Any, words: str) -> None:
    answer = ask("What is this?", part)
    assert answer.status_code in (400, 404)
    assert words in answer.json["error"]["message"]
    assert world.counts()["amber"]["stream"] == 0


def test_a_file_over_the_limit_is_refused(make_app: Callable[..., Flask], keyed: dict[str, str]) -> None:
    part = {"type": "file", "file": {"filename": "a.txt", "file_data": packed(b"a" * 1_100_000)}}
    body = {"messages": [{"role": "user", "content": [part]}]}
    answer = make_app("amber", MAX_FILE_MB="1").test_client().post(PATH, json=body, headers=keyed)
    assert answer.status_code == 413
    assert "MAX_FILE_MB" in answer.json["error"]["message"]


def test_nothing_stays_on_disk(ask: Ask, app: Flask) -> None:
    picture = {"type": "image_url", "image_url": data_url(PNG, "image/png")}
    ask("What is this?", picture)
    with ask("What is this?", picture, stream=True) as streamed:
        streamed.get_data()
    arriving = app.extensions["gemini_pool"].settings.data_path / "files" / "arriving"
    assert list(arriving.iterdir()) == []


def test_another_key_s_file_does_not_exist(
    make_app: Callable[..., Flask], keyed: dict[str, str], world: World
) -> None:
    client = make_app("amber", API_KEY=f"{KEY},another-key-of-the-tests").test_client()
    form = {"file": (BytesIO(PDF), "report.pdf"), "purpose": "assistants"}
    file = client.post("/v1/files", data=form, headers={"x-api-key": "another-key-of-the-tests"}).json
    body = {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": file["id"]}}]}]}
    answer = client.post(PATH, json=body, headers=keyed)
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "file_not_found")
    assert uploads(world) == []


def test_a_deleted_file_is_forgotten_upstream_too(
    ask: Ask, client: FlaskClient, keyed: dict[str, str], world: World
) -> None:
    form = {"file": (BytesIO(PDF), "report.pdf"), "purpose": "assistants"}
    file = client.post("/v1/files", data=form, headers=keyed).json
    parts = ["What is in it?", {"type": "file", "file": {"file_id": file["id"]}}]
    said = ask(*parts).json["choices"][0]["message"]["content"]
    assert client.delete(f"/v1/files/{file['id']}", headers=keyed).status_code == 200
    again = {"type": "file", "file": {"filename": "report.pdf", "file_data": packed(PDF)}}
    before = ({"role": "user", "content": ["What is in it?", again]}, {"role": "assistant", "content": said})
    assert ask("And now?", again, before=before).status_code == 200
    assert len(uploads(world)) == 2
    assert len([one for one in world.sessions("amber") if one.turns]) == 1
