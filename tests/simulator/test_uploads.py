import hashlib

import pytest

from gemini_pool.simulator.world import World

from .caller import Caller


def test_an_upload_gives_a_file_id_and_a_token_count_as_text(amber: Caller, world: World) -> None:
    session = amber.session()
    told = amber.upload(session, b"content").json()["addContextFileResponse"]
    assert told["session"] == session
    assert told["fileId"].isdigit()
    assert told["tokenCount"].isdigit()
    file = world.files("amber")[0]
    assert (file.id, file.name, file.mime_type, file.size) == (told["fileId"], "a.txt", "text/plain", 7)
    assert file.sha256 == hashlib.sha256(b"content").hexdigest()


def test_an_answer_speaks_of_the_files_it_was_given(amber: Caller) -> None:
    session = amber.session()
    ids = [amber.upload(session).json()["addContextFileResponse"]["fileId"] for _ in range(2)]
    assert amber.ask("look", session, fileIds=ids).text().endswith("] look (2 files)")
    assert amber.ask("look", session, fileIds=ids[:1]).text().endswith("] look (1 file)")


def test_files_may_come_without_words(amber: Caller) -> None:
    session = amber.session()
    file_id = amber.upload(session).json()["addContextFileResponse"]["fileId"]
    assert amber.ask("", session, fileIds=[file_id]).status == 200


def test_a_file_does_not_cross_sessions(amber: Caller) -> None:
    file_id = amber.upload(amber.session()).json()["addContextFileResponse"]["fileId"]
    answer = amber.ask(session=amber.session(), fileIds=[file_id])
    assert (answer.status, answer.error()["status"]) == (404, "NOT_FOUND")
    assert f'File with ID "{file_id}" not found' in answer.error()["message"]


def test_a_file_cannot_go_into_a_foreign_session(amber: Caller, bruno: Caller) -> None:
    assert bruno.upload(amber.session()).status == 403


def test_a_dash_makes_the_session_of_a_file(amber: Caller, world: World) -> None:
    told = amber.upload("-").json()["addContextFileResponse"]
    assert told["session"] == world.sessions("amber")[0].short_name


@pytest.mark.parametrize(
    "mime_type", ["application/x-7z-compressed", "application/zip", "image/raw", "text", "text/"]
)
def test_an_unsupported_type_is_named(amber: Caller, mime_type: str) -> None:
    answer = amber.upload("-", mimeType=mime_type)
    assert answer.status == 400
    assert f"Unsupported file type: {mime_type}" in answer.error()["message"]


@pytest.mark.parametrize(
    "mime_type", ["image/png", "application/pdf", "audio/mpeg", "video/mp4", "text/x-python"]
)
def test_the_common_types_are_taken(amber: Caller, mime_type: str) -> None:
    assert amber.upload("-", mimeType=mime_type).status == 200


@pytest.mark.parametrize("contents", ["====", "a", "ab-_", "aGVs bG8="])
def test_contents_must_be_standard_base64(amber: Caller, contents: str) -> None:
    answer = amber.upload("-", fileContents=contents)
    assert answer.status == 400
    assert "base64" in answer.error()["message"]


def test_a_file_by_address_is_refused(amber: Caller) -> None:
    assert amber.upload("-", fileUri="https://example.com/a.txt").status == 400


def test_megabytes_arrive_whole(amber: Caller, world: World) -> None:
    content = bytes(range(256)) * 4096 * 8
    assert amber.upload("-", content).status == 200
    assert world.files()[0].sha256 == hashlib.sha256(content).hexdigest()
