"""What the service makes lies on the shelf: told by its bytes, under names nobody guesses, for a while."""

import base64
import os
import textwrap
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from fakes import FakeClock
from media_files import KINDS, MP4, PNG, ebml, ftyp

from gemini_pool.media.shelf import NotMedia, Shelf, Shelved

HOUR = 3600
FOREVER = {"images_seconds": -HOUR, "videos_seconds": -HOUR}
UNBOUNDED = 10**12


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def put(shelf: Shelf, *pieces: bytes) -> Shelved:
    with shelf.new() as slip:
        for piece in pieces:
            slip.write(piece)
        return slip.keep()


def refused(shelf: Shelf, *pieces: bytes) -> str:
    with pytest.raises(NotMedia) as caught:
        put(shelf, *pieces)
    return str(caught.value)


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def age(file: Shelved, seconds: float) -> None:
    os.utime(file.path, (file.made_at - seconds,) * 2)


# Kinds, as they are and as base64 text


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_file_is_told_by_its_first_bytes(shelf: Shelf, tmp_path: Path, name: str, size: int) -> None:
    begins, folder, suffix, mime_type = KINDS[name]
    body = begins + os.urandom(5000)
    file = put(shelf, *cut(body, size))
    assert (file.folder, file.path.suffix, file.mime_type) == (folder, f".{suffix}", mime_type)
    assert file.path == tmp_path / folder / file.name
    assert file.path.read_bytes() == body
    assert file.size == len(body)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_base64_text_of_a_file_is_decoded(shelf: Shelf, name: str, size: int) -> None:
    begins, folder, _, mime_type = KINDS[name]
    for length in (5000, 5001, 5002, 1):
        body = begins + os.urandom(length)
        file = put(shelf, *cut(base64.b64encode(body), size))
        assert (file.folder, file.mime_type) == (folder, mime_type)
        assert file.path.read_bytes() == body


def test_base64_text_may_have_line_breaks_and_no_padding(shelf: Shelf) -> None:
    body = PNG + os.urandom(5001)
    text = base64.b64encode(body).decode().rstrip("=")
    assert len(text) % 4
    lines = "\r\n".join(textwrap.wrap(text, 76)).encode()
    assert put(shelf, *cut(lines, 500)).path.read_bytes() == body


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><title>Sign in</title>" + b" " * 1000,
        b'{"error": {"code": 404}}',
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"RIFF\x24\0\0\0WAVEfmt ",
        ftyp("m4a"),
        ebml(b"matroska"),
        base64.b64encode(b"%PDF-1.7"),
    ],
)
def test_what_is_no_picture_and_no_film_is_refused(shelf: Shelf, tmp_path: Path, body: bytes) -> None:
    assert "neither a picture nor a film" in refused(shelf, body)
    assert files(tmp_path) == []


def test_nothing_is_refused_as_empty(shelf: Shelf) -> None:
    assert "empty" in refused(shelf)
    assert "empty" in refused(shelf, b"", b"")


def test_damaged_base64_text_is_refused_and_nothing_stays(shelf: Shelf, tmp_path: Path) -> None:
    text = base64.b64encode(PNG + os.urandom(5000)).rstrip(b"=")
    assert "damaged" in refused(shelf, text[:3000], b"<html>", text[3000:])
    assert "damaged" in refused(shelf, text[: len(text) // 4 * 4 + 1 - 4])
    assert "after its end" in refused(shelf, base64.b64encode(PNG + bytes(603)), b"\n", b"AAAA")
    assert files(tmp_path) == []


def test_what_is_no_media_is_known_before_the_end(shelf: Shelf) -> None:
    with shelf.new() as slip, pytest.raises(NotMedia):
        slip.write(b"<html>" + b" " * 1000)


def test_a_large_text_is_never_whole_in_memory(shelf: Shelf) -> None:
    piece = base64.b64encode(bytes(48 * 1024))
    tracemalloc.start()
    try:
        with shelf.new() as slip:
            slip.write(base64.b64encode(MP4.ljust(48 * 1024, b"\0")))
            for _ in range(400):
                slip.write(piece)
            assert slip.keep().size == 401 * 48 * 1024
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


# Names and places


def test_names_cannot_be_guessed(shelf: Shelf) -> None:
    names = {put(shelf, PNG).name for _ in range(100)}
    assert len(names) == 100
    assert len({name[:4] for name in names}) > 90
    assert all(len(name.removesuffix(".png")) * 6 >= 160 for name in names)


def test_until_it_is_kept_a_file_is_not_there(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.new() as slip:
        slip.write(PNG + bytes(200_000))
        (unfinished,) = files(tmp_path)
        assert unfinished.parent == tmp_path / "image"
        assert shelf.find("image", unfinished.name) is None
        file = slip.keep()
        assert files(tmp_path) == [file.path]
    assert files(tmp_path) == [file.path]


def test_who_leaves_without_keeping_leaves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.new() as slip:
        slip.write(PNG + bytes(200_000))
    assert files(tmp_path) == []
    slip = shelf.new()
    with suppress(ConnectionError), slip:
        slip.write(MP4 + bytes(200_000))
        raise ConnectionError
    assert files(tmp_path) == []


def test_a_file_is_found_by_its_folder_and_name(shelf: Shelf) -> None:
    picture, film = put(shelf, PNG), put(shelf, MP4)
    assert shelf.find("image", picture.name) == picture
    assert shelf.find("video", film.name) == film
    assert shelf.find("video", picture.name) is None
    picture.path.unlink()
    assert shelf.find("image", picture.name) is None


def test_only_names_of_our_own_form_are_looked_for(shelf: Shelf, tmp_path: Path) -> None:
    file = put(shelf, PNG)
    stem = file.name.removesuffix(".png")
    inside, outside = tmp_path / "image", tmp_path / "gemini_pool.db"
    outside.write_text("secret")
    form = "A" * 32
    strange = [
        "",
        ".",
        "..",
        ".gitkeep",
        "picture.png",
        f"{stem}.svg",
        f"{stem}.png\n",
        f"{form}.html",
        f"x{file.name}",
    ]
    for name in strange:
        if name.strip(".\n") and not (inside / name).exists():
            (inside / name).write_bytes(PNG)
    for name in [*strange, f"../image/{file.name}", f"./{file.name}", str(file.path), "../gemini_pool.db"]:
        assert shelf.find("image", name) is None, name
    (inside / f"{form}.png").symlink_to(outside)
    (inside / f"{form}.gif").mkdir()
    for folder, name in [
        ("image", f"{form}.png"),
        ("image", f"{form}.gif"),
        ("", file.name),
        ("..", file.name),
    ]:
        assert shelf.find(folder, name) is None, name


# Care


def test_pictures_and_films_are_kept_as_long_as_each_may(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    shelf = Shelf(tmp_path, clock)
    picture, film = put(shelf, PNG), put(shelf, MP4)
    lives = {"images_seconds": HOUR, "videos_seconds": 6 * HOUR, "most_bytes": UNBOUNDED}
    clock.advance(HOUR - 60)
    assert shelf.prune(**lives) == 0
    clock.advance(120)
    assert shelf.prune(**lives) == 1
    assert files(tmp_path) == [film.path]
    assert not picture.path.exists()
    clock.advance(5 * HOUR)
    assert shelf.prune(**lives) == 1
    assert files(tmp_path) == []


def test_negative_seconds_keep_for_ever(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    shelf = Shelf(tmp_path, clock)
    put(shelf, PNG)
    put(shelf, MP4)
    clock.advance(10 * 365 * 24 * HOUR)
    assert shelf.prune(**FOREVER, most_bytes=UNBOUNDED) == 0
    assert shelf.prune(images_seconds=HOUR, videos_seconds=-1, most_bytes=UNBOUNDED) == 1


def test_over_the_cap_the_oldest_go_first_whatever_they_are(shelf: Shelf, tmp_path: Path) -> None:
    made = [put(shelf, begins + bytes(1000 - len(begins))) for begins in (PNG, MP4, PNG, MP4)]
    for seconds, file in zip((20, 40, 30, 10), made, strict=True):
        age(file, seconds)
    assert shelf.prune(**FOREVER, most_bytes=4000) == 0
    assert shelf.prune(**FOREVER, most_bytes=3999) == 1
    assert not made[1].path.exists()
    assert shelf.prune(**FOREVER, most_bytes=1500) == 2
    assert files(tmp_path) == [made[3].path]


def test_unfinished_files_go_when_their_writer_has_died(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    shelf = Shelf(tmp_path, clock)
    slip = shelf.new()
    slip.write(PNG + bytes(1000))
    assert shelf.prune(images_seconds=0, videos_seconds=0, most_bytes=0) == 0
    clock.advance(HOUR + 60)
    assert shelf.prune(**FOREVER, most_bytes=UNBOUNDED) == 1
    assert files(tmp_path) == []
    slip.__exit__()


def test_files_of_others_are_left_alone(shelf: Shelf, tmp_path: Path) -> None:
    put(shelf, PNG)
    for name in (".gitkeep", "holiday.png", ".holiday.png.part"):
        path = tmp_path / "image" / name
        path.write_bytes(PNG)
        os.utime(path, (0, 0))
    assert shelf.prune(images_seconds=0, videos_seconds=0, most_bytes=0) == 1
    assert len(files(tmp_path)) == 3


def test_an_empty_shelf_has_nothing_to_prune(shelf: Shelf, tmp_path: Path) -> None:
    assert shelf.prune(images_seconds=0, videos_seconds=0, most_bytes=0) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_goes_meanwhile_is_no_error(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shelf, PNG)
    put(shelf, PNG)
    real = Path.unlink

    def both(self: Path, missing_ok: bool = False) -> None:
        """Another sweep was faster."""
        for path in files(tmp_path):
            real(path)
        real(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", both)
    age_all = FakeClock(time.time() + HOUR)
    assert Shelf(tmp_path, age_all).prune(images_seconds=1, videos_seconds=1, most_bytes=0) == 0
    assert files(tmp_path) == []
