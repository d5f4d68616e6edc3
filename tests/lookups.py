"""Look-ups of host names as a test wants them."""

import socket
from collections.abc import Sequence
from typing import Any

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
