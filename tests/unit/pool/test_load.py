"""How many answers are under way, over all processes that live."""

import subprocess
import sys
from pathlib import Path

import pytest

from gemini_pool.pool.admission import Admission
from gemini_pool.pool.load import Load, LoadNow

ROOT = Path(__file__).resolve().parents[3]
OTHER = """
import sys
from pathlib import Path
from gemini_pool.pool.load import Load
load = Load(Path(sys.argv[1]), 10)
load.tell(3)
print("told", flush=True)
sys.stdin.readline()
"""


def test_with_nobody_there_nothing_is_under_way(tmp_path: Path) -> None:
    assert Load(tmp_path / "load", 5).now() == LoadNow(0, 0, 0)


def test_the_numbers_of_all_are_added_up(tmp_path: Path) -> None:
    one, other = Load(tmp_path / "load", 5), Load(tmp_path / "load", 7)
    one.tell(0)
    other.tell(4)
    assert one.now() == other.now() == LoadNow(open=4, places=12, processes=2)
    one.tell(2)
    other.tell(3)
    assert other.now() == LoadNow(open=5, places=12, processes=2)
    other.close()
    assert one.now() == LoadNow(open=2, places=5, processes=1)


def test_a_process_that_was_killed_counts_no_more_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OTHER, str(tmp_path / "load")]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "told\n"
        here = Load(tmp_path / "load", 5)
        here.tell(1)
        assert here.now() == LoadNow(open=4, places=15, processes=2)
        other.kill()
        other.wait(10)
    assert here.now() == LoadNow(open=1, places=5, processes=1)
    assert len(list((tmp_path / "load").iterdir())) == 1


def test_who_comes_and_goes_is_told_of(tmp_path: Path) -> None:
    load = Load(tmp_path / "load", 3)
    admission = Admission(3, told=load.tell)
    admission.enter()
    admission.enter()
    assert load.now().open == 2
    admission.leave()
    assert load.now().open == 1


def test_a_folder_that_cannot_be_used_costs_the_number_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "load").write_text("in the way")
    load = Load(tmp_path / "load", 3)
    load.tell(1)
    load.tell(2)
    assert load.now() == LoadNow(0, 0, 0)
    assert caplog.text.count("cannot be counted") == 1
