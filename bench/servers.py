"""The processes under measure: starting, pinning, and reading what they used."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

CHECKOUT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# The served side has one core, the simulator and the load the other: neither may eat the other's time.
SERVED_CPU, LOAD_CPU = 0, 1


@dataclass
class Server:
    """A process that listens on a port of this machine; a context manager that stops it."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """User and system time of the process and its workers so far."""
        return sum(_cpu(pid) for pid in self._pids())

    def resident_mb(self) -> float:
        """Memory of its largest process, the one worker."""
        return max(_resident(pid) for pid in self._pids()) / 1e6

    def resident_mb_of_all(self) -> float:
        """Memory of all its processes; what they share counts for each, so only its growth means anything."""
        return sum(_resident(pid) for pid in self._pids()) / 1e6

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=30)

    def _pids(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]


def start(name: str, words: list[str], port: int, cpu: int | None, environ: Mapping[str, str]) -> Server:
    """Start a command, on one core or (None) on any, and wait until it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=CHECKOUT,
        env={**os.environ, **environ},
    )
    if cpu is not None:
        os.sched_setaffinity(process.pid, {cpu})  # before it has children
    for _ in range(300):
        if process.poll() is not None:
            break
        if _listens(port):
            return Server(name, port, process)
        time.sleep(0.1)
    process.kill()
    raise SystemExit(f"bench: {name} did not start")


def gunicorn(name: str, app: str, port: int, environ: Mapping[str, str]) -> Server:
    """One worker with the project's own gunicorn settings."""
    settings = {"PORT": str(port), "HOST": "127.0.0.1", "WEB_CONCURRENCY": "1", "THREADS": "256"}
    words = ["gunicorn", "-c", "gunicorn.conf.py", "--graceful-timeout", "1", app]
    return start(name, words, port, SERVED_CPU, {**settings, "LOG_LEVEL": "error", **environ})


def serve(port: int, environ: Mapping[str, str]) -> Server:
    """The gateway as people start it, with its settings as they come, on any core."""
    place = {"PORT": str(port), "HOST": "127.0.0.1"}
    return start("gateway", ["gemini_pool", "serve"], port, None, {**place, **environ})


def play(port: int, cpu: int | None = None) -> Server:
    """The simulator."""
    return start("simulator", ["gemini_pool", "simulator", f"--port={port}"], port, cpu, {})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def control(port: int, path: str, body: object = None) -> object:
    """Talk to the simulator's control doors."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_sim/{path}", data, timeout=10) as reply:
        return json.load(reply)


def _listens(port: int) -> bool:
    listening = f":{port:04X} 00000000:0000 0A"
    return listening in Path("/proc/net/tcp").read_text()


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
