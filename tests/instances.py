"""Whole instances on sockets of their own, within this process: one brings cookies, another takes them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from proxies import Heard, Peer, answer
from running import environment
from signing_in import PASSWORD
from werkzeug.serving import make_server

from gemini_pool.app import create_app
from gemini_pool.settings import read_settings
from gemini_pool.simulator.server import Simulator
from gemini_pool.wiring import Services, build_services


@contextmanager
def instance(
    simulator: Simulator, folder: Path, *names: str, **environ: str
) -> Iterator[tuple[Flask, Services]]:
    """An instance over accounts of the cast."""
    settings = environment(simulator, folder, names) | {"ADMIN_PASSWORD": PASSWORD} | environ
    services = build_services(read_settings(settings))
    try:
        yield create_app(services.settings, services), services
    finally:
        services.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Where an application can be reached meanwhile."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class OlderInstance(Peer):
    """The older program, as far as cookies are brought to it: accounts by their place, one secret for all."""

    def __init__(self, secret: str, accounts: list[dict[str, str]]) -> None:
        super().__init__(self._said)
        self.accounts = accounts
        self._secret = secret

    def _said(self, heard: Heard) -> bytes:
        if heard.headers.get("x-admin-token") != self._secret:
            return answer(401, b'{"error": "no"}')
        if heard.method == "GET":
            listed = [{"id": place, **one} for place, one in enumerate(self.accounts)]
            return answer(200, json.dumps({"accounts": listed, "current_index": 0}).encode())
        body = json.loads(heard.body)
        if heard.method == "POST":
            self.accounts.append(body)
        else:
            self.accounts[int(heard.target.rpartition("/")[2])] |= body
        return answer(200, b'{"success": true}')
