"""What one worker knows of sign-ins, every worker knows."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from load import owner
from running import RunningPool

Start = Callable[..., RunningPool]

PASSWORD = "correct horse"
PROMISED_SECONDS = 1.0
LOGIN, ME = "/api/auth/login", "/api/auth/me"


@dataclass
class Line:
    """A connection that one worker has."""

    connection: http.client.HTTPConnection

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        reply = self.connection.getresponse()
        return reply.status, json.loads(reply.read())

    def sign_in(self, password: str = PASSWORD) -> tuple[int, Any]:
        return self.send("POST", LOGIN, {"password": password})

    def me(self, token: str) -> int:
        return self.send("GET", ME, cookie=f"admin_token={token}")[0]


@contextmanager
def two_workers(pool: RunningPool) -> Iterator[tuple[Line, Line]]:
    """A line to each of two workers."""
    lines: dict[int, Line] = {}
    opened = []
    while len(lines) < 2:
        connection = http.client.HTTPConnection("127.0.0.1", pool.port, timeout=30)
        opened.append(connection)
        connection.request("GET", "/health")
        connection.getresponse().read()
        lines.setdefault(owner(connection.sock, pool), Line(connection))
        assert len(opened) < 200
    first, second = lines.values()
    yield first, second
    for connection in opened:
        connection.close()


def test_guessing_is_counted_over_all_workers(start_pool: Start) -> None:
    pool = start_pool("amber", ADMIN_PASSWORD=PASSWORD)
    with two_workers(pool) as (one, other):
        assert [line.sign_in("wrong")[0] for line in (one, other, one, other, one)] == [401] * 5
        assert {line.sign_in()[0] for line in (one, other)} == {429}
        time.sleep(1.1)
        assert other.sign_in()[0] == 200


def test_a_session_is_known_to_all_workers_at_once_and_its_end_within_a_second(start_pool: Start) -> None:
    pool = start_pool("amber", ADMIN_PASSWORD=PASSWORD)
    with two_workers(pool) as (one, other):
        token = one.sign_in()[1]["token"]
        assert (other.me(token), one.me(token)) == (200, 200)
        assert one.send("POST", "/api/auth/logout", **{"x-admin-token": token})[0] == 200
        assert one.me(token) == 401
        time.sleep(PROMISED_SECONDS)
        assert other.me(token) == 401


def test_the_first_visit_another_password_and_the_command_line(start_pool: Start) -> None:
    pool = start_pool("amber")
    code = pool.command("password", "code").strip()
    assert pool.log.count(code) == 1  # of three processes one tells it
    with two_workers(pool) as (one, other):
        assert other.send("POST", "/api/auth/setup", {"code": "x", "password": PASSWORD})[0] == 401
        status, reply = other.send("POST", "/api/auth/setup", {"code": code, "password": PASSWORD})
        assert (status, one.me(reply["token"])) == (200, 200)
        token = one.sign_in()[1]["token"]
        new = {"old": PASSWORD, "new": "battery staple"}
        status, reply = one.send("POST", "/api/auth/password", new, **{"x-admin-token": token})
        time.sleep(PROMISED_SECONDS)
        assert (status, other.me(token), other.me(reply["token"])) == (200, 401, 200)
        assert (other.sign_in()[0], other.sign_in("battery staple")[0]) == (401, 200)
    for hidden in (PASSWORD, "battery staple", token):
        assert hidden not in pool.log
