"""The files of a call, brought to our disk."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from proxies import Heard, Peer, answer

from gemini_pool.dialogue import Attachment, FileSource, Role, Turn
from gemini_pool.errors import BadRequest, NoSuchFile
from gemini_pool.media.fetch import Fetcher
from gemini_pool.media.intake import AT_ONCE, MOST_FILES, Gathered, Intake
from gemini_pool.media.shelf import Shelf
from gemini_pool.simulator.files import PICTURE

PNG = PICTURE.smallest
QUESTION = Turn(Role.USER, "What is this?")


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    fetcher = Fetcher(most_bytes=1_000_000, seconds=5, permits=lambda *_: True)
    return Intake(tmp_path / "arriving", fetcher, Shelf(tmp_path), most_bytes=1_000_000)


def nothing_uploaded(source: FileSource) -> Attachment:
    raise NoSuchFile(source.file_id)


def gather(intake: Intake, *sources: FileSource) -> Gathered:
    return intake.gather([QUESTION], [sources], nothing_uploaded)


def left(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "arriving").iterdir())


def test_a_call_without_files_costs_no_folder(intake: Intake, tmp_path: Path) -> None:
    gathered = gather(intake)
    assert gathered.turns == (QUESTION,)
    gathered.close()
    assert not (tmp_path / "arriving").exists()


def test_a_file_is_there_until_the_call_is_closed(intake: Intake, tmp_path: Path) -> None:
    gathered = gather(intake, FileSource("image_url", data=base64.b64encode(PNG).decode()))
    ((file,),) = [turn.files for turn in gathered.turns]
    assert file.path.read_bytes() == PNG
    assert (file.mime_type, file.size, file.digest) == (
        "image/png",
        len(PNG),
        hashlib.sha256(PNG).hexdigest(),
    )
    assert file.name.endswith(".png")
    gathered.close()
    assert left(tmp_path) == []


def test_both_alphabets_of_base64_are_taken_and_line_breaks(intake: Intake) -> None:
    data = bytes(range(256)) * 3
    for text in (
        base64.urlsafe_b64encode(data),
        base64.encodebytes(data),
        base64.b64encode(data).rstrip(b"="),
    ):
        gathered = gather(
            intake, FileSource("f", data=text.decode(), name="a.pdf", mime_type="application/pdf")
        )
        assert gathered.turns[0].files[0].path.read_bytes() == data
        gathered.close()


@pytest.fixture
def site() -> Iterator[Peer]:
    with Peer(lambda heard: answer(200, PNG + heard.target.encode(), "Connection: close")) as peer:
        yield peer


def test_addresses_are_fetched_in_the_order_they_were_named(intake: Intake, site: Peer) -> None:
    sources = [FileSource("f", url=f"{site.url}/{number}.png") for number in range(9)]
    gathered = gather(intake, *sources)
    assert [file.name for file in gathered.turns[0].files] == [f"{number}.png" for number in range(9)]
    assert [file.path.read_bytes() for file in gathered.turns[0].files] == [
        PNG + f"/{number}.png".encode() for number in range(9)
    ]
    gathered.close()


def test_several_are_fetched_at_once_but_no_more_than_the_bound(intake: Intake) -> None:
    here, lock = [0, 0], threading.Lock()
    together = threading.Barrier(AT_ONCE)

    def say(_: Heard) -> bytes:
        with lock:
            here[0] += 1
            here[1] = max(here)
        together.wait(5)
        with lock:
            here[0] -= 1
        return answer(200, PNG, "Connection: close")

    with Peer(say) as peer:
        gather(intake, *(FileSource("f", url=f"{peer.url}/{n}") for n in range(2 * AT_ONCE))).close()
    assert here[1] == AT_ONCE


def test_when_one_cannot_be_had_nothing_stays(intake: Intake, site: Peer, tmp_path: Path) -> None:
    good = FileSource("one", url=f"{site.url}/cat.png")
    with pytest.raises(BadRequest) as caught:
        gather(intake, good, FileSource("two", url="ftp://example.com/cat.png"))
    assert caught.value.param == "two"
    assert left(tmp_path) == []


def test_too_many_are_refused_before_any_is_fetched(intake: Intake, site: Peer) -> None:
    with pytest.raises(BadRequest, match=str(MOST_FILES)):
        gather(intake, *(FileSource("f", url=f"{site.url}/{n}") for n in range(MOST_FILES + 1)))
    assert site.requests == []


def test_a_picture_of_ours_is_found_and_not_fetched(intake: Intake, tmp_path: Path) -> None:
    with Shelf(tmp_path).new() as slip:
        slip.write(PNG)
        kept = slip.keep()
    link = f"https://pool.invalid/image/{kept.name}"
    gathered = gather(intake, FileSource("image_url", url=link))
    assert gathered.turns[0].files[0].path == kept.path
    said = Turn(Role.ASSISTANT, f"Here: ![image]({link})\n![image]({link})")
    shown = intake.gather([said, QUESTION], [], nothing_uploaded)
    assert [file.path for file in shown.turns[0].files] == [kept.path]
    assert shown.turns[1] is QUESTION
    gathered.close()
    shown.close()
    assert kept.path.exists()


def test_what_only_looks_like_ours_is_not(intake: Intake) -> None:
    said = Turn(Role.ASSISTANT, f"![image](https://x.invalid/image/{'a' * 32}.png) /image/../../etc/passwd")
    gathered = intake.gather([said], [], nothing_uploaded)
    assert gathered.turns == (said,)
    gathered.close()
