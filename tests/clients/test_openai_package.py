"""The openai package as its users have it, with strict validation of every answer, against gunicorn."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2 as httpx
import openai
import pytest
from flask import Flask
from lookups import NAME, Directory
from openai import OpenAI
from proxies import Peer, answer
from running import KEY, RunningPool, environment

from gemini_pool.media.fetch import Fetcher
from gemini_pool.simulator.files import FILM, PICTURE
from gemini_pool.simulator.server import Simulator

OTHER = "sk-gp-of-somebody-else"
PNG = b64encode(PICTURE.smallest).decode()
MP4 = b64encode(FILM.smallest).decode()
WAV = b64encode(b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(24)).decode()
HELLO = [{"role": "user", "content": "Hello, 世界?"}]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def pool(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPool]:
    folder: Path = tmp_path_factory.mktemp("pool")
    environ = environment(simulator, folder, ["amber"]) | {
        "MAX_BODY_MB": "2",
        "MAX_FILE_MB": "3",
        "KEEP_ALIVE_SECONDS": "1",
        "API_KEY": f"{KEY},{OTHER}",
    }
    with RunningPool(environ, folder) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy(simulator: Simulator) -> None:
    simulator.world.reset()
    simulator.world.behave("amber", text=None, thoughts=0, stream=None, delay=0.0, citations=False, files=0)


@pytest.fixture
def client(pool: RunningPool) -> Iterator[OpenAI]:
    with strict(pool) as client:
        yield client


def strict(pool: RunningPool, key: str = KEY) -> OpenAI:
    return OpenAI(
        base_url=f"{pool.url}/v1", api_key=key, _strict_response_validation=True, max_retries=0, timeout=20
    )


def test_a_whole_answer(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gemini-2.5-pro", messages=HELLO)
    assert "Hello, 世界?" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id


def test_a_streamed_answer(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", text="你好 🌍 in several pieces", deltas=5, thoughts=2)
    stream = client.chat.completions.create(
        model="gemini-auto", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert len({(c.id, c.created, c.model) for c in chunks}) == 1
    assert (
        "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "你好 🌍 in several pieces"
    )
    assert [c.choices[0].finish_reason for c in chunks if c.choices].count("stop") == 1
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens > 0


def test_a_stream_that_is_kept_alive_reads_like_any_other(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", text="now and then", deltas=2, delay=2.2, empty_elements=0)
    stream = client.chat.completions.create(model="gemini-auto", messages=HELLO, stream=True)
    lines: list[str] = []
    read = stream.response.iter_bytes
    stream.response.iter_bytes = lambda: (lines.append(piece.decode()) or piece for piece in read())
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "now and then"
    assert ": keep-alive\n\n" in "".join(lines)


def test_the_stream_helper_builds_the_same_answer(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", text="built from pieces", deltas=4, thoughts=1, citations=True)
    with client.chat.completions.stream(model="gemini-auto", messages=HELLO) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert "".join(deltas) == "built from pieces"
    assert final.choices[0].message.content == "built from pieces"
    assert final.choices[0].finish_reason == "stop"


def test_sources_come_as_annotations(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", text="据说狐狸会跳。", citations=True)
    message = client.chat.completions.create(model="gemini-auto", messages=HELLO).choices[0].message
    assert message.annotations
    cited = message.annotations[0].url_citation
    assert cited.url.startswith("http")
    assert 0 <= cited.start_index <= cited.end_index <= len("据说狐狸会跳。")


def test_models_are_listed_and_looked_up(client: OpenAI) -> None:
    ids = [model.id for model in client.models.list()]
    assert "gemini-enterprise" in ids
    assert client.models.retrieve("gemini-2.5-flash").owned_by == "google"


def test_a_file_is_uploaded_read_and_deleted(client: OpenAI) -> None:
    content = b"%PDF-1.7 \x00\xff\r\n" * 50_000
    made = client.files.create(file=("résumé 世界.pdf", content), purpose="user_data")
    assert (made.filename, made.bytes, made.purpose) == ("résumé 世界.pdf", len(content), "user_data")
    assert made.status == "processed"
    assert made.expires_at
    assert client.files.retrieve(made.id) == made
    read = client.files.content(made.id)
    assert read.content == content
    assert read.response.headers["content-type"] == "application/pdf"
    deleted = client.files.delete(made.id)
    assert (deleted.id, deleted.deleted) == (made.id, True)
    for gone in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError) as caught:
            gone(made.id)
        assert caught.value.code == "file_not_found"


def test_files_are_listed_over_pages(client: OpenAI) -> None:
    expires = {"anchor": "created_at", "seconds": 3600}
    made = [
        client.files.create(file=BytesIO(b"Hello."), purpose=purpose, expires_after=expires).id
        for purpose in ("vision", "user_data", "vision", "vision")
    ]
    assert [file.id for file in client.files.list(limit=2, order="asc")] == made
    assert [file.id for file in client.files.list(limit=1)] == made[::-1]
    assert [file.id for file in client.files.list(purpose="vision", limit=2)] == [made[3], made[2], made[0]]
    for file in client.files.list():
        client.files.delete(file.id)
    assert list(client.files.list()) == []


def test_no_key_sees_the_files_of_another(client: OpenAI, pool: RunningPool) -> None:
    made = client.files.create(file=("private.txt", b"private"), purpose="user_data")
    with strict(pool, OTHER) as other:
        assert list(other.files.list()) == []
        for ask in (other.files.retrieve, other.files.content, other.files.delete):
            with pytest.raises(openai.NotFoundError):
                ask(made.id)
    assert client.files.content(made.id).content == b"private"


@pytest.mark.parametrize("size", [3 * 1024 * 1024 + 1, 8_000_000])
def test_a_file_over_the_limit(client: OpenAI, size: int) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.files.create(file=("big.bin", b"x" * size), purpose="user_data")
    assert (caught.value.status_code, caught.value.code) == (413, "request_too_large")
    assert "3 MB (MAX_FILE_MB)" in caught.value.message


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
        {"type": "file", "file": {"filename": "a.png", "file_data": f"data:image/png;base64,{PNG}"}},
        {"type": "file", "file": {"filename": "a.png", "file_data": PNG}},
        {"type": "file", "file": {"file_id": ""}},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"},
        {"type": "input_file", "filename": "a.png", "file_data": f"data:image/png;base64,{PNG}"},
        {"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}},
        {"type": "image", "data": PNG, "mime_type": "image/png"},
        {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{MP4}"}},
    ],
    ids=lambda part: f"{part['type']} {len(str(part))}",
)
def test_a_file_in_a_chat(client: OpenAI, simulator: Simulator, part: Any) -> None:
    if part.get("file", {}).get("file_id") == "":
        file = client.files.create(file=("a.png", PICTURE.smallest), purpose="vision")
        part = {"type": "file", "file": {"file_id": file.id}}
    messages: Any = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, part]}]
    answer = client.chat.completions.create(model="gemini-auto", messages=messages)
    assert "(1 file)" in (answer.choices[0].message.content or "")
    sessions = [one for one in simulator.world.sessions("amber") if one.files]
    types = {"input_audio": "audio/wav", "video_url": "video/mp4"}
    assert [f.mime_type for f in sessions[-1].files.values()] == [types.get(part["type"], "image/png")]


@pytest.mark.parametrize("part", ["image_url", "video_url", "file", "input_file", "input_image"])
def test_a_file_named_by_its_address(
    make_app: Callable[..., Flask], simulator: Simulator, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    # The guard lets nobody call this machine, so the name's look-up and its permission are the test's.
    here = partial(Fetcher, permits=lambda *_: True, resolve=Directory())
    monkeypatch.setattr("gemini_pool.parts.Fetcher", here)
    app = make_app("amber")
    with Peer(lambda _: answer(200, PICTURE.smallest, "Content-Type: image/png")) as peer:
        address = f"http://{NAME}:{peer.port}/cat.png"
        parts = {
            "image_url": {"image_url": {"url": address}},
            "video_url": {"video_url": {"url": address}},
            "file": {"file": {"file_url": address}},
            "input_file": {"file_url": address},
            "input_image": {"image_url": address},
        }
        messages: Any = [{"role": "user", "content": [{"type": part, **parts[part]}]}]
        transport = httpx.WSGITransport(app=app)  # type: ignore[arg-type]
        with OpenAI(
            base_url="http://pool/v1", api_key=KEY, http_client=httpx.Client(transport=transport)
        ) as c:
            said = c.chat.completions.create(model="gemini-auto", messages=messages)
    assert "(1 file)" in (said.choices[0].message.content or "")
    sessions = [one for one in simulator.world.sessions("amber") if one.files]
    (file,) = sessions[-1].files.values()
    assert (file.name, file.size) == ("cat.png", len(PICTURE.smallest))


def test_files_in_the_form_with_prompts(client: OpenAI) -> None:
    prompts = [
        {
            "role": "user",
            "text": "What is this?",
            "files": [{"data": f"data:image/png;base64,{PNG}", "type": "image"}],
        }
    ]
    said = client.chat.completions.create(model="gemini-auto", messages=[], extra_body={"prompts": prompts})
    assert "What is this? (1 file)" in (said.choices[0].message.content or "")


def test_pictures_from_words(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", files=1)
    linked = client.images.generate(model="dall-e-3", prompt="A cat", n=2, size="1024x1024", quality="hd")
    assert len({one.url for one in linked.data or ()}) == 2
    for one in linked.data or ():
        assert httpx.get(one.url or "").content.startswith(PICTURE.smallest)
    packed = client.images.generate(model="gpt-image-1", prompt="A cat", background="transparent")
    assert packed.output_format == "png"
    ((one),) = packed.data or ()
    assert b64decode(one.b64_json or "").startswith(PICTURE.smallest)


def test_pictures_from_pictures(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", files=1)
    cat, dog, mask = (PICTURE.smallest + name for name in (b"cat", b"dog", b"mask"))
    edited = client.images.edit(model="gpt-image-1", image=[cat, dog], mask=BytesIO(mask), prompt="Both")
    assert [bool(one.b64_json) for one in edited.data or ()] == [True]
    named = client.images.edit(
        image=("cat.png", cat), prompt="In blue", response_format="url", size="256x256"
    )
    assert [bool(one.url) for one in named.data or ()] == [True]
    with pytest.warns(DeprecationWarning, match="deprecated"):
        varied = client.images.create_variation(image=dog, n=2, model="dall-e-2")
    assert len(varied.data or ()) == 2
    shown = [len(t.file_ids) for session in simulator.world.sessions("amber") for t in session.turns]
    assert shown == [3, 1, 1, 1]


def test_no_picture_is_an_error(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", files=0)
    with pytest.raises(openai.InternalServerError) as caught:
        client.images.generate(prompt="A cat", n=2)
    assert caught.value.status_code == 502
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(prompt="A cat", n=5)
    assert refused.value.param == "n"


def test_what_is_said_is_written_down(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", text="Good morning.")
    wav = ("speech.wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(24), "audio/wav")
    assert client.audio.transcriptions.create(file=wav, model="whisper-1").text == "Good morning."
    verbose = client.audio.transcriptions.create(file=wav, model="whisper-1", response_format="verbose_json")
    assert verbose.text == "Good morning."


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
def test_a_film_is_ordered_awaited_fetched_and_deleted(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", files=1, file_bytes=300_000)
    video = client.videos.create_and_poll(
        prompt="A cat",
        seconds="4",
        size="1280x720",
        input_reference=("cat.png", PICTURE.smallest, "image/png"),
        poll_interval_ms=50,
    )
    assert (video.object, video.status, video.progress, video.error) == ("video", "completed", 100, None)
    assert (video.model, video.seconds, video.size, video.prompt) == (
        "gemini-video",
        "4",
        "1280x720",
        "A cat",
    )
    assert client.videos.retrieve(video.id) == video
    film = client.videos.download_content(video.id)
    assert len(film.read()) == 300_000
    assert client.videos.delete(video.id).deleted
    with pytest.raises(openai.NotFoundError) as caught:
        client.videos.retrieve(video.id)
    assert caught.value.code == "video_not_found"


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
def test_films_are_listed_page_by_page(pool: RunningPool, client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", files=1)
    made = [client.videos.create_and_poll(prompt=f"{n}", poll_interval_ms=50) for n in range(3)]
    assert [video.status for video in made] == ["completed"] * 3
    assert list(client.videos.list(limit=2)) == made[::-1]
    assert list(client.videos.list(order="asc", after=made[0].id)) == made[1:]
    with strict(pool, OTHER) as other:
        assert list(other.videos.list()) == []
        with pytest.raises(openai.NotFoundError):
            other.videos.download_content(made[0].id)


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
def test_a_film_that_fails_says_why(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", files=0)
    video = client.videos.create_and_poll(prompt="A cat", poll_interval_ms=50)
    assert video.status == "failed"
    assert video.error
    assert "without the file" in video.error.message
    with pytest.raises(openai.NotFoundError):
        client.videos.download_content(video.id)


def test_a_bad_key(pool: RunningPool) -> None:
    with strict(pool, "sk-gp-wrong") as client, pytest.raises(openai.AuthenticationError) as caught:
        client.models.list()
    assert caught.value.code == "invalid_api_key"
    assert caught.value.request_id


def test_an_unknown_model(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-9", messages=HELLO)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_empty_messages(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="gemini-auto", messages=[])
    assert caught.value.param == "messages"


def test_a_body_over_the_limit(client: OpenAI) -> None:
    huge = [{"role": "user", "content": "x" * 3_000_000}]
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="gemini-auto", messages=huge)
    assert caught.value.status_code == 413
    assert "2 MB" in caught.value.message


def test_malformed_json_and_wrong_methods(pool: RunningPool) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    malformed = httpx.post(f"{pool.url}/v1/chat/completions", content=b"{oops", headers=headers)
    wrong = httpx.get(f"{pool.url}/v1/chat/completions", headers=headers)
    assert (malformed.status_code, wrong.status_code) == (400, 405)
    for refusal in (malformed, wrong):
        assert set(refusal.json()["error"]) == {"message", "type", "param", "code"}
        assert "<" not in refusal.text


def test_a_stream_that_breaks_raises(client: OpenAI, simulator: Simulator) -> None:
    simulator.world.behave("amber", text="half of it", stream="error-after-429", error_details=True)
    stream = client.chat.completions.create(model="gemini-auto", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError):
        list(stream)


def test_all_accounts_resting_is_a_rate_limit(client: OpenAI) -> None:
    # amber was told in the test before when to come back: the pool remembers, and nobody is asked.
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="gemini-auto", messages=HELLO)
    assert int(caught.value.response.headers["retry-after"]) > 0
