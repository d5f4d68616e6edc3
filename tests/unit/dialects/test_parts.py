"""Files in the forms that clients send them in."""

import base64
from typing import Any

import pytest

from gemini_pool.dialects.parts import read_content, read_file
from gemini_pool.dialogue import FileSource
from gemini_pool.errors import BadRequest

LINK = "https://example.com/cat.png"
DATA_URL = "data:image/png;base64,iVBORw0KGgo="
HERE = "content[0]"


@pytest.mark.parametrize(
    ("part", "source"),
    [
        (
            {"type": "image_url", "image_url": {"url": LINK, "detail": "high"}},
            FileSource(f"{HERE}.image_url", url=LINK),
        ),
        ({"type": "image_url", "image_url": LINK}, FileSource(f"{HERE}.image_url", url=LINK)),
        (
            {"type": "image_url", "image_url": {"url": DATA_URL}},
            FileSource(f"{HERE}.image_url", data="iVBORw0KGgo=", mime_type="image/png"),
        ),
        ({"type": "input_image", "image_url": LINK}, FileSource(f"{HERE}.image_url", url=LINK)),
        ({"type": "input_image", "file_id": "file-1"}, FileSource(f"{HERE}.image_url", file_id="file-1")),
        ({"type": "video_url", "video_url": {"url": LINK}}, FileSource(f"{HERE}.video_url", url=LINK)),
        ({"type": "file", "file_id": "file-1"}, FileSource(HERE, file_id="file-1")),
        ({"type": "file", "file": {"file_id": "file-1"}}, FileSource(f"{HERE}.file", file_id="file-1")),
        ({"type": "file", "file": {"id": "file-1"}}, FileSource(f"{HERE}.file", file_id="file-1")),
        (
            {
                "type": "file",
                "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="},
            },
            FileSource(f"{HERE}.file", data="JVBERg==", name="a.pdf", mime_type="application/pdf"),
        ),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "JVBERg=="}},
            FileSource(f"{HERE}.file", data="JVBERg==", name="a.pdf"),
        ),
        ({"type": "input_file", "file_url": LINK}, FileSource(HERE, url=LINK)),
        (
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
            FileSource(f"{HERE}.input_audio", data="UklGRg==", name="audio.wav"),
        ),
        (
            {"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"},
            FileSource(HERE, data="iVBORw0KGgo=", mime_type="image/png"),
        ),
        ({"type": "image", "data": LINK}, FileSource(HERE, url=LINK)),
        (
            {"type": "image_url", "image_url": "data:text/plain;charset=utf-8,a%20b"},
            FileSource(f"{HERE}.image_url", data=base64.b64encode(b"a b").decode(), mime_type="text/plain"),
        ),
    ],
    ids=str,
)
def test_a_file_is_read_as_its_caller_names_it(part: dict[str, Any], source: FileSource) -> None:
    assert read_content([part, {"type": "text", "text": "hi"}], "content") == ("hi", (source,))


def test_files_keep_their_order_beside_the_text() -> None:
    parts = ["a", {"type": "image_url", "image_url": LINK}, {"type": "text", "text": "b"}]
    text, files = read_content([*parts, {"type": "file", "file_id": "file-1"}], "content")
    assert text == "a\nb"
    assert [file.url or file.file_id for file in files] == [LINK, "file-1"]


def test_the_older_form_is_read() -> None:
    source = FileSource("f", data="iVBORw0KGgo=", mime_type="image/png")
    assert read_file({"data": DATA_URL, "type": "image"}, "f") == source


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "image_url"}, f"{HERE}.image_url"),
        ({"type": "image_url", "image_url": {"url": 7}}, f"{HERE}.image_url"),
        ({"type": "image_url", "image_url": ""}, f"{HERE}.image_url"),
        ({"type": "image_url", "image_url": "data:image/png"}, f"{HERE}.image_url"),
        ({"type": "file"}, HERE),
        ({"type": "file", "file": {}}, f"{HERE}.file"),
        ({"type": "input_audio", "input_audio": "x"}, f"{HERE}.input_audio"),
        ({"type": "hologram"}, HERE),
        ({"type": ["image"]}, HERE),
        ({"type": "text"}, f"{HERE}.text"),
        (7, HERE),
    ],
)
def test_what_names_no_file_is_refused_by_its_path(part: Any, param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_content([part], "content")
    assert caught.value.param == param
    assert param in str(caught.value)


def test_what_a_file_holds_is_shown_in_no_log() -> None:
    assert "iVBOR" not in repr(FileSource("f", data="iVBORw0KGgo="))
