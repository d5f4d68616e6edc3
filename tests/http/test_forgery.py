"""What another site's page makes a browser send changes nothing, and leads nobody elsewhere."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from running import KEY
from signing_in import HERE, PASSWORD, Browser

MakeApp = Callable[..., Flask]

CHANGE = "/api/auth/sessions/end-others"
EVIL = [
    {"origin": "https://evil.example"},
    {"origin": "http://localhost.evil.example"},
    {"origin": "http://localhost:8001"},
    {"origin": "https://localhost"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "http://localhost"},
]


@pytest.fixture
def console(make_app: MakeApp) -> Flask:
    return make_app("amber", ADMIN_PASSWORD=PASSWORD)


@pytest.fixture
def browser(console: Flask) -> Browser:
    browser = Browser(console)
    browser.sign_in()
    return browser


@pytest.mark.parametrize("said", EVIL)
def test_a_change_that_another_sites_page_sends_is_refused(browser: Browser, said: dict[str, str]) -> None:
    reply = browser.send("POST", CHANGE, headers={"origin": "", **said})
    assert reply.status_code == 403
    assert "another site" in reply.json["error"]


@pytest.mark.parametrize("csrf", [None, "", "wrong", "ünsinn"])
def test_a_change_without_the_pages_proof_is_refused(browser: Browser, csrf: str | None) -> None:
    browser.csrf = csrf or ""
    reply = browser.send("POST", CHANGE)
    assert reply.status_code == 403
    assert "X-CSRF-Token" in reply.json["error"]
    assert browser.send("GET", "/api/auth/me").status_code == 200


def test_the_proof_of_another_session_is_none(console: Flask, browser: Browser) -> None:
    other = Browser(console)
    other.sign_in()
    browser.csrf = other.csrf
    assert browser.send("POST", CHANGE).status_code == 403


@pytest.mark.parametrize(
    "said",
    [HERE, {"origin": ""}, {"origin": "", "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}],
)
def test_a_change_of_our_own_pages_goes_through(browser: Browser, said: dict[str, str]) -> None:
    assert browser.send("POST", CHANGE, headers=said).status_code == 200


def test_a_form_sends_its_proof_in_a_field(browser: Browser) -> None:
    csrf, browser.csrf = browser.csrf, ""
    assert browser.send("POST", "/logout").status_code == 403
    assert browser.is_in()
    assert browser.send("POST", "/logout", data={"csrf_token": csrf}).status_code == 303
    assert not browser.is_in()


def test_our_own_pages_may_be_had_by_another_name(make_app: MakeApp) -> None:
    browser = Browser(make_app(ADMIN_PASSWORD=PASSWORD, BASE_URL="https://pool.example.com/gemini"))
    browser.sign_in()
    for origin, status in (("https://pool.example.com", 200), ("http://localhost", 200), ("http://x", 403)):
        assert browser.send("POST", CHANGE, headers={"origin": origin}).status_code == status


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/setup", "/login", "/setup"])
@pytest.mark.parametrize("said", EVIL[::3])
def test_nobody_is_signed_in_by_another_sites_page(console: Flask, path: str, said: dict[str, str]) -> None:
    victim = Browser(console)
    fields = {"password": PASSWORD, "code": "x", "again": PASSWORD}
    body: dict[str, Any] = {"json": fields} if path.startswith("/api") else {"data": fields}
    assert victim.send("POST", path, headers={"origin": "", **said}, **body).status_code == 403
    assert not victim.token


# The chat page, which calls what programs call


def test_the_console_may_chat_with_its_proof(browser: Browser) -> None:
    assert browser.send("GET", "/v1/models").status_code == 200
    question = {"model": "gemini-auto", "messages": [{"role": "user", "content": "Hi"}]}
    assert browser.send("POST", "/v1/chat/completions", json=question).status_code == 200


def test_its_cookie_alone_opens_nothing_that_programs_call(browser: Browser) -> None:
    proof, browser.csrf = browser.csrf, ""
    assert browser.send("GET", "/v1/models").status_code == 401
    browser.csrf = "wrong"
    assert browser.send("GET", "/v1/models").status_code == 401
    browser.csrf = proof
    for said in EVIL:
        assert browser.send("GET", "/v1/models", headers={"origin": "", **said}).status_code == 401
    browser.client.delete_cookie("admin_token")
    assert browser.send("GET", "/v1/models").status_code == 401


def test_what_it_sends_there_is_its_own_and_no_keys(browser: Browser) -> None:
    def names(**headers: str) -> list[str]:
        return [one["filename"] for one in browser.send("GET", "/v1/files", headers=headers).json["data"]]

    form = {"file": (BytesIO(b"x"), "x.txt"), "purpose": "user_data"}
    assert browser.send("POST", "/v1/files", data=form).status_code == 200
    assert names() == ["x.txt"]
    assert names(authorization=f"Bearer {KEY}") == []


# Where one wanted to go


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/accounts?sort=name", "/accounts?sort=name"),
        ("/", "/"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("accounts", "/"),
        ("/\r\nset-cookie: a=b", "/"),
    ],
)
def test_signing_in_leads_nowhere_but_here(console: Flask, wanted: str, led: str) -> None:
    victim = Browser(console)
    reply = victim.send("POST", "/login", data={"password": PASSWORD, "next": wanted})
    assert (reply.status_code, reply.headers["location"]) == (303, led)
    reply = victim.send("GET", "/login", query_string={"next": wanted})
    assert (reply.status_code, reply.headers["location"]) == (303, led)
