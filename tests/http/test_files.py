"""The files API: upload, list, look up, read, delete; and what each mistake is told."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from running import KEY

from gemini_pool.errors import StoreError
from gemini_pool.store.files import Files
from gemini_pool.wiring import EXTENSION

MakeApp = Callable[..., Flask]
Keyed = dict[str, str]

FILES = "/v1/files"
MEGABYTE = 1024 * 1024
DAY = 86_400
OTHER = "sk-gp-of-another"
FORM = "multipart/form-data; boundary=b"
END = b"--b--\r\n"


def part(name: str, content: bytes | str, more: str = "") -> bytes:
    """A part of a form as `FORM` says, which `END` ends."""
    head = f'--b\r\ncontent-disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + (content if isinstance(content, bytes) else content.encode()) + b"\r\n"


class Caller:
    """Somebody with a key."""

    def __init__(self, app: Flask, key: str = KEY) -> None:
        self.client = app.test_client()
        self.headers = {"authorization": f"Bearer {key}"}

    def upload(
        self, content: bytes = b"Hello.", name: str = "notes.txt", mime_type: str = "", **fields: str
    ) -> Any:
        quoted = name.replace("\\", r"\\")
        more = f'; filename="{quoted}"' + (f"\r\ncontent-type: {mime_type}" if mime_type else "")
        parts = [part("file", content, more), *(part(*field) for field in fields.items())]
        return self.post(b"".join(parts) + END)

    def post(self, body: bytes, content_type: str = FORM) -> Any:
        return self.client.post(FILES, data=body, headers=self.headers, content_type=content_type)

    def get(self, path: str = "", **query: object) -> Any:
        return self.client.get(FILES + path, query_string=query, headers=self.headers, buffered=True)

    def delete(self, path: str) -> Any:
        return self.client.delete(FILES + path, headers=self.headers)


@pytest.fixture
def caller(app: Flask) -> Caller:
    return Caller(app)


@pytest.fixture
def small(make_app: MakeApp) -> Caller:
    """A caller of a service that takes files of 1 MB, and 2 MB of each key."""
    app = make_app("amber", MAX_FILE_MB="1", MAX_KEY_FILES_MB="2", MAX_BODY_MB="1", API_KEY=f"{KEY},{OTHER}")
    return Caller(app)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the bytes lie."""
    return tmp_path / "files"


def leftovers(folder: Path) -> list[str]:
    """The names of what lies in the folder, if there is one."""
    return [path.name for path in folder.glob("*")]


def refused(answer: Any, status: int) -> dict[str, Any]:
    """The error, which must have this status and OpenAI's four keys."""
    assert answer.status_code == status, answer.text
    error = answer.json["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    return dict(error)


# What goes in comes out


def test_a_file_comes_back_as_it_was_sent(caller: Caller) -> None:
    content = bytes(range(256)) * 1000 + b"\r\n--"
    made = caller.upload(content, "photo.png", purpose="vision").json
    assert made["id"].startswith("file-")
    assert made["expires_at"] == made["created_at"] + 30 * DAY
    assert made == {
        "id": made["id"],
        "object": "file",
        "bytes": len(content),
        "created_at": made["created_at"],
        "expires_at": made["expires_at"],
        "filename": "photo.png",
        "purpose": "vision",
        "status": "processed",
    }
    assert caller.get(f"/{made['id']}").json == made
    answer = caller.get(f"/{made['id']}/content")
    assert answer.data == content
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''photo.png"


@pytest.mark.parametrize(
    ("name", "declared", "shown"),
    [
        ("notes.txt", "application/x-notes; charset=utf-8", "application/x-notes"),
        ("notes.txt", "application/octet-stream", "text/plain"),
        ("notes.txt", "no type", "text/plain"),
        ("notes.unheard-of", "application/octet-stream", "application/octet-stream"),
    ],
)
def test_the_type_is_the_declared_one_or_that_of_the_name(
    caller: Caller, name: str, declared: str, shown: str
) -> None:
    made = caller.upload(name=name, mime_type=declared).json
    assert caller.get(f"/{made['id']}/content").headers["content-type"] == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\résumé 世界.pdf", "résumé 世界.pdf"),
        ("a\tb\x7f\x1b[31m.txt", "ab[31m.txt"),
        ("a" * 300 + ".pdf", "a" * 251 + ".pdf"),
        ("a." + "b" * 300, "a." + "b" * 233 + "." + "b" * 19),
    ],
)
def test_a_name_has_no_folders_and_no_control_characters(caller: Caller, name: str, shown: str) -> None:
    made = caller.upload(name=name).json
    assert made["filename"] == shown
    assert "\n" not in caller.get(f"/{made['id']}/content").headers["content-disposition"]


def test_a_purpose_may_be_left_out_and_what_else_comes_is_ignored(caller: Caller) -> None:
    fields = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600", "colour": "blue"}
    assert caller.upload(**fields).json["purpose"] == "assistants"
    assert caller.upload(purpose="fine-tune").json["purpose"] == "fine-tune"


def test_a_file_that_is_deleted_is_gone_from_the_disk(caller: Caller, folder: Path) -> None:
    made = caller.upload().json
    assert leftovers(folder) == [made["id"]]
    deleted = caller.delete(f"/{made['id']}")
    assert deleted.json == {"id": made["id"], "object": "file", "deleted": True}
    assert leftovers(folder) == []
    for answer in (caller.get(f"/{made['id']}"), caller.delete(f"/{made['id']}")):
        assert refused(answer, 404)["code"] == "file_not_found"
    assert caller.get().json["data"] == []


def test_bytes_that_are_gone_are_told_of(caller: Caller, folder: Path) -> None:
    made = caller.upload().json
    (folder / made["id"]).unlink()
    assert refused(caller.get(f"/{made['id']}/content"), 404)["code"] == "file_not_found"
    assert caller.delete(f"/{made['id']}").status_code == 200


# Lists


def test_files_are_listed_page_by_page(caller: Caller) -> None:
    made = [
        caller.upload(name=f"{n}.txt", purpose="vision" if n == 2 else "user_data").json for n in range(5)
    ]
    page = caller.get(limit=2).json
    assert page["object"] == "list"
    assert (page["first_id"], page["last_id"]) == (made[4]["id"], made[3]["id"])
    pages = [page]
    while pages[-1]["has_more"]:
        pages.append(caller.get(limit=2, after=pages[-1]["last_id"]).json)
    assert [[file["filename"] for file in page["data"]] for page in pages] == [
        ["4.txt", "3.txt"], ["2.txt", "1.txt"], ["0.txt"]
    ]  # fmt: skip
    assert caller.get(order="asc").json["data"] == made
    assert caller.get(purpose="vision").json["data"] == [made[2]]


def test_an_empty_list_is_a_list(caller: Caller) -> None:
    assert caller.get().json == {
        "object": "list", "data": [], "has_more": False, "first_id": None, "last_id": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "10001"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "²"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"order": "newest"}, "order"),
    ],
)
def test_a_list_that_cannot_be_is_refused(caller: Caller, query: dict[str, str], param: str) -> None:
    assert refused(caller.get(**query), 400)["param"] == param


def test_a_list_after_a_file_that_is_gone_says_so(caller: Caller) -> None:
    assert refused(caller.get(after="file-gone"), 404)["code"] == "file_not_found"


# Whose they are


def test_another_key_sees_none_of_it(small: Caller) -> None:
    other = Caller(small.client.application, OTHER)
    made = small.upload(b"private").json
    path = f"/{made['id']}"
    for answer in (
        other.get(path),
        other.get(f"{path}/content"),
        other.delete(path),
        other.get(after=made["id"]),
    ):
        assert refused(answer, 404)["code"] == "file_not_found"
    assert other.get().json["data"] == []
    assert small.get(f"{path}/content").data == b"private"


def test_without_a_key_there_are_no_files(client: FlaskClient) -> None:
    form = {"file": (BytesIO(b"x"), "x.txt")}
    for answer in (client.post(FILES, data=form), client.get(FILES), client.delete(f"{FILES}/file-1")):
        assert answer.status_code == 401
        assert answer.json["error"]["code"] == "invalid_api_key"


def test_browsers_may_upload(client: FlaskClient, caller: Caller) -> None:
    asked = client.options(FILES, headers={"origin": "https://chat.example"})
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "POST" in asked.headers["access-control-allow-methods"]


# Mistakes


@pytest.mark.parametrize(
    ("body", "content_type", "told", "param"),
    [
        (b'{"file": "x"}', "application/json", "multipart/form-data", None),
        (b"", "", "multipart/form-data", None),
        (part("purpose", "vision") + END, FORM, "No file", "file"),
        (part("file", "x") + END, FORM, "file name", "file"),
        (part("file", "x", '; filename=""') + END, FORM, "No file", "file"),
        (part("file", "x", '; filename=".."') + END, FORM, "No file", "file"),
        (2 * part("file", "x", '; filename="x"') + END, FORM, "One", "file"),
        (part("file", "x", '; filename="x"'), FORM, "ends too early", None),
        (part("file", "x", '; filename="x"') + END, "multipart/form-data", "boundary", None),
        (b"--b\r\n\r\nno head\r\n" + END, FORM, "boundary", None),
    ],
)
def test_a_form_that_is_none_is_refused_and_leaves_nothing(
    caller: Caller, folder: Path, body: bytes, content_type: str, told: str, param: str | None
) -> None:
    error = refused(caller.post(body, content_type), 400)
    assert told in error["message"]
    assert error["param"] == param
    assert leftovers(folder) == []


@pytest.mark.parametrize("purpose", ["User Data", "a" * 65, "世界", "x1"])
def test_a_purpose_that_is_no_word_is_refused(caller: Caller, folder: Path, purpose: str) -> None:
    assert refused(caller.upload(purpose=purpose), 400)["param"] == "purpose"
    assert leftovers(folder) == []


@pytest.mark.parametrize("size", [MEGABYTE + 1, 3 * MEGABYTE])
def test_a_file_over_the_limit_is_refused_by_the_name_of_its_setting(
    small: Caller, folder: Path, size: int
) -> None:
    error = refused(small.upload(b"x" * size), 413)
    assert error["code"] == "request_too_large"
    assert "1 MB (MAX_FILE_MB)" in error["message"]
    assert leftovers(folder) == []
    # As large as may be, and so over MAX_BODY_MB with the form around it
    assert small.upload(b"x" * MEGABYTE).json["bytes"] == MEGABYTE


def test_what_comes_with_a_file_has_a_limit_too(caller: Caller, folder: Path) -> None:
    assert "500 KB" in refused(caller.upload(colour="x" * 600_000), 413)["message"]
    assert "20 parts" in refused(caller.upload(**{f"field{n}": "x" for n in range(30)}), 413)["message"]
    assert leftovers(folder) == []


def test_all_files_of_a_key_have_a_limit_together(small: Caller, folder: Path) -> None:
    made = [small.upload(b"x" * MEGABYTE).json for _ in range(2)]
    for content in (b"x", b"x" * MEGABYTE):
        error = refused(small.upload(content), 413)
        assert error["code"] == "files_limit_reached"
        assert "MAX_KEY_FILES_MB" in error["message"]
        assert "DELETE /v1/files" in error["message"]
    assert len(leftovers(folder)) == 2
    assert Caller(small.client.application, OTHER).upload(b"x").status_code == 200
    small.delete(f"/{made[0]['id']}")
    assert small.upload(b"x").status_code == 200


def test_what_is_sure_to_be_too_much_is_refused_unread(small: Caller) -> None:
    for _ in range(2):
        small.upload(b"x" * MEGABYTE)
    assert refused(small.post(b"no form at all" * 50_000), 413)["code"] == "files_limit_reached"


def test_an_upload_takes_a_place_and_gives_it_back(make_app: MakeApp) -> None:
    app = make_app("amber", THREADS="2")  # one place
    caller = Caller(app)
    assert [caller.upload().status_code for _ in range(2)] == [200, 200]
    assert refused(caller.upload(purpose="!"), 400)
    app.extensions[EXTENSION].admission.enter()
    full = caller.upload()
    assert (full.status_code, full.json["error"]["code"]) == (503, "overloaded")
    app.extensions[EXTENSION].admission.leave()
    assert caller.upload().status_code == 200


def test_a_row_that_cannot_be_written_leaves_no_bytes(
    caller: Caller, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise StoreError("The database does not answer: database is locked")

    monkeypatch.setattr(Files, "add", locked)
    assert caller.upload().status_code == 500
    assert leftovers(folder) == []
