"""Programs that use the admin API of a pool in its own processes."""

import json
import urllib.request
from typing import Any

from running import RunningPool
from signing_in import PASSWORD

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
