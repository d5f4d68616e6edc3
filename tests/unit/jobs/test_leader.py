"""One leads at a time, by a lock that no end of a process leaves behind."""

import errno
import fcntl
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from running import CHECKOUT

from gemini_pool.jobs.leader import Leader

HOLDER = """
import sys, time
from pathlib import Path
from gemini_pool.jobs.leader import Leader
print(Leader(Path(sys.argv[1])).try_lead(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.lock"


def test_one_leads_and_the_other_does_not(path: Path) -> None:
    first, second = Leader(path), Leader(path)
    assert first.try_lead()
    assert not second.try_lead()
    assert first.try_lead(), "who leads goes on leading, however often it asks"
    first.resign()
    assert second.try_lead()
    assert not first.try_lead()
    second.resign()


def test_who_does_not_lead_has_nothing_to_give_back(path: Path) -> None:
    first, second = Leader(path), Leader(path)
    assert first.try_lead()
    second.resign()
    assert not second.try_lead()
    first.resign()


def test_the_file_says_who_leads_and_since_when_to_its_owner_alone(path: Path) -> None:
    leader = Leader(path)
    assert leader.try_lead()
    word, pid, since, moment = path.read_text().split()
    assert (word, int(pid), since) == ("pid", os.getpid(), "since")
    assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds() < 5
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    leader.resign()
    assert path.read_text() == ""


def test_who_leads_now_takes_the_place_of_who_led_before(path: Path) -> None:
    path.write_text("pid 4000000000 since 2026-01-02T03:04:05Z, and a longer text than the new one\n")
    leader = Leader(path)
    assert leader.try_lead()
    assert path.read_text().count("\n") == 1
    assert path.read_text().startswith(f"pid {os.getpid()} since ")
    leader.resign()


def test_the_lock_goes_with_a_killed_process(path: Path) -> None:
    words = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "True\n"
        here = Leader(path)
        assert not here.try_lead()
        holder.kill()
        holder.wait(10)
        assert here.try_lead()
        here.resign()


def test_a_program_that_was_started_meanwhile_does_not_keep_the_lock(path: Path) -> None:
    first, second = Leader(path), Leader(path)
    assert first.try_lead()
    with subprocess.Popen(["sleep", "60"], close_fds=False) as child:
        first.resign()
        assert second.try_lead()
        second.resign()
        child.kill()


def test_who_leads_can_be_asked_without_leading(path: Path) -> None:
    words = [sys.executable, "-c", HOLDER, str(path)]
    asking = Leader(path)
    assert asking.leading() is None
    with subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "True\n"
        assert asking.leading() == holder.pid
        holder.kill()
        holder.wait(10)
    assert asking.leading() is None, "the file still names who was killed"
    assert asking.try_lead()
    assert asking.leading() == os.getpid()
    asking.resign()


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Leader(tmp_path / "missing" / "jobs.lock").try_lead()


def test_a_file_system_without_locks_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(OSError, match="No locks available"):
        Leader(path).try_lead()
