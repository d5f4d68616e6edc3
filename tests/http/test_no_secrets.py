"""Marked secrets are planted wherever there is room for one, and looked for wherever anybody could look."""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from programs import SEAT, Program
from signing_in import HERE, Browser

from gemini_pool.simulator.world import World
from gemini_pool.wiring import EXTENSION, Services

MARK = "planted"
PASSWORD = f"{MARK}-password"
ENVIRONMENT = {
    "ADMIN_PASSWORD": PASSWORD,
    "ADMIN_KEY": f"{MARK}-admin-key-0123456789",
    "UPLOAD_API_TOKEN": f"{MARK}-upload-token",
    "ALERT_URLS": f"telegram://{MARK}-bot@chat, bark://host/{MARK}-key",
    "UPLOAD_ENDPOINT": "http://127.0.0.1:9/upload",
}
ACCOUNT = {
    **SEAT,
    "secure_c_ses": f"CSE.{MARK}-first-cookie",
    "host_c_oses": f"COS.{MARK}-second-cookie",
    "tempmail_url": f"https://mail.example/?jwt={MARK}-jwt-of-the-mailbox",
    "mailbox": {"mail_provider": "imap", "mail_password": f"{MARK}-mail-password"},
}
# What is asked for with its id: this is shown to whoever asks for it, once.
NOT_ASKED = ("/api/events", "/static/", "/v1/", "/image/", "/video/")


@pytest.fixture
def console(make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture) -> Flask:
    caplog.set_level(logging.DEBUG)
    app = make_app("amber", **ENVIRONMENT)
    program = Program(app, PASSWORD)
    program.post("/api/accounts", ACCOUNT)
    program.put("/api/settings", {"values": {"PROXY": f"http://user:{MARK}-proxy@127.0.0.1:9"}})
    program.post("/api/api-keys", {"name": "Anna"})
    peer = {"name": "other", "url": "https://127.0.0.1:9", "token": f"gp-sync-{MARK}-token"}
    program.post("/api/sync/peers", peer)
    return app


def addresses(app: Flask) -> Iterator[str]:
    """Everything that can be read."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.rule.startswith(NOT_ASKED):
            yield re.sub(r"<[^>]+>", "2" if "account" in rule.rule else "1", rule.rule)


def test_none_is_in_any_page_or_answer(console: Flask) -> None:
    browser = Browser(console)
    assert browser.sign_in(PASSWORD).status_code == 200
    read = 0
    for address in addresses(console):
        reply = browser.send("GET", address)
        assert reply.status_code < 500, address
        assert MARK not in reply.text.replace(browser.token, ""), address
        read += reply.status_code == 200
    assert read > 30


def test_none_is_in_an_export_that_was_not_to_have_any(console: Flask) -> None:
    text = Program(console, PASSWORD).send("GET", "/api/config/export").text
    assert MARK not in text


def test_none_is_in_what_is_told_of_failures(
    console: Flask, world: World, caplog: pytest.LogCaptureFixture, keyed: dict[str, str]
) -> None:
    world.behave(None, xsrf="401")
    program = Program(console, PASSWORD)
    told = [program.send("GET", "/api/accounts/2/test").text]
    for _ in range(3):
        body: Any = {"messages": [{"role": "user", "content": "Hi"}]}
        told.append(console.test_client().post("/v1/chat/completions", json=body, headers=keyed).text)
    told += [program.send("POST", "/api/accounts", json=ACCOUNT).text]
    told += [program.send("PUT", "/api/accounts/2", json={"secure_c_ses": f"{MARK} with a space"}).text]
    told += [program.send("POST", "/api/accounts/read", json={"text": str(ACCOUNT)}).text]
    told += [program.send("POST", "/api/proxy/test", json={"proxy": f"http://u:{MARK}@127.0.0.1:9"}).text]
    wrong = console.test_client().post("/api/auth/login", json={"password": f"{MARK}-wrong"}, headers=HERE)
    assert MARK not in "".join(told) + wrong.text
    assert MARK not in caplog.text


def test_none_lies_in_the_clear_on_the_disk(console: Flask) -> None:
    services: Services = console.extensions[EXTENSION]
    services.behind.flush()
    folder: Path = services.settings.data_path
    for path in folder.rglob("*"):
        if path.is_file():
            assert MARK.encode() not in path.read_bytes(), path
