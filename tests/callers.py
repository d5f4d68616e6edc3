"""Callers of a running pool who see every byte: one call, on a connection of its own, read as it comes."""

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from running import KEY, RunningPool

PATH = "/v1/chat/completions"
TIMEOUT_SECONDS = 30.0


@dataclass(slots=True)
class Told:
    """What a stream told, and whether it came to [DONE]."""

    text: str = ""
    model: str = ""
    comments: list[str] = field(default_factory=list)
    error: dict[str, Any] | None = None
    done: bool = False

    def add(self, line: str) -> None:
        """Take in one line of the stream."""
        if line.startswith(":"):
            self.comments.append(line)
        elif line == "data: [DONE]":
            self.done = True
        elif line.startswith("data: "):
            frame = json.loads(line.removeprefix("data: "))
            self.error = frame.get("error", self.error)
            self.model = frame.get("model", self.model)
            self.text += "".join(c["delta"].get("content") or "" for c in frame.get("choices", ()))

    @property
    def whole(self) -> bool:
        return self.done and self.error is None and bool(self.text)


def told(body: str) -> Told:
    """What the whole body of a stream told."""
    heard = Told()
    for line in body.splitlines():
        heard.add(line)
    return heard


def connect(pool: RunningPool) -> http.client.HTTPConnection:
    """A connection on which nothing has been said yet."""
    connection = http.client.HTTPConnection("127.0.0.1", pool.port, timeout=TIMEOUT_SECONDS)
    connection.connect()
    return connection


class Call:
    """A call that has been sent. A context manager; leaving it, or `close`, hangs up.

    It goes out on a connection of its own unless one is given.
    """

    def __init__(
        self,
        pool: RunningPool,
        content: str = "Hi",
        *,
        path: str = PATH,
        key: str = KEY,
        stream: bool = True,
        on: http.client.HTTPConnection | None = None,
        **more: object,
    ) -> None:
        self.told = Told()
        self.sent = time.monotonic()
        self._connection = on or connect(pool)
        body = {"messages": [{"role": "user", "content": content}], "stream": stream, **more}
        self._connection.request("POST", path, json.dumps(body), {"authorization": f"Bearer {key}"})
        self._reply: http.client.HTTPResponse | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._reply:
            self._reply.close()
        self._connection.close()

    @property
    def reply(self) -> http.client.HTTPResponse:
        """The reply, whose head has come."""
        if self._reply is None:
            self._reply = self._connection.getresponse()
        return self._reply

    @property
    def status(self) -> int:
        return self.reply.status

    def header(self, name: str) -> str:
        return self.reply.getheader(name, "")

    def lines(self) -> Iterator[str]:
        """The lines of a stream as they come."""
        for line in self.reply:
            if text := line.decode().strip():
                self.told.add(text)
                yield text

    def begin(self) -> Self:
        """Read until the answer's first word is here."""
        for _ in self.lines():
            if self.told.text:
                return self
        raise AssertionError(f"the stream ended before its first word: {self.told}")

    def rest(self) -> Told:
        """Read a stream to its end."""
        for _ in self.lines():
            pass
        return self.told

    def body(self) -> Any:
        """The whole JSON body."""
        return json.loads(self.reply.read())
