"""Recordings in, text out."""

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from gemini_pool.simulator.world import World

PATH = "/v1/audio/transcriptions"
WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\0\0\0\0"


def send(client: FlaskClient, keyed: dict[str, str], **fields: Any) -> Any:
    form = {"file": (BytesIO(WAV), "speech.wav"), "model": "whisper-1", **fields}
    data = {name: one for name, one in form.items() if one is not None}
    return client.post(PATH, data=data, headers=keyed, content_type="multipart/form-data")


def test_what_is_said_comes_as_text(client: FlaskClient, keyed: dict[str, str], world: World) -> None:
    world.behave("amber", text=" Good morning. ")
    assert send(client, keyed).json == {"text": "Good morning."}
    plain = send(client, keyed, response_format="text")
    assert (plain.content_type, plain.text) == ("text/plain; charset=utf-8", "Good morning.\n")
    verbose = send(client, keyed, response_format="verbose_json", language="en").json
    assert (verbose["task"], verbose["language"], verbose["text"]) == ("transcribe", "en", "Good morning.")


def test_the_recording_goes_in_as_a_file(client: FlaskClient, keyed: dict[str, str], world: World) -> None:
    assert send(client, keyed, language="de", prompt="Gemini, Kubernetes").status_code == 200
    (session,) = [one for one in world.sessions("amber") if one.turns]
    (file,) = session.files.values()
    assert (file.name, file.mime_type, file.size) == ("speech.wav", "audio/wav", len(WAV))
    (turn,) = session.turns
    assert turn.file_ids == (file.id,)
    assert "de" in turn.prompt
    assert "Kubernetes" in turn.prompt


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"file": None}, "file"),
        ({"file": "text"}, "file"),
        ({"response_format": "srt"}, "response_format"),
        ({"stream": "true"}, "stream"),
        ({"model": "no-such-model"}, "model"),
        ({"prompt": "x" * 5000}, "prompt"),
        ({"file": (BytesIO(b""), "speech.wav")}, "file"),
    ],
)
def test_what_cannot_be_done_is_said(
    client: FlaskClient, keyed: dict[str, str], world: World, fields: dict[str, Any], param: str
) -> None:
    answer = send(client, keyed, **fields)
    assert answer.status_code in (400, 404)
    assert answer.json["error"]["param"] == param
    assert world.counts()["amber"]["stream"] == 0


def test_it_is_a_call_like_others(client: FlaskClient, keyed: dict[str, str], world: World) -> None:
    assert client.post(PATH, data={}, headers={}).status_code == 401
    assert client.post(PATH, json={}, headers=keyed).status_code == 400
    world.behave("amber", api="429")
    assert send(client, keyed).status_code == 429
