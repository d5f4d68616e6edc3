"""Load on a running pool: many callers at a time, each on a connection of its own that is kept alive."""

import http.client
import json
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from running import KEY, RunningPool, until

TIMEOUT_SECONDS = 60
# How the simulator's echo begins: who answers, in which session, and whose turn it is there.
_ECHO = re.compile(r"\[(?P<account>\w+)/(?P<session>\d+)/turn (?P<turn>\d+)/")

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one request. `status` is 0 where no status line came; times are epoch seconds."""

    status: int
    text: str = ""
    error: str = ""
    done: bool = False  # the answer came to its proper end: of a stream, that is [DONE]
    headers: Mapping[str, str] = field(default_factory=dict)
    began: float = 0.0
    ended: float = 0.0

    @property
    def whole(self) -> bool:
        return self.status == 200 and self.done and not self.error and bool(self.text)

    @property
    def account(self) -> str:
        """The account that answered; "" for an answer that does not tell."""
        echo = _ECHO.match(self.text)
        return echo["account"] if echo else ""

    @property
    def session(self) -> str:
        """The session upstream that answered."""
        echo = _ECHO.match(self.text)
        return echo["session"] if echo else ""


class Caller:
    """One connection to a pool, kept alive from request to request; a context manager."""

    def __init__(self, pool: RunningPool, key: str = KEY) -> None:
        self.key = key
        self._pool = pool
        self._connection = http.client.HTTPConnection("127.0.0.1", pool.port, timeout=TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def worker(self) -> int:
        """The process id of the worker that has this connection."""
        if self._connection.sock is None:
            self._connection.request("GET", "/health")
            self._connection.getresponse().read()
        return owner(self._connection.sock, self._pool)

    def ask(
        self,
        question: str | list[Message] = "Hi",
        *,
        stream: bool = False,
        begun: Callable[[], object] = lambda: None,
        request_id: str = "",
        **more: object,
    ) -> Result:
        """Ask, and read the answer to its end. `begun` is called when its status is there."""
        messages = [{"role": "user", "content": question}] if isinstance(question, str) else question
        body = json.dumps({"messages": messages, "stream": stream, **more})
        headers = {"authorization": f"Bearer {self.key}"} | (
            {"x-request-id": request_id} if request_id else {}
        )
        reading, began = _Reading(), time.time()
        try:
            self._connection.request("POST", "/v1/chat/completions", body, headers)
            reply = self._connection.getresponse()
            reading.status, reading.headers = reply.status, {k.lower(): v for k, v in reply.getheaders()}
            begun()
            reading.read(reply, stream=stream)
        except (OSError, http.client.HTTPException) as failure:
            reading.error = reading.error or repr(failure)
            self._connection.close()
        return reading.result(began)


class _Reading:
    """What has come of an answer so far."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.error = ""
        self._text: list[str] = []
        self._done = False

    def read(self, reply: http.client.HTTPResponse, *, stream: bool) -> None:
        if stream and reply.status == 200:
            for line in reply:
                if line.startswith(b"data: "):
                    self._frame(line.removeprefix(b"data: ").strip())
            return
        body = json.loads(reply.read())
        if "error" in body:
            self.error = body["error"]["message"]
        else:
            self._text, self._done = [body["choices"][0]["message"]["content"]], True

    def _frame(self, data: bytes) -> None:
        if data == b"[DONE]":
            self._done = True
            return
        frame = json.loads(data)
        if "error" in frame:
            self.error = frame["error"]["message"]
        else:
            self._text.append(frame["choices"][0]["delta"].get("content") or "")

    def result(self, began: float) -> Result:
        text = "".join(self._text)
        return Result(self.status, text, self.error, self._done, self.headers, began, time.time())


class Talk:
    """A conversation as a client keeps it: each time the whole of it is sent. `said` are its messages."""

    def __init__(self, *said: Message) -> None:
        self.said = [*said]

    def turn(self, caller: Caller, text: str, **more: Any) -> Result:
        """Say something, and keep what is answered."""
        self.said.append({"role": "user", "content": text})
        result = caller.ask(self.said, **more)
        self.said.append({"role": "assistant", "content": result.text})
        return result


def load(
    pool: RunningPool,
    questions: Iterable[str | list[Message]],
    *,
    at_once: int,
    stream: Callable[[int], bool] = lambda number: number % 2 == 1,
    **more: object,
) -> list[Result]:
    """Ask these questions, so many at a time; `stream` tells by a question's number whether it streams.

    The questions are drawn one by one, as they are asked, and the results stand in their order.
    """
    numbered, drawing = enumerate(questions), threading.Lock()
    results: dict[int, Result] = {}

    def work() -> None:
        with Caller(pool) as caller:
            while True:
                with drawing:
                    number, question = next(numbered, (-1, ""))
                if number < 0:
                    return
                results[number] = caller.ask(question, stream=stream(number), **more)

    together(work, at_once)
    return [results[number] for number in sorted(results)]


@contextmanager
def callers(pool: RunningPool, each: int = 1) -> Iterator[dict[int, list[Caller]]]:
    """Connections to every worker, so many each, by the worker's process id."""
    all_serve(pool)
    found: dict[int, list[Caller]] = {}
    with ExitStack() as stack:
        for worker in pool.workers():
            with alone(pool, worker):
                found[worker] = [stack.enter_context(Caller(pool)) for _ in range(each)]
                assert {caller.worker for caller in found[worker]} == {worker}
        yield found


def all_serve(pool: RunningPool) -> None:
    """Wait until every worker has taken a connection: a pool answers when the first of them does."""
    seen: set[int] = set()

    def served() -> bool:
        with Caller(pool) as caller:
            seen.add(caller.worker)
        return len(seen) == int(pool.environ.get("WEB_CONCURRENCY", "2"))

    until(served, what="all workers")


@contextmanager
def alone(pool: RunningPool, worker: int) -> Iterator[None]:
    """Meanwhile this worker takes all new connections, for the others are stopped."""
    others = [other for other in pool.workers() if other != worker]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def together(work: Callable[[], object], times: int) -> None:
    """Do the same in so many threads at once, and wait for the last."""
    threads = [threading.Thread(target=work, daemon=True) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def owner(sock: socket.socket, pool: RunningPool) -> int:
    """The worker that has the other end of a connection."""
    ours, theirs = f":{sock.getsockname()[1]:04X}", f":{pool.port:04X}"
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inode = next(row[9] for row in rows if row[1].endswith(theirs) and row[2].endswith(ours))
    for worker in pool.workers():
        if any(_link(fd) == f"socket:[{inode}]" for fd in Path(f"/proc/{worker}/fd").iterdir()):
            return worker
    raise AssertionError("no worker has this connection")


def _link(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except FileNotFoundError:  # closed since
        return ""
