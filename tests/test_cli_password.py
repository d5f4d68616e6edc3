"""`password`: the way in for the operator who has the machine but not the password."""

import subprocess
import sys
from pathlib import Path

import pytest
from running import CHECKOUT, clean_environment

from gemini_pool.settings import read_settings
from gemini_pool.startup import open_console
from gemini_pool.store.door import Door

PASSWORD = "correct horse"


def run(folder: Path, *words: str, typed: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "gemini_pool", "password", *words],
        cwd=CHECKOUT,
        env={**clean_environment(), "DATA_DIR": str(folder), **variables},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """The console's door, as a running service has it."""
    return open_console(read_settings({"DATA_DIR": str(tmp_path)}))


def test_the_code_of_the_first_visit_is_shown_until_it_has_served(tmp_path: Path, door: Door) -> None:
    code = run(tmp_path, "code").stdout.strip()
    assert code == run(tmp_path, "code").stdout.strip()
    assert door.admins.establish(code, PASSWORD)
    done = run(tmp_path, "code")
    assert (done.returncode, done.stdout, "password set" in done.stderr) == (1, "", True)


def test_a_password_that_was_forgotten_is_replaced_and_every_session_ends(tmp_path: Path, door: Door) -> None:
    door.admins.set_password("forgotten horse")
    token = door.sessions.open("browser", "192.0.2.1", "")
    door.admins.begin_totp()
    done = run(tmp_path, "set", typed=f"{PASSWORD}\n")
    assert (done.returncode, done.stdout) == (0, "")
    assert PASSWORD not in done.stderr
    assert door.admins.verify(PASSWORD)
    door.sessions.renew()
    assert door.sessions.find(token) is None


@pytest.mark.parametrize(("words", "left"), [(("set",), True), (("set", "--no-totp"), False)])
def test_the_second_factor_goes_only_when_it_is_told_to(
    tmp_path: Path, door: Door, words: tuple[str, ...], left: bool
) -> None:
    door.admins._update(totp="sealed")
    assert run(tmp_path, *words, typed=PASSWORD).returncode == 0
    assert door.admins.has_totp() is left


@pytest.mark.parametrize("typed", ["", "short\n"])
def test_a_password_that_cannot_be_one_changes_nothing(tmp_path: Path, door: Door, typed: str) -> None:
    done = run(tmp_path, "set", typed=typed)
    assert (done.returncode, "too short" in done.stderr) == (1, True)
    assert not door.admins.has_password()


def test_one_that_the_environment_fixes_is_changed_there(tmp_path: Path) -> None:
    done = run(tmp_path, "set", typed=PASSWORD, ADMIN_PASSWORD="battery staple")
    assert (done.returncode, "ADMIN_PASSWORD" in done.stderr) == (1, True)
