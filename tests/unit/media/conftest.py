"""Sites of the tests, under names that only the tests can look up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from certificates import Certificate, self_signed
from lookups import NAME, Directory

from gemini_pool.media.fetch import Fetcher


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """One of `files.example`, which is trusted."""
    made = self_signed(tmp_path, NAME)
    monkeypatch.setattr("certifi.where", lambda: str(made.authority))
    return made


@pytest.fixture
def make_fetcher(directory: Directory) -> Callable[..., Fetcher]:
    """Fetchers that may call 127.0.0.1, at any port, and nothing else."""

    def make(**options: Any) -> Fetcher:
        return Fetcher(
            **{
                "most_bytes": 2**20,
                "seconds": 10,
                "permits": lambda address, _: str(address) == "127.0.0.1",
                "resolve": directory,
            }
            | options
        )

    return make
