"""What the console saves is read by all workers, and no answer is lost over it."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from callers import Call
from running import RunningPool, until

from gemini_pool.simulator.world import World

PASSWORD = "correct horse"
JSON = {"content-type": "application/json"}


class Console:
    """A program that is signed in to a running pool."""

    def __init__(self, pool: RunningPool) -> None:
        self._url = pool.url
        self._headers = JSON
        token = self.send("POST", "/api/auth/login", password=PASSWORD)["token"]
        self._headers = {**JSON, "x-admin-token": token}

    def send(self, method: str, path: str, **body: Any) -> Any:
        data = json.dumps(body).encode()
        asked = urllib.request.Request(self._url + path, data, self._headers, method=method)
        with urllib.request.urlopen(asked, timeout=20) as reply:
            return json.load(reply)


def test_a_saved_setting_is_read_by_all_workers_while_a_stream_goes_on(
    start_pool: Callable[..., RunningPool], world: World
) -> None:
    world.behave(None, words=60, deltas=60, delay=0.05)
    pool = start_pool("amber", "bruno", ADMIN_PASSWORD=PASSWORD)
    before = set(pool.workers())
    console = Console(pool)
    with Call(pool, model="nobody-knows", stream=False) as unknown:
        assert unknown.status == 404
    with Call(pool) as stream:
        stream.begin()
        saved = console.send("PUT", "/api/settings", values={"UNKNOWN_MODEL": "default"})
        assert saved["changed"] == ["UNKNOWN_MODEL"]
        until(lambda: len(set(pool.accepting()) - before) == 2, what="two new workers")
        world.behave(None, words=0, delay=0.0)
        for _ in range(6):
            with Call(pool, model="nobody-knows", stream=False) as unknown:
                assert unknown.status == 200
        for _ in stream.lines():
            pass
        assert stream.told.whole
