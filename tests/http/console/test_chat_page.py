"""The chat's page as a browser without scripts gets it."""

import re
from collections.abc import Callable
from hashlib import sha256

import pytest
from flask import Flask
from signing_in import PASSWORD, Browser

from gemini_pool.web.console.chat import SCRIPTS
from gemini_pool.web.console.frame import STATIC
from gemini_pool.wiring import EXTENSION

MakeApp = Callable[..., Flask]


@pytest.fixture
def console(make_app: MakeApp) -> Flask:
    return make_app(
        ADMIN_PASSWORD=PASSWORD, UPLOAD_ENDPOINT="https://user:secret@pictures.example.org/upload"
    )


@pytest.fixture
def browser(console: Flask) -> Browser:
    browser = Browser(console)
    browser.sign_in()
    return browser


def test_the_chat_is_for_who_is_signed_in(console: Flask) -> None:
    reply = Browser(console).send("GET", "/chat")
    assert (reply.status_code, reply.headers["location"]) == (302, "/login?next=/chat")


def test_its_former_address_leads_to_it(browser: Browser) -> None:
    reply = browser.send("GET", "/chat_history.html")
    assert (reply.status_code, reply.headers["location"]) == (301, "/chat")


def test_every_model_that_is_switched_on_can_be_chosen(console: Flask, browser: Browser) -> None:
    catalog = console.extensions[EXTENSION].catalog
    catalog.switch("gemini-2.5-pro", enabled=False)
    shown = re.findall(r"<option>([\w.-]+)</option>", browser.send("GET", "/chat").text)
    assert set(shown) == {entry.id for entry in catalog.rows() if entry.enabled}
    assert "gemini-2.5-pro" not in shown


def test_where_pictures_may_lie_is_told_without_the_host_s_password(browser: Browser) -> None:
    page = browser.send("GET", "/chat").text
    assert 'data-media="https://pictures.example.org"' in page
    assert "secret" not in page


@pytest.mark.parametrize(
    ("language", "words"), [("en", "The chat needs JavaScript."), ("zh", "聊天需要 JavaScript")]
)
def test_without_scripts_it_says_what_is_needed(browser: Browser, language: str, words: str) -> None:
    page = browser.send("GET", "/chat", headers={"accept-language": language}).text
    told = page.partition("<noscript>")[2].partition("</noscript>")[0]
    assert words in told
    assert "http://localhost/v1/chat/completions" in told


def test_its_scripts_are_those_that_there_are() -> None:
    assert {path.stem for path in (STATIC / "js" / "chat").glob("*.js")} == set(SCRIPTS)


def test_what_others_wrote_is_as_they_wrote_it() -> None:
    vendor = STATIC / "vendor"
    told = dict(
        re.findall(r"^\| `([\w.-]+)` .*`([0-9a-f]{64})` \|$", (vendor / "README.md").read_text(), re.M)
    )
    files = {path.name for path in vendor.iterdir()} - {"README.md", "LICENSES.txt"}
    assert set(told) == files
    assert all(sha256((vendor / name).read_bytes()).hexdigest() == sum_ for name, sum_ in told.items())


def test_what_others_wrote_reaches_a_browser_as_a_script(browser: Browser) -> None:
    address = re.search(r'"(/static/\w+/vendor/markdown-it.mjs)"', browser.send("GET", "/chat").text)
    assert address
    reply = browser.send("GET", address[1])
    assert reply.status_code == 200
    assert reply.headers["content-type"].partition(";")[0] in ("text/javascript", "application/javascript")
