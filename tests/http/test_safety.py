"""What browsers are told on our pages and on the admin API, and of the cookie."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from running import KEY
from signing_in import PASSWORD, Browser

MakeApp = Callable[..., Flask]

PROXY, OUTSIDE = "127.0.0.1", "203.0.113.9"
BY_HTTPS = {"x-forwarded-proto": "https"}
PAGES = ["/login", "/setup", "/api/auth/me", "/api/auth/login", "/api/nothing", "/nothing"]


@pytest.fixture
def console(make_app: MakeApp) -> Flask:
    return make_app(ADMIN_PASSWORD=PASSWORD)


def cookie_of(reply: Any) -> set[str]:
    """The attributes of the session's cookie."""
    (cookie,) = reply.headers.getlist("set-cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("admin_token=gp-admin-")
    return {attribute for attribute in attributes if not attribute.startswith(("Expires", "Max-Age"))}


@pytest.mark.parametrize(
    ("peer", "told", "secure"),
    [
        (PROXY, {}, False),
        (PROXY, BY_HTTPS, True),
        (PROXY, {"forwarded": "proto=https"}, True),
        (OUTSIDE, {}, False),
        (OUTSIDE, BY_HTTPS, False),
    ],
)
@pytest.mark.parametrize("path", ["/login", "/api/auth/login"])
def test_the_cookie_is_for_https_alone_when_a_trusted_proxy_says_that_it_was(
    console: Flask, path: str, peer: str, told: dict[str, str], secure: bool
) -> None:
    fields = {"password": PASSWORD}
    body: dict[str, Any] = {"json": fields} if path.startswith("/api") else {"data": fields}
    reply = Browser(console, peer).send("POST", path, headers={"origin": "", **told}, **body)
    assert cookie_of(reply) == {"HttpOnly", "SameSite=Lax", "Path=/"} | ({"Secure"} if secure else set())
    assert ("strict-transport-security" in reply.headers) is secure


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_and_shows_only_what_is_ours_and_is_framed_by_nobody(console: Flask, path: str) -> None:
    headers = console.test_client().get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "camera=()" in headers["permissions-policy"]
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", ["/v1/models", "/image/x.png", "/video/x.mp4"])
def test_what_programs_call_is_left_as_it_was(console: Flask, path: str) -> None:
    headers = console.test_client().get(path, headers={"authorization": f"Bearer {KEY}"}).headers
    assert "frame-ancestors" not in headers.get("content-security-policy", "")
    assert "cross-origin-opener-policy" not in headers


def test_pictures_may_lie_on_the_image_host(make_app: MakeApp) -> None:
    app = make_app(UPLOAD_ENDPOINT="https://user:pass@img.example.com:8443/upload?x=1", UPLOAD_API_TOKEN="t")
    policy = app.test_client().get("/login").headers["content-security-policy"]
    assert "img-src 'self' data: blob: https://img.example.com:8443; " in policy
    assert "media-src 'self' blob: https://img.example.com:8443; " in policy
    assert "user" not in policy


def test_no_client_side_session_is_kept(console: Flask) -> None:
    browser = Browser(console)
    browser.sign_in()
    reply = browser.send("GET", "/api/auth/me")
    assert "set-cookie" not in reply.headers
    assert browser.client.get_cookie("session") is None
