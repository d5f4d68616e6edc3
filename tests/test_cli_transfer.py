"""`import`, `export` and `backup`."""

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from gemini_pool.cli import main
from gemini_pool.simulator.cast import make_account

AMBER = make_account("amber")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ACCOUNTS_CONFIG", "SECURE_C_SES", "API_KEY_ENCRYPTION_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return tmp_path


def take_over(folder: Path, text: str, *options: str) -> int:
    file = folder / "pasted.txt"
    file.write_text(text)
    return main(["import", str(file), *options])


def names(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    main(["accounts", "list"])
    return [line.split()[-1] for line in capsys.readouterr().out.splitlines()]


def cast(*who: str) -> str:
    return json.dumps([make_account(name).as_config() for name in who])


def test_a_text_is_taken_over_and_said_what_was_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take_over(folder, cast("amber", "bruno")) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "Line 1, entry 1 (JSON) is new.",
        "Line 1, entry 2 (JSON) is new.",
        "2 added, 0 updated, 0 deleted.",
    ]
    assert "backups/gemini_pool-" in said.err
    assert len(names(capsys)) == 2


def test_what_is_unclear_is_told_and_no_secret_with_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take_over(folder, cast("amber"))
    capsys.readouterr()
    new = cast("amber").replace(AMBER.secure_c_ses, "CSE.new-and-secret")
    page = "https://business.gemini.google/home/cid/c?csesidx=7"
    colleague = cast("amber").replace(AMBER.csesidx, "777").replace('"amber"', '"other"')
    assert take_over(folder, f"{new}\n\n{page}\n\n{colleague}\n\nwhat is this") == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "Line 1, entry 1 (JSON) is account 1, and changes secure_c_ses.",
        "Line 3 (lines) lacks secure_c_ses: copy that too.",
        "Line 5, entry 1 (JSON) may be account 1 or another: "
        "give it a name or an e-mail that tells, and import it again.",
        "0 added, 1 updated, 0 deleted.",
    ]
    assert "Line 7 is nothing that is known" in said.err
    assert "new-and-secret" not in said.out + said.err


def test_a_dry_run_does_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take_over(folder, cast("amber"), "--dry-run") == 0
    assert capsys.readouterr().out == "Line 1, entry 1 (JSON) is new.\n"
    assert names(capsys) == []
    assert not (folder / "backups").exists()


def test_replacing_deletes_the_rest_but_never_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take_over(folder, cast("amber", "bruno"))
    assert take_over(folder, "[]", "--replace") == 1
    assert "leave none" in capsys.readouterr().err
    assert take_over(folder, cast("bruno"), "--replace") == 0
    assert "Account 1 is deleted." in capsys.readouterr().out
    assert take_over(folder, "[]", "--replace", "--force") == 0
    assert names(capsys) == []


def test_an_export_can_be_imported_elsewhere(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    take_over(folder, cast("amber", "bruno"))
    file = folder / "all.json"
    assert main(["export", str(file), "--secrets"]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = names(capsys)
    monkeypatch.setenv("DATA_DIR", str(folder / "elsewhere"))
    assert main(["import", str(file)]) == 0
    assert names(capsys) == before


def test_an_export_to_the_screen_has_no_cookies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take_over(folder, cast("amber"))
    capsys.readouterr()
    main(["export"])
    document = json.loads(capsys.readouterr().out)
    assert document["accounts"][0]["csesidx"] == AMBER.csesidx
    assert AMBER.secure_c_ses not in json.dumps(document)


def test_a_backup_is_a_whole_database(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take_over(folder, cast("amber"))
    capsys.readouterr()
    own = folder / "own.db"
    assert main(["backup", str(own)]) == 0
    assert main(["backup"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == str(own)
    for path in (own, Path(said[1])):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM accounts").fetchone() == (1,)


def test_a_backup_where_none_can_be_written_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", str(folder / "no" / "where.db")]) == 1
    assert "where.db" in capsys.readouterr().err


def test_a_deleted_account_is_gone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take_over(folder, cast("amber"))
    assert main(["accounts", "delete", "1"]) == 0
    assert main(["accounts", "delete", "1"]) == 1
    assert "no account 1" in capsys.readouterr().err
    assert names(capsys) == []
