"""Secrets at rest, and the key they are sealed with."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gemini_pool.errors import StoreError
from gemini_pool.store.secrets import KEY_FILE, Vault, open_vault


def new_key() -> str:
    return Fernet.generate_key().decode()


def test_what_is_sealed_opens_again_and_does_not_show() -> None:
    vault = Vault(new_key())
    sealed = vault.seal("CSE.amber ü")
    assert "CSE" not in sealed
    assert vault.open(sealed) == "CSE.amber ü"


def test_the_same_secret_never_looks_the_same() -> None:
    vault = Vault(new_key())
    assert vault.seal("CSE.amber") != vault.seal("CSE.amber")


def test_an_empty_secret_stays_empty() -> None:
    vault = Vault(new_key())
    assert vault.seal("") == ""
    assert vault.open("") == ""


def test_the_key_file_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    sealed = open_vault("", tmp_path / "data").seal("CSE.amber")
    file = tmp_path / "data" / KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert open_vault("", tmp_path / "data").open(sealed) == "CSE.amber"
    assert [one.name for one in file.parent.iterdir()] == [KEY_FILE]


def test_a_key_of_the_environment_makes_no_file(tmp_path: Path) -> None:
    key = new_key()
    sealed = open_vault(key, tmp_path).seal("CSE.amber")
    assert list(tmp_path.iterdir()) == []
    assert Vault(key).open(sealed) == "CSE.amber"


def test_a_key_of_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    open_vault("", tmp_path)
    key = new_key()
    assert Vault(key).open(open_vault(key, tmp_path).seal("CSE.amber")) == "CSE.amber"


def test_processes_that_start_at_once_share_one_key(tmp_path: Path, elsewhere) -> None:  # type: ignore[no-untyped-def]
    code = """
import sys
from pathlib import Path
from gemini_pool.store.secrets import open_vault
print("ready", flush=True)
sys.stdin.readline()
print(open_vault("", Path(sys.argv[1])).seal("CSE.amber"))
"""
    processes = [elsewhere(code, tmp_path) for _ in range(8)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 8
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    sealed = [process.communicate(timeout=30)[0].strip() for process in processes]
    vault = open_vault("", tmp_path)
    assert [vault.open(one) for one in sealed] == ["CSE.amber"] * 8
    assert [one.name for one in tmp_path.iterdir()] == [KEY_FILE]


def test_with_two_keys_the_first_seals_and_both_open() -> None:
    old, new = new_key(), new_key()
    sealed_before = Vault(old).seal("CSE.amber")
    rotated = Vault(f"{new}, {old}")
    assert rotated.open(sealed_before) == "CSE.amber"
    assert Vault(new).open(rotated.seal("CSE.bruno")) == "CSE.bruno"


def test_the_wrong_key_says_what_to_do_and_not_what_is_sealed() -> None:
    sealed = Vault(new_key()).seal("CSE.amber")
    with pytest.raises(StoreError) as caught:
        Vault(new_key()).open(sealed)
    assert "Put the old key back" in str(caught.value)
    assert KEY_FILE in str(caught.value)
    assert "API_KEY_ENCRYPTION_KEY" in str(caught.value)
    assert sealed not in str(caught.value)


@pytest.mark.parametrize("content", ["", "not a key"], ids=["empty", "nonsense"])
def test_a_damaged_key_file_is_a_store_error_that_names_the_file(tmp_path: Path, content: str) -> None:
    (tmp_path / KEY_FILE).write_text(content)
    with pytest.raises(StoreError, match=KEY_FILE):
        open_vault("", tmp_path)
