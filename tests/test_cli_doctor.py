"""`doctor` as an operator runs it: what it shows, what it writes, what it leaves alone and keeps back."""

import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

import pytest
from canned import Canned, key, refusal
from proxies import HttpProxy
from running import environment

from gemini_pool.cli import main
from gemini_pool.roster import Account
from gemini_pool.settings import knobs
from gemini_pool.simulator.cast import SimAccount, make_account
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World
from gemini_pool.startup import DATABASE_FILE
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.db import Store
from gemini_pool.store.secrets import open_vault
from gemini_pool.store.tally import totals

STEPS = ["token", "session", "question", "upload", "generated files", "all files"]
STEPS += ["missing file", "missing file, other address", "uploaded file"]
Prepare = Callable[..., None]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def prepare(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepare:
    """Puts the environment over the simulator, with accounts of the cast: `prepare("amber", PROXY="…")`."""

    def put(*names: str, **variables: str) -> None:
        for knob in knobs().values():
            monkeypatch.delenv(knob.name, raising=False)
        for name, value in (environment(simulator, tmp_path, names) | variables).items():
            monkeypatch.setenv(name, value)

    return put


@pytest.fixture
def amber(prepare: Prepare) -> None:
    prepare("amber")


@pytest.fixture
def accounts(tmp_path: Path) -> Callable[[], list[Account]]:
    """The accounts in the store."""
    return lambda: Accounts(Store(tmp_path / DATABASE_FILE), open_vault("", tmp_path)).accounts()


def shown_steps(said: str) -> list[str]:
    """The steps in the order they were shown, with how they went."""
    blocks = [block.splitlines()[0] for block in said.split("\n\n")]
    return [line.rpartition(",")[0] for line in blocks if line.endswith(" ms")]


# What is shown


def test_a_healthy_service_is_shown_step_by_step(amber: None, capsys: Capture) -> None:
    assert main(["doctor"]) == 0
    said, remarks = capsys.readouterr()
    assert shown_steps(said) == [f"{step}: as expected" for step in STEPS]
    assert said.endswith("\nAll is as expected: there is nothing to do.\n")
    assert "\n  session            full name, digits(19)          full name, digits(19)\n" in said
    assert max(map(len, said.splitlines())) <= 100
    assert remarks == ""


def test_what_differs_is_marked_and_named_at_the_end(amber: None, world: World, capsys: Capture) -> None:
    world.behave("amber", unknown_members=True, xsrf="no-prefix")
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "\n≠ prefix             there                          not there\n" in said
    assert "not all is as expected: prefix (token), unknown members (question).\n" in said
    assert "--report FILE" in said
    assert max(map(len, said.splitlines())) <= 100


@pytest.mark.parametrize(
    ("behaviour", "step", "advice"),
    [
        ({"xsrf": "302-login"}, "token", "`accounts put`"),
        ({"xsrf": "403"}, "token", "look at it in the browser"),
        ({"api": "429", "api_on": ("stream", "upload")}, "question", "(`--account`)"),
        ({"api": "503", "api_on": ("upload",)}, "upload", "try again in some minutes"),
        (
            {"api": "reset", "api_on": ("download",)},
            "missing file",
            "PROXY, GEMINI_AUTH_URL and GEMINI_API_URL",
        ),
    ],
)
def test_a_failure_ends_in_status_1_and_says_what_to_do(
    amber: None, world: World, capsys: Capture, behaviour: dict[str, object], step: str, advice: str
) -> None:
    world.behave("amber", **behaviour)
    assert main(["doctor"]) == 1
    end = " ".join(capsys.readouterr().out.rpartition("\n\n")[2].split())
    assert f"steps failed, the first of them: {step}." in end
    assert advice in end


def test_a_clock_that_is_wrong_is_to_be_set(prepare: Prepare, capsys: Capture) -> None:
    service = Canned()
    service.replies["getoxsrf"] = key(f"Date: {formatdate(1_000_000_000, usegmt=True)}")
    with service.serving() as peer:
        prepare("amber", GEMINI_AUTH_URL=peer.url, GEMINI_API_URL=peer.url)
        assert main(["doctor"]) == 0
    assert "Set it: tokens are good for five minutes only." in capsys.readouterr().out


def test_a_step_is_shown_before_the_next_is_asked(
    amber: None, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_by: dict[str, int] = {}

    class Watched(io.StringIO):
        def write(self, text: str) -> int:
            asked_by.update({step: len(world.calls()) for step in STEPS if text.startswith(f"\n{step}: ")})
            return super().write(text)

    monkeypatch.setattr(sys, "stdout", Watched())
    assert main(["doctor"]) == 0
    assert list(asked_by.values()) == list(range(1, len(STEPS) + 1))


def test_while_nothing_comes_there_are_dots(prepare: Prepare, world: World, capsys: Capture) -> None:
    prepare("amber", FIRST_BYTE_TIMEOUT="1")
    world.behave("amber", api="hang", api_on=("upload",))
    assert main(["doctor"]) == 1
    said, remarks = capsys.readouterr()
    assert set(remarks) == {".", "\n"}
    assert "upload: failed" in shown_steps(said)


# Which account


def test_the_first_enabled_account_is_examined(prepare: Prepare, world: World) -> None:
    prepare("amber", "bruno", "clara")
    main(["doctor"])
    main(["accounts", "disable", "1"])
    world.reset()
    main(["doctor"])
    assert {call.account for call in world.calls()} == {"bruno"}


def test_an_account_can_be_named_also_one_that_is_disabled(prepare: Prepare, world: World) -> None:
    prepare("amber", "bruno", "clara")
    main(["doctor"])
    main(["accounts", "disable", "3"])
    world.reset()
    main(["doctor", "--account", "3"])
    assert {call.account for call in world.calls()} == {"clara"}


@pytest.mark.parametrize(
    ("names", "arguments", "fault"),
    [
        ((), [], "no enabled account; add one with `accounts put`"),
        (("amber",), ["--account", "7"], "no account 7; `accounts list`"),
    ],
)
def test_an_account_that_is_not_there_is_told(
    prepare: Prepare, capsys: Capture, world: World, names: tuple[str, ...], arguments: list[str], fault: str
) -> None:
    prepare(*names)
    assert main(["doctor", *arguments]) == 1
    said, error = capsys.readouterr()
    assert fault in error
    assert (said, world.calls()) == ("", [])


# What is left behind


def test_the_report_holds_what_was_seen(amber: None, tmp_path: Path, capsys: Capture, world: World) -> None:
    world.behave("amber", unknown_members=True)
    assert main(["doctor", "--report", str(tmp_path / "report.json")]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert datetime.now(UTC) - datetime.fromisoformat(report["made"]) < timedelta(minutes=1)
    assert report["program"] == "0.1.0"
    assert report["places"] == {**dict.fromkeys(("API", "tokens", "sign-in"), "127.0.0.1"), "proxy": "none"}
    assert report["seconds"] == {"to connect": 10, "to the first byte": 20, "between bytes": 300}
    assert [one["step"] for one in report["findings"]] == STEPS
    question = report["findings"][2]
    assert (question["diagnosis"], question["taken_for"]) == ("different", None)
    assert {
        "name": "unknown members",
        "expected": "none",
        "seen": "futureMember, streamAssistResponse.yetUnheardOf",
        "diagnosis": "different",
    } in question["facts"]
    (heard,) = question["evidence"]["replies"]
    assert heard["body"]["members"]["streamAssistResponse.yetUnheardOf"] == ["number"]


def test_a_report_that_cannot_be_written_is_told_before_anything_is_asked(
    amber: None, tmp_path: Path, capsys: Capture, world: World
) -> None:
    assert main(["doctor", "--report", str(tmp_path / "none" / "report.json")]) == 1
    assert "report.json" in capsys.readouterr().err
    assert world.calls() == []


@pytest.mark.parametrize("fault", [None, "403", "302-login"])
def test_the_account_stays_as_it_was(
    amber: None, world: World, accounts: Callable[[], list[Account]], tmp_path: Path, fault: str | None
) -> None:
    main(["doctor"])
    before = accounts()
    world.behave("amber", xsrf=fault, api="429")
    main(["doctor"])
    assert accounts() == before
    assert totals(Store(tmp_path / DATABASE_FILE)) == {}


@pytest.mark.parametrize("fault", ["rotate", "302-refreshcookies"])
def test_renewed_cookies_are_kept(
    amber: None, world: World, accounts: Callable[[], list[Account]], fault: str
) -> None:
    world.behave("amber", xsrf=fault)
    main(["doctor"])
    (account,) = accounts()
    assert account.credentials.secure_c_ses == world.wallet.values("amber")[-1]
    assert account.credentials.secure_c_ses != make_account("amber").secure_c_ses


# What is kept back

OWNER = SimAccount(
    name="marked.owner@example.com",
    secure_c_ses="CSE.markedcookie",
    host_c_oses="COS.markedother",
    csesidx="9876543210",
    config_id="0a1b2c3d-1111-2222-3333-444455556666",
)
LOGIN = "marked-user:marked%40password"


def leaks(*texts: str) -> list[str]:
    told = "\n".join(texts).lower()
    return [one for one in ("marked", OWNER.csesidx, OWNER.config_id, OWNER.project) if one in told]


@pytest.mark.parametrize(
    "behaviour", [{}, {"xsrf": "rotate"}, {"api": "403", "api_on": ("session", "stream")}]
)
def test_nothing_of_the_account_or_the_proxy_is_told(
    prepare: Prepare, tmp_path: Path, capsys: Capture, behaviour: dict[str, object]
) -> None:
    seat = json.dumps([OWNER.as_config()])
    with Simulator([OWNER]) as service, HttpProxy("marked-user:marked@password") as proxy:
        service.world.behave(OWNER.name, text=f"marked {OWNER.csesidx}", citations=True, **behaviour)
        urls = dict.fromkeys(("GEMINI_API_URL", "GEMINI_AUTH_URL"), service.url)
        prepare(**urls, ACCOUNTS_CONFIG=seat, PROXY=f"http://{LOGIN}@{proxy.netloc}")
        main(["doctor", "--report", str(tmp_path / "report.json")])
        assert len(proxy.requests) >= len(STEPS)
    said = capsys.readouterr()
    report = (tmp_path / "report.json").read_text()
    assert '"proxy": "http"' in report
    assert leaks(said.out, said.err, report) == []


def test_nothing_is_told_by_a_proxy_that_refuses(prepare: Prepare, tmp_path: Path, capsys: Capture) -> None:
    seat = json.dumps([OWNER.as_config()])
    with HttpProxy("somebody:else") as proxy:
        prepare(ACCOUNTS_CONFIG=seat, PROXY=f"http://{LOGIN}@{proxy.netloc}")
        assert main(["doctor", "--report", str(tmp_path / "report.json")]) == 1
    said = capsys.readouterr()
    assert "≠ status             200                            407\n" in said.out
    assert leaks(said.out, said.err, (tmp_path / "report.json").read_text()) == []


def test_what_a_careless_service_repeats_is_not_told(
    prepare: Prepare, tmp_path: Path, capsys: Capture
) -> None:
    service = Canned()
    own = " ".join((*OWNER.as_config().values(), LOGIN, "marked@password"))
    for name in service.replies:
        if name != "getoxsrf":
            service.replies[name] = refusal(400, own, f"No {own}, https://a.example/{own}?{own}")
    with service.serving() as peer:
        urls = dict.fromkeys(("GEMINI_API_URL", "GEMINI_AUTH_URL"), peer.url)
        login = f"http://{LOGIN}@{peer.netloc}"
        prepare(**urls, ACCOUNTS_CONFIG=json.dumps([OWNER.as_config()]), GEMINI_LOGIN_URL=login)
        assert main(["doctor", "--report", str(tmp_path / "report.json")]) == 1
    said = capsys.readouterr()
    assert leaks(said.out, said.err, (tmp_path / "report.json").read_text()) == []
