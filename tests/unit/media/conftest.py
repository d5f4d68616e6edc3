"""Sites of the tests, under names that only the tests can look up."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from certificates import Certificate, self_signed

from gemini_pool.media.fetch import Fetcher

NAME = "files.example"


class Directory:
    """Answers look-ups as socket.getaddrinfo does; each look-up of a name takes its next answer, and the last
    one stays. `asked` are the names looked up."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Sequence[str]]] = {NAME: [["127.0.0.1"]]}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        left = self.answers.get(host)
        if not left:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


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
