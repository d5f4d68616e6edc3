"""What the wiring promises by itself: a store that fails costs no answer, and nothing starts to run."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from running import KEY

from gemini_pool.errors import StoreError
from gemini_pool.simulator.server import Simulator
from gemini_pool.store.accounts import Accounts

MakeApp = Callable[..., Flask]


def test_new_cookies_that_cannot_be_written_cost_no_answer(
    simulator: Simulator, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise StoreError("The database does not answer: database is locked")

    monkeypatch.setattr(Accounts, "renew", locked)
    simulator.world.behave("amber", xsrf="rotate")
    client = make_app("amber").test_client()
    asked = json.dumps({"messages": [{"role": "user", "content": "Hi"}]})
    answer = client.post("/v1/chat/completions", data=asked, headers={"x-api-key": KEY})
    assert answer.status_code == 200


def test_an_application_that_is_only_made_runs_no_jobs(make_app: MakeApp, tmp_path: Path) -> None:
    before = threading.enumerate()
    make_app("amber")
    assert threading.enumerate() == before
    assert not (tmp_path / "jobs.lock").exists()
