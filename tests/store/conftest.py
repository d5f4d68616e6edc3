"""A fresh database for each test, and Python in another process."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.secrets import Vault

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30

Elsewhere = Callable[..., "subprocess.Popen[str]"]
Within = Callable[[float, Callable[[], object]], bool]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pool.db"


@pytest.fixture
def store(path: Path, migrated: Path) -> Store:
    shutil.copyfile(migrated, path)
    return Store(path)


@pytest.fixture
def vault() -> Vault:
    return Vault(Fernet.generate_key().decode())


@pytest.fixture
def behind() -> WriteBehind:
    """One whose thread never wakes: what waits is written by `flush` alone."""
    return WriteBehind(sleep=lambda _: threading.Event().wait())


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """Starts Python code in another process, with arguments, its pipes open for lines of text."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def within_seconds() -> Callable[[float], AbstractContextManager[None]]:
    """Fails what takes longer, by the time that the processor worked on it."""

    @contextmanager
    def timed(seconds: float) -> Iterator[None]:
        begun = time.process_time()
        yield
        assert time.process_time() - begun < seconds

    return timed


@pytest.fixture
def within() -> Within:
    """Whether a condition comes true within so many seconds."""

    def wait(seconds: float, holds: Callable[[], object]) -> bool:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    return wait
