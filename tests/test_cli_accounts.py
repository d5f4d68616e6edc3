"""`accounts`: what an operator does by hand until there is a console."""

import io
import json
import threading
from pathlib import Path

import pytest

from gemini_pool.cli import main
from gemini_pool.roster import QuotaKind
from gemini_pool.simulator.cast import make_account
from gemini_pool.startup import DATABASE_FILE
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.tally import Tally


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ACCOUNTS_CONFIG", "SECURE_C_SES", "API_KEY_ENCRYPTION_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return tmp_path


def put(folder: Path, *names: str) -> int:
    """Put these accounts of the cast through a file."""
    file = folder / "accounts.json"
    file.write_text(json.dumps([make_account(name).as_config() for name in names]))
    return main(["accounts", "put", str(file)])


def test_accounts_are_put_and_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert put(folder, "amber", "bruno") == 0
    assert put(folder, "bruno", "clara") == 0
    main(["accounts", "list"])
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["2 added, 0 renewed.", "1 added, 1 renewed."]
    assert [line.split() for line in said[2:]] == [
        ["1", "active", "0", "0", "never", "amber"],
        ["2", "active", "0", "0", "never", "bruno"],
        ["3", "active", "0", "0", "never", "clara"],
    ]


def test_the_list_tells_what_each_account_has_done(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, "amber", "bruno")
    behind = WriteBehind(sleep=lambda _: threading.Event().wait())
    noon = 1_767_268_800.0
    moments = iter([noon, noon + 60, noon + 120])
    tally = Tally(
        Store(folder / DATABASE_FILE), behind, day=lambda _: "2026-01-01", clock=lambda: next(moments, noon)
    )
    tally.count(2, QuotaKind.TEXT, failed=False)
    tally.count(2, QuotaKind.IMAGES, failed=False)
    tally.count(2, QuotaKind.TEXT, failed=True)
    behind.flush()
    capsys.readouterr()
    main(["accounts", "list"])
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "   1  active               0         0  never             amber",
        "   2  active               2         1  2026-01-01 12:02  bruno",
    ]
    assert said.err == "  id  state          answers  failures  last used, UTC    name\n"


def test_a_list_of_no_accounts_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "list"]) == 0
    assert capsys.readouterr() == ("", "")


def test_no_cookie_is_ever_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, "amber")
    main(["accounts", "list"])
    assert make_account("amber").secure_c_ses not in capsys.readouterr().out


def test_accounts_are_read_from_standard_input_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps([make_account("emil").as_config()])))
    assert main(["accounts", "put", "-"]) == 0
    assert capsys.readouterr().out == "1 added, 0 renewed.\n"


def test_disabling_and_enabling_show_in_the_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder, "amber")
    main(["accounts", "disable", "1"])
    main(["accounts", "list"])
    main(["accounts", "enable", "1"])
    main(["accounts", "list"])
    said = capsys.readouterr().out
    assert said.index("disabled") < said.index("is enabled") < said.index("active")


@pytest.mark.parametrize(
    ("text", "fault"),
    [("{", "is not JSON"), ("[{}]", "has no secure_c_ses in entry 1"), ("{}", "is not a JSON array")],
)
def test_what_cannot_be_read_is_told_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, fault: str
) -> None:
    file = folder / "wrong.json"
    file.write_text(text)
    assert main(["accounts", "put", str(file)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert fault in line
    assert "accepted: " in line


def test_an_account_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "enable", "7"]) == 1
    assert "no account 7" in capsys.readouterr().err
