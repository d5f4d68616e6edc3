"""The command line as a person types it: real processes, a real port, a real Ctrl-C."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from running import free_port
from vaults import VAULT

from gemini_pool.cli import main
from gemini_pool.settings import knobs
from gemini_pool.startup import DATABASE_FILE, effective_settings
from gemini_pool.store.db import Store
from gemini_pool.store.keys import Keys
from gemini_pool.store.saved import SavedSettings
from gemini_pool.wiring import build_services

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
END_SECONDS = 15


def environment(folder: Path, **variables: object) -> dict[str, str]:
    """The environment without settings of ours, but for these and a DATA_DIR of the test's own."""
    ours = {knob.name for knob in knobs().values()}
    plain = {name: value for name, value in os.environ.items() if name not in ours}
    return plain | {"DATA_DIR": str(folder)} | {name: str(value) for name, value in variables.items()}


def within(seconds: float, holds: Callable[[], object]) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Shell:
    """Runs `python -m gemini_pool` in one DATA_DIR."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, **variables: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "gemini_pool", *arguments],
            cwd=ROOT,
            env=environment(self.folder, **variables),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def store(self) -> Store:
        store = Store(self.folder / DATABASE_FILE)
        store.migrate()
        return store

    def refused(self, *arguments: str, **variables: object) -> str:
        """What a command says that fails as it should: exit 1, one line on stderr, nothing else."""
        done = self(*arguments, **variables)
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        assert re.fullmatch(r"gemini_pool: .+\n", done.stderr), done.stderr
        return done.stderr


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder = tmp_path / "data"
    folder.mkdir()
    return Shell(folder)


class Running:
    """A command in the foreground of a terminal of its own: it and its children are one group."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        folder.mkdir(exist_ok=True)
        self.temporary = folder
        self.process = subprocess.Popen(
            # Tests that run in the background are deaf to Ctrl-C, and so would be what they start.
            ["env", "--default-signal=INT", sys.executable, "-m", "gemini_pool", *arguments],
            cwd=ROOT,
            env=environment(folder / "unused", TMPDIR=folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.family = {self.process.pid}
        self.printed = ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.printed += line

    def ctrl_c(self) -> None:
        """An interrupt of this process; whether a terminal's reaches others too is a test of its own."""
        self.look()
        self.process.send_signal(signal.SIGINT)

    def ended(self) -> bool:
        """Whether the process and all that it had started when it was last looked at are gone."""
        return self.process.poll() is not None and not self.family & living()

    def look(self) -> set[int]:
        """The processes it has started by now, whatever group they are in."""
        self.family |= descendants(self.process.pid)
        return self.family - {self.process.pid}

    def kill(self) -> None:
        self.look()
        for number in self.family & living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self.process.wait()
        self.reader.join()
        assert self.process.stdout
        assert self.process.stderr
        self.process.stdout.close()
        self.process.stderr.close()


def parents() -> dict[int, int]:
    """Process id -> its parent's, of all that run; one that ended and waits to be reaped does not."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                found[int(entry.parent.name)] = int(parent)
    return found


def living() -> set[int]:
    return set(parents())


def descendants(ancestor: int) -> set[int]:
    known, family = parents(), {ancestor}
    while more := {one for one, parent in known.items() if parent in family} - family:
        family |= more
    return family


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def run(*arguments: str) -> Running:
        started.append(Running(tmp_path / "tmp", *arguments))
        return started[-1]

    yield run
    for one in started:
        one.kill()


# Keys


def test_a_created_key_is_all_that_is_on_stdout_and_works(shell: Shell) -> None:
    done = shell("keys", "create", "amber's program")
    assert done.returncode == 0
    assert re.fullmatch(r"sk-gp-\S+\n", done.stdout)
    assert "only time" in done.stderr
    key = Keys(shell.store(), ()).find(done.stdout.strip())
    assert key
    assert key.name == "amber's program"


def test_keys_are_listed_without_the_key_and_revoked_by_their_number(shell: Shell) -> None:
    first = shell("keys", "create", "amber").stdout.strip()
    second = shell("keys", "create", "bruno").stdout.strip()
    done = shell("keys", "revoke", "1")
    assert (done.returncode, done.stdout) == (0, "Key 1 is revoked.\n")
    listed = shell("keys", "list").stdout.splitlines()
    assert [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE", line).split() for line in listed] == [
        ["1", first[:10] + "…", "DATE", "revoked", "amber"],
        ["2", second[:10] + "…", "DATE", "active", "bruno"],
    ]
    keys = Keys(shell.store(), ())
    assert keys.find(first) is None
    assert keys.find(second)


def test_a_key_is_upgraded_and_no_longer(shell: Shell) -> None:
    shell("keys", "create", "amber")
    done = shell("keys", "upgrade", "1", "on")
    assert (done.returncode, done.stdout) == (0, "Key 1 is answered by better models than it asks for.\n")
    assert shell("keys", "list").stdout.rstrip().endswith("active   amber  (upgrade on)")
    done = shell("keys", "upgrade", "1", "off")
    assert (done.returncode, done.stdout) == (0, "Key 1 is answered by the models it asks for.\n")
    assert shell("keys", "list").stdout.rstrip().endswith("active   amber")


LIMITED = (
    *(
        "--description",
        "a laptop",
        "--expires-days",
        "30",
        "--models",
        "gemini-auto,auto",
        "--per-minute",
        "7",
    ),
    *(
        "--per-day",
        "100",
        "--concurrent",
        "2",
        "--tokens-per-day",
        "5000",
        "--from",
        "192.0.2.7,2001:db8::/32",
    ),
    *("--image-format", "url"),
)


def test_a_key_is_made_with_limits_which_the_list_tells_in_short(shell: Shell) -> None:
    assert shell("keys", "create", "amber", *LIMITED).returncode == 0
    (line,) = shell("keys", "list").stdout.splitlines()
    assert "active   amber  (7 a minute, 100 a day, 2 at once, 5000 tokens a day, " in line
    assert "models auto gemini-auto, from 192.0.2.7/32 2001:db8::/32, pictures as url, until 20" in line
    (key,) = Keys(shell.store(), ()).list()
    assert key.description == "a laptop"
    assert abs((key.expires_at or 0) - time.time() - 30 * 86_400) < 60


def test_limits_are_changed_one_by_one_and_taken_away(shell: Shell) -> None:
    shell("keys", "create", "amber", *LIMITED)
    done = shell("keys", "change", "1", "--name", "bruno", "--per-minute", "9")
    assert (done.returncode, done.stdout) == (0, "Key 1 is changed.\n")
    assert "bruno  (9 a minute, 100 a day, 2 at once" in shell("keys", "list").stdout
    none = ("--per-minute", "0", "--per-day", "0", "--concurrent", "0", "--tokens-per-day", "0")
    any_of = ("--models", "any", "--from", "any", "--image-format", "setting", "--expires-days", "0")
    assert shell("keys", "change", "1", *none, *any_of).returncode == 0
    assert shell("keys", "list").stdout.rstrip().endswith("active   bruno")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--per-minute", "-1"), "`per_minute` of a key must be"),
        (("--from", "example.com"), "`networks` of a key holds something"),
        (("--models", "gemini-autoo"), "`gemini-autoo` does not exist"),
        (("--expires-days", "-1"), "--expires-days"),
        ((), "Nothing to change"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(shell: Shell, words: tuple[str, ...], told: str) -> None:
    shell("keys", "create", "amber")
    done = shell("keys", "change", "1", *words)
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_is_deleted_and_its_number_not_used_again(shell: Shell) -> None:
    shell("keys", "create", "amber")
    done = shell("keys", "delete", "1")
    assert (done.returncode, done.stdout) == (0, "Key 1 is deleted.\n")
    assert shell("keys", "delete", "1").returncode == 1
    shell("keys", "create", "bruno")
    assert shell("keys", "list").stdout.split()[0] == "2"


def test_a_list_of_no_keys_is_empty(shell: Shell) -> None:
    done = shell("keys", "list")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# The database and the settings


def test_migrate_makes_the_database_and_may_be_repeated(shell: Shell) -> None:
    for _ in range(2):
        done = shell("migrate")
        assert done.returncode == 0
        assert "up to date" in done.stdout
    assert (shell.folder / DATABASE_FILE).exists()


def test_settings_lists_every_setting_with_its_default(shell: Shell) -> None:
    lines = shell("settings").stdout.splitlines()
    for knob in knobs().values():
        (line,) = [line for line in lines if line.startswith(f"| `{knob.name}` |")]
        assert f"`{knob.default}`" in line or not knob.default
        assert knob.about in line


def test_settings_writes_the_table_between_the_marks_of_a_file(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("before\n<!-- settings: generated by `make readme` -->\nold\n<!-- /settings -->\nafter\n")
    assert shell("settings", "--write", str(file)).returncode == 0
    text = file.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "\nold\n" not in text
    assert shell("settings").stdout in text


def test_file_types_writes_what_it_shows(shell: Shell, tmp_path: Path) -> None:
    shown = shell("file-types").stdout
    assert "| PNG | `.png` | `image/png` |" in shown
    assert shell("file-types", "--write", str(tmp_path / "types.md")).returncode == 0
    assert (tmp_path / "types.md").read_text() == shown


def test_a_saved_setting_counts_at_the_next_start_unless_the_environment_sets_it(shell: Shell) -> None:
    done = shell("settings", "set", "UNKNOWN_MODEL", "default")
    assert (done.returncode, done.stderr) == (0, "")
    assert "UNKNOWN_MODEL is saved" in done.stdout
    assert effective_settings({"DATA_DIR": str(shell.folder)}).unknown_model == "default"
    fixed = {"DATA_DIR": str(shell.folder), "UNKNOWN_MODEL": "passthrough"}
    assert effective_settings(fixed).unknown_model == "passthrough"
    assert shell("settings", "set", "UNKNOWN_MODEL", "").returncode == 0
    assert SavedSettings(shell.store(), VAULT).all() == {}


def test_a_saved_port_is_the_one_that_is_listened_on(shell: Shell) -> None:
    assert shell("settings", "set", "PORT", "8123").returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--print-config", "-c", "gunicorn.conf.py", "wsgi:app"],
        cwd=ROOT,
        env=environment(shell.folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ":8123" in done.stdout


def test_a_key_works_in_the_service_wherever_its_data_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATA_DIR", raising=False)
    monkeypatch.setattr("gemini_pool.settings.CHECKOUT", tmp_path)  # where the data is by default
    main(["settings", "set", "DATA_DIR", str(tmp_path / "other")])
    capsys.readouterr()
    main(["keys", "create", "amber"])
    key = capsys.readouterr().out.strip()
    assert build_services(effective_settings({})).keys.find(key)


@pytest.mark.parametrize(
    ("name", "secret"), [("SECURE_C_SES", "CSE.amber-secret"), ("API_KEY", "sk-own-secret-of-mine")]
)
def test_a_secret_setting_is_not_saved_in_the_clear(shell: Shell, name: str, secret: str) -> None:
    shell("settings", "set", name, secret)
    on_disk = b"".join(file.read_bytes() for file in shell.folder.iterdir())
    assert secret.encode() not in on_disk


# What a person gets wrong


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["migrate"], {"PORT": "eighty"}, "PORT: 'eighty' is not a whole number; accepted: .*65535"),
        (["serve"], {"THREADS": "0"}, "THREADS: '0' is out of range"),
        (["keys", "create", "x"], {"ACCOUNT_STRATEGY": "best"}, "ACCOUNT_STRATEGY: .*round_robin"),
        (["keys", "list"], {"SECURE_C_SES": "CSE.x"}, "CSESIDX: is not set although SECURE_C_SES is"),
        (["keys", "revoke", "99"], {}, "no key 99"),
        (["keys", "upgrade", "99", "on"], {}, "no key 99"),
        (["settings", "set", "PORT", "0"], {}, "PORT: '0' is out of range"),
        (["settings", "set", "PROT", "8000"], {}, "PROT: is not a setting"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(
    shell: Shell, arguments: list[str], variables: dict[str, str], said: str
) -> None:
    assert re.search(said, shell.refused(*arguments, **variables))


def test_a_wrong_secret_is_named_but_not_repeated(shell: Shell) -> None:
    said = shell.refused("migrate", API_KEY_ENCRYPTION_KEY="secret-but-wrong")
    assert "API_KEY_ENCRYPTION_KEY" in said
    assert "secret-but-wrong" not in said


def test_a_refused_setting_is_not_saved(shell: Shell) -> None:
    shell.refused("settings", "set", "PORT", "0")
    assert SavedSettings(shell.store(), VAULT).all() == {}


def test_a_file_that_is_no_database_is_one_line(shell: Shell) -> None:
    (shell.folder / DATABASE_FILE).write_text("not a database " * 100)
    assert "database" in shell.refused("keys", "list")


@pytest.mark.parametrize("arguments", [[], ["keys"], ["dance"], ["keys", "revoke", "one"]])
def test_what_is_no_command_shows_the_usage(shell: Shell, arguments: list[str]) -> None:
    done = shell(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: gemini_pool")


def test_a_data_folder_that_cannot_be_made_is_one_line(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "DATA_DIR" in shell.refused("migrate", DATA_DIR=tmp_path / "file" / "data")


def test_a_readme_that_is_not_there_is_one_line(shell: Shell, tmp_path: Path) -> None:
    assert "README" in shell.refused("settings", "--write", str(tmp_path / "README.md"))


def test_a_simulators_port_that_is_taken_is_one_line(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in shell.refused("simulator", "--port", port)


# The simulator and the demo


def test_the_simulator_answers_and_ctrl_c_ends_it(start: Callable[..., Running]) -> None:
    port = free_port()
    running = start("simulator", "--port", str(port))

    def accounts() -> list[str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_sim/accounts", timeout=5) as reply:
                return [account["id"] for account in json.load(reply)]
        except OSError:
            return []

    assert within(START_SECONDS, accounts)
    assert accounts() == ["amber", "bruno", "clara", "dieter", "emil"]
    running.ctrl_c()
    assert within(END_SECONDS, running.ended)
    assert running.process.returncode == 0


def run_curl(line: str) -> bytes:
    """What the line brings: from curl itself, or read word by word where a bare machine has none."""
    if shutil.which("curl"):
        words = ["bash", "-c", f"{line} -sS"]
        return subprocess.run(words, capture_output=True, timeout=30, check=True).stdout
    command, url, *options = shlex.split(line.replace("\\\n", " "))
    given = list(zip(options[::2], options[1::2], strict=True))
    assert (command, {name for name, _ in given}) == ("curl", {"-H", "-d"})
    headers = dict(value.split(": ", 1) for name, value in given if name == "-H")
    (body,) = [value for name, value in given if name == "-d"]
    with urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers), timeout=30) as reply:
        return reply.read()


def test_the_demos_curl_line_answers_and_ctrl_c_leaves_nothing_behind(start: Callable[..., Running]) -> None:
    port = free_port()
    running = start("demo", "--port", str(port))
    assert within(START_SECONDS, lambda: "Ctrl-C ends the demo" in running.printed)
    assert f"http://127.0.0.1:{port}/v1" in running.printed
    assert "5 simulated accounts" in running.printed

    curl = running.printed[running.printed.index("curl ") : running.printed.index("\n\nAdd ")]
    body = json.loads(run_curl(curl))
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"]["content"]
    assert body["choices"][0]["finish_reason"] == "stop"

    streamed = curl.replace('"model"', '"stream": true, "model"')
    said = run_curl(streamed)
    assert said.startswith(b"data: {")
    assert said.endswith(b"data: [DONE]\n\n")

    running.ctrl_c()
    assert within(END_SECONDS, running.ended)
    assert running.process.returncode == 0
    assert "Traceback" not in running.printed
    assert list(running.temporary.iterdir()) == []
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_ctrl_c_in_the_terminal_reaches_the_demo_alone(start: Callable[..., Running]) -> None:
    # A worker that is interrupted while it takes up a connection waits for its own lock for ever.
    running = start("demo", "--port", str(free_port()))
    assert within(START_SECONDS, lambda: "Ctrl-C ends the demo" in running.printed)
    assert running.process.pid not in {os.getpgid(one) for one in running.look()}


def test_a_worker_that_hangs_does_not_outlive_the_demo(start: Callable[..., Running]) -> None:
    running = start("demo", "--port", str(free_port()))
    assert within(START_SECONDS, lambda: "Ctrl-C ends the demo" in running.printed)
    assert within(START_SECONDS, lambda: len(running.look()) >= 3)  # gunicorn and its two workers
    worker = max(one for one in running.look() if parents().get(one) != running.process.pid)
    os.kill(worker, signal.SIGSTOP)
    running.ctrl_c()
    assert within(END_SECONDS / 2, running.ended)


def test_an_impatient_second_ctrl_c_leaves_nothing_behind(start: Callable[..., Running]) -> None:
    running = start("demo", "--port", str(free_port()))
    assert within(START_SECONDS, lambda: "Ctrl-C ends the demo" in running.printed)
    assert within(START_SECONDS, lambda: len(running.look()) >= 3)
    worker = max(one for one in running.look() if parents().get(one) != running.process.pid)
    os.kill(worker, signal.SIGSTOP)  # so that the end takes its time
    running.ctrl_c()
    assert within(END_SECONDS, lambda: "The demo ends" in running.printed)
    running.ctrl_c()
    assert within(END_SECONDS, running.ended)


def test_a_demo_that_is_terminated_leaves_nothing_behind(start: Callable[..., Running]) -> None:
    running = start("demo", "--port", str(free_port()))
    assert within(START_SECONDS, lambda: "Ctrl-C ends the demo" in running.printed)
    running.look()
    running.process.terminate()
    assert within(END_SECONDS / 2, running.ended)
    assert list(running.temporary.iterdir()) == []


def test_a_demo_whose_port_is_taken_hands_out_no_key(start: Callable[..., Running]) -> None:
    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Healthy) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        running = start("demo", "--port", str(other.server_port))
        try:
            assert within(END_SECONDS, lambda: running.process.poll() is not None or running.printed)
            assert "API key" not in running.printed
            assert running.process.returncode == 1
        finally:
            other.shutdown()
