"""The service as gunicorn runs it: starting, several workers, streams, stopping."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from running import CHECKOUT, KEY, RunningPool, clean_environment, free_port, until

from gemini_pool.simulator.server import Simulator

Start = Callable[..., RunningPool]
QUESTION = json.dumps({"messages": [{"role": "user", "content": "Hi"}]}).encode()
STREAMED = json.dumps({"stream": True, "messages": [{"role": "user", "content": "Hi"}]}).encode()


def ask(pool: RunningPool, body: bytes = QUESTION, key: str = KEY) -> int:
    """The status of one call."""
    request = urllib.request.Request(
        f"{pool.url}/v1/chat/completions", body, {"authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            reply.read()
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)


def command(words: list[str], environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command in the checkout to its end."""
    return subprocess.run(
        words, check=False, cwd=CHECKOUT, env=environ, capture_output=True, text=True, timeout=30
    )


def open_stream(pool: RunningPool) -> socket.socket:
    """A connection on which an answer has begun to stream."""
    connection = socket.create_connection(("127.0.0.1", pool.port), timeout=20)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"
    connection.sendall(f"{head}content-length: {len(STREAMED)}\r\n\r\n".encode() + STREAMED)
    received = b""
    while b'"content":"' not in received:
        received += connection.recv(65536)
    assert b" 200 " in received.partition(b"\r\n")[0] + b" "
    return connection


def test_gunicorn_itself_believes_nobody_who_says_how_a_caller_came(start_pool: Start) -> None:
    pool = start_pool("amber", FORWARDED_ALLOW_IPS="*", SCRIPT_NAME="")
    told = {"X-Forwarded-Proto": "http", "X-Forwarded-Ssl": "on", "Path-Info": "/nowhere"}  # it refuses these
    with urllib.request.urlopen(
        urllib.request.Request(f"{pool.url}/health", headers=told), timeout=5
    ) as reply:
        assert reply.status == 200


def test_it_starts_with_nothing_but_environment_variables(start_pool: Start) -> None:
    pool = start_pool("amber")
    assert ask(pool) == 200
    assert pool.database.exists()
    assert len(pool.workers()) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PROXY", "ftp://me:hunter2@x"), ("ACCOUNTS_CONFIG", '[{"a": "hunter2"}]')],
)
def test_a_wrong_value_stops_the_start_with_one_line(tmp_path: Path, name: str, value: str) -> None:
    environ = clean_environment() | {"DATA_DIR": str(tmp_path), "PORT": str(free_port()), name: value}
    words = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
    ended = command(words, environ)
    assert ended.returncode != 0
    (line,) = ended.stderr.strip().splitlines()
    assert line.startswith(f"gemini_pool: {name}: ")
    assert "accepted: " in line
    assert "hunter2" not in line


def test_a_key_made_on_the_command_line_works_in_every_worker_within_a_second(start_pool: Start) -> None:
    pool = start_pool("amber")
    words = [sys.executable, "-m", "gemini_pool", "keys", "create", "ada"]
    environ = clean_environment() | pool.environ
    key = command(words, environ).stdout.strip()
    time.sleep(1)  # the promise itself: within a second, everywhere
    assert [ask(pool, key=key) for _ in range(12)] == [200] * 12
    until(lambda: len(pool.calls()) == 12, what="the journal")
    assert {call["key_name"] for call in pool.calls()} == {"ada"}


def test_every_call_is_in_the_journal(start_pool: Start, simulator: Simulator) -> None:
    pool = start_pool("amber")
    assert ask(pool) == 200
    assert ask(pool, STREAMED) == 200
    simulator.world.behave("amber", stream="skipped-policy")
    assert ask(pool) == 400
    until(lambda: len(pool.calls()) == 3, seconds=2, what="three rows")
    assert [call["outcome"] for call in pool.calls()] == ["ok", "ok", "error"]
    assert [call["error"] for call in pool.calls()] == ["", "", "PolicyRefused"]
    assert all(call["completion_tokens"] for call in pool.calls("ok"))


def test_a_caller_who_hangs_up_ends_the_stream_upstream_and_costs_the_account_nothing(
    start_pool: Start, simulator: Simulator
) -> None:
    simulator.world.behave("amber", text="word " * 300, deltas=300, delay=0.05)
    pool = start_pool("amber", ACCOUNT_FAILURE_THRESHOLD="1")
    for _ in range(3):
        open_stream(pool).close()
    assert simulator.world.wait_until(lambda world: world.open_streams() == 0, timeout=5)
    until(lambda: len(pool.calls("client_closed")) == 3, what="the journal")
    simulator.world.behave("amber", text="still here", deltas=None, delay=0.0)
    assert ask(pool) == 200


def test_a_stop_lets_a_stream_run_to_its_end_and_keeps_its_row(
    start_pool: Start, simulator: Simulator
) -> None:
    simulator.world.behave("amber", text="word " * 20, deltas=20, delay=0.05)
    pool = start_pool("amber")
    stream = open_stream(pool)
    assert pool.process
    pool.process.send_signal(signal.SIGTERM)
    rest = b""
    while piece := stream.recv(65536):
        rest += piece
    stream.close()
    assert b"[DONE]" in rest
    assert pool.process.wait(15) == 0
    assert [call["outcome"] for call in pool.calls()] == ["ok"]


@pytest.mark.long
def test_what_one_worker_learns_of_an_account_survives_a_restart(
    start_pool: Start, simulator: Simulator
) -> None:
    simulator.world.behave("bruno", api="429-retry-after", retry_after=300)
    pool = start_pool("bruno")
    assert ask(pool) == 429
    pool.stop()
    pool.start()
    assert ask(pool) == 429
    assert simulator.world.counts()["bruno"]["stream"] == 1


def test_cookies_that_the_service_renews_are_kept(start_pool: Start, simulator: Simulator) -> None:
    simulator.world.behave("amber", xsrf="rotate")
    pool = start_pool("amber", WEB_CONCURRENCY="1")
    assert ask(pool) == 200
    pool.stop()
    simulator.world.behave("amber", xsrf=None)
    simulator.world.wallet.retire_old("amber")
    pool.start()
    assert ask(pool) == 200


def test_an_account_that_was_taken_out_comes_back_by_hand_in_every_worker(
    start_pool: Start, simulator: Simulator
) -> None:
    simulator.world.behave("amber", xsrf="302-login")
    pool = start_pool("amber")
    assert ask(pool) == 503
    simulator.world.behave("amber", xsrf=None)
    environ = clean_environment() | pool.environ
    pool_command = [sys.executable, "-m", "gemini_pool", "accounts"]
    assert "needs_sign_in" in command([*pool_command, "list"], environ).stdout
    assert command([*pool_command, "enable", "1"], environ).stdout == "Account 1 is enabled.\n"
    time.sleep(1)  # the promise itself: within a second, everywhere
    assert [ask(pool) for _ in range(12)] == [200] * 12


def test_a_damaged_key_file_stops_the_start_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "encryption.key").write_text("nonsense")
    environ = clean_environment() | {"DATA_DIR": str(tmp_path), "PORT": str(free_port())}
    words = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
    ended = command(words, environ)
    assert ended.returncode != 0
    assert "gemini_pool: The key file encryption.key is damaged. Put a copy of it back" in ended.stderr
    assert "Traceback" not in ended.stderr
