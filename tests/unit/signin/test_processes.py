"""What a run of the browser has started is found by its folder and its driver's session, and ended."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import until

from gemini_pool.signin.processes import Tree
from gemini_pool.signin.runs import sweep

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")

# A process that starts another one in a session of its own, as browsers do, and says its id.
PARENT = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)\n"
)


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def family(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The ids of a process and of its child; both bear the folder in their environment."""
    environ = {**os.environ, "HOME": str(tmp_path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], env=environ, stdout=subprocess.PIPE, start_new_session=True
    )
    with parent:
        assert parent.stdout
        yield parent.pid, int(parent.stdout.readline())
        parent.kill()


def test_all_are_found_by_the_folder_and_none_is_left(tmp_path: Path, family: tuple[int, int]) -> None:
    tree = Tree(tmp_path)
    assert sorted(tree.processes()) == sorted(family)
    assert tree.end()
    assert not any(map(lives, family))


def test_the_session_is_found_without_the_folder(family: tuple[int, int], tmp_path: Path) -> None:
    parent, child = family
    tree = Tree(tmp_path / "elsewhere", parent)
    assert tree.processes() == [parent]
    assert tree.end()
    assert not lives(parent)
    assert lives(child)
    os.kill(child, signal.SIGKILL)


def test_others_are_left_alone(tmp_path: Path, family: tuple[int, int]) -> None:
    assert Tree(tmp_path / "other").end()
    assert all(map(lives, family))
    Tree(tmp_path).end()


def test_memory_is_that_of_all(tmp_path: Path, family: tuple[int, int]) -> None:
    both = Tree(tmp_path).megabytes()
    os.kill(family[1], signal.SIGKILL)
    until(lambda: not lives(family[1]), what="the child's end")
    assert 0 < Tree(tmp_path).megabytes() < both


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    run, outside = tmp_path / "run-abc", tmp_path / "outside"
    run.mkdir()
    outside.mkdir()
    (run / "temporary").symlink_to(outside)
    left = subprocess.Popen(["sleep", "60"], env={"HOME": str(run)})
    sweep(tmp_path)
    assert not Path(f"/proc/{left.pid}").exists()
    assert left.poll() is not None
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_alive_is_not_swept(tmp_path: Path) -> None:
    run = tmp_path / "run-abc"
    run.mkdir()
    with (run / "lock").open("w") as held, subprocess.Popen(["sleep", "60"], env={"HOME": str(run)}) as alive:
        fcntl.flock(held, fcntl.LOCK_EX)
        sweep(tmp_path)
        assert run.exists()
        assert alive.poll() is None
        alive.kill()
