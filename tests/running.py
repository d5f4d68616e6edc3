"""A pool as people run it: gunicorn with its own settings, on a free port, over a simulator."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from gemini_pool.simulator.cast import make_account
from gemini_pool.simulator.server import Simulator

CHECKOUT = Path(__file__).resolve().parent.parent
KEY = "sk-gp-of-the-tests"


def environment(simulator: Simulator, folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The variables that put a pool of these accounts over the simulator, with its data in a folder."""
    return {
        "DATA_DIR": str(folder),
        "API_KEY": KEY,
        "GEMINI_API_URL": simulator.url,
        "GEMINI_AUTH_URL": simulator.url,
        "GEMINI_LOGIN_URL": simulator.url,
        # The service would be asked for tokens that no test is about.
        "HEALTH_CHECK_ENABLED": "0",
        "ACCOUNTS_CONFIG": json.dumps([make_account(name).as_config() for name in names]),
    }


class RunningPool:
    """gunicorn in a process of its own; a context manager."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {**environ, "HOST": "127.0.0.1", "PORT": str(self.port)}
        self.database = Path(environ["DATA_DIR"]) / "gemini_pool.db"
        self._log = folder / "gunicorn.log"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gemini_pool", "serve"],
                cwd=CHECKOUT,
                env={**clean_environment(), **self.environ},
                stdout=log,
                stderr=log,
            )
        until(self._answers, what=lambda: f"the pool to answer; its log: {self.log}")
        wanted = int(self.environ.get("WEB_CONCURRENCY", "2"))
        until(lambda: len(self.accepting()) == wanted, what=lambda: f"all workers; their log: {self.log}")

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """kill -9 for the master and every worker."""
        assert self.process
        for pid in [self.process.pid, *self.workers()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def command(self, *words: str) -> str:
        """What a command of the product says, run beside the pool."""
        return subprocess.run(
            [sys.executable, "-m", "gemini_pool", *words],
            cwd=CHECKOUT,
            env={**clean_environment(), **self.environ},
            capture_output=True,
            check=True,
            text=True,
            timeout=30,
        ).stdout

    @property
    def log(self) -> str:
        return self._log.read_text()

    def workers(self) -> list[int]:
        assert self.process
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def accepting(self) -> list[int]:
        """The workers that take callers at this moment."""
        door = next(
            f"ino:{int(inode):x} "
            for _, here, _, state, *_, inode in (row.split()[:10] for row in _rows("/proc/net/tcp"))
            if state == "0A" and here.endswith(f":{self.port:04X}")
        )
        return [pid for pid in self.workers() if any(door in line for line in _polled(pid))]

    def calls(self, outcome: str | None = None) -> list[dict[str, Any]]:
        """The rows of the call journal that are on disk."""
        rows = self.rows("SELECT * FROM calls ORDER BY at")
        return [row for row in rows if outcome in (None, row["outcome"])]

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What the database says."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(query, values)]

    def write(self, statement: str, *values: object) -> None:
        """Change rows that all processes share, as another process would."""
        with closing(sqlite3.connect(self.database, timeout=10)) as db, db:
            db.execute(statement, values)
            db.execute("UPDATE revision SET number = number + 1")

    def end_rest(self, name: str) -> None:
        """Turn the clock on for an account whose breaker is open: even the first rest is long for a test."""
        over = "UPDATE accounts SET resting_until = ? WHERE name = ? AND resting_until > 0"
        self.write(over, time.time(), name)

    def _answers(self) -> bool:
        assert self.process
        assert self.process.poll() is None, f"gunicorn ended: {self.log}"
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False


def _rows(table: str) -> list[str]:
    return Path(table).read_text().splitlines()[1:]


def _polled(pid: int) -> Iterator[str]:
    """What a process waits for: a line for each file, with its inode."""
    with suppress(FileNotFoundError):  # the process has ended since
        for info in Path(f"/proc/{pid}/fdinfo").iterdir():
            with suppress(FileNotFoundError):  # closed since
                yield from (line for line in info.read_text().splitlines() if line.startswith("tfd:"))


def clean_environment() -> dict[str, str]:
    """This process's environment without anything that a machine may have set for the pool or its calls."""
    ours = {
        *("PORT", "HOST", "PROXY", "DATA_DIR", "THREADS", "WEB_CONCURRENCY", "LOG_LEVEL", "API_KEY"),
        *("SCHEDULER", "JOURNAL_DAYS"),
    }
    return {k: v for k, v in os.environ.items() if k not in ours and not k.lower().endswith("_proxy")}


@contextmanager
def stopped(process: int) -> Iterator[None]:
    """While a process stands still."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(
    condition: Callable[[], object], *, seconds: float = 15.0, what: Callable[[], str] | str = ""
) -> None:
    """Wait until something holds; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what() if callable(what) else what}")
        time.sleep(0.02)
