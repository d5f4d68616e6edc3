"""Signing in to the console, and out: what lets in, what does not, and for how long."""

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from signing_in import PASSWORD, WRONG, Browser, totp_code

from gemini_pool.web import admin as admin_module
from gemini_pool.wiring import EXTENSION, Services

MakeApp = Callable[..., Flask]

OUTSIDE = "203.0.113.9"


@pytest.fixture
def console(make_app: MakeApp) -> Flask:
    return make_app(ADMIN_PASSWORD=PASSWORD)


@pytest.fixture
def browser(console: Flask) -> Browser:
    return Browser(console)


def services(app: Flask) -> Services:
    found: Services = app.extensions[EXTENSION]
    return found


def error_of(reply: Any) -> str:
    """The text of an error in the admin API's form."""
    assert reply.content_type == "application/json"
    assert reply.json["error"] == reply.json["detail"]
    return str(reply.json["error"])


# What lets in


def test_the_password_gives_a_token_and_a_cookie(browser: Browser) -> None:
    reply = browser.sign_in()
    assert reply.status_code == 200
    assert reply.json["level"] == "admin"
    assert reply.json["token"] == browser.token
    assert browser.is_in()


@pytest.mark.parametrize("header", ["X-Admin-Token", "x-admin-token", "Authorization"])
def test_a_program_sends_the_token_by_hand(console: Flask, header: str) -> None:
    program = console.test_client(use_cookies=False)
    token = program.post("/api/auth/login", json={"password": PASSWORD}).json["token"]
    value = f"Bearer {token}" if header == "Authorization" else token
    reply = program.get("/api/auth/me", headers={header: value})
    assert (reply.status_code, reply.json["kind"]) == (200, "program")
    assert program.post("/api/auth/sessions/end-others", headers={header: value}).status_code == 200


def test_the_first_token_there_is_counts(browser: Browser) -> None:
    browser.sign_in()
    assert browser.send("GET", "/api/auth/me", headers={"x-admin-token": "wrong"}).status_code == 401
    with_bearer = {"x-admin-token": browser.token, "authorization": "Bearer wrong"}
    assert browser.send("GET", "/api/auth/me", headers=with_bearer).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"password": ""}, 400), ({"password": 1234567890}, 400), ({"password": WRONG}, 401)],
)
def test_anything_else_is_refused(browser: Browser, body: dict[str, Any], status: int) -> None:
    reply = browser.send("POST", "/api/auth/login", json=body)
    assert reply.status_code == status
    assert error_of(reply)
    assert ("fields" in reply.json) is (status == 400)
    assert not browser.token


def test_without_a_session_there_is_nothing_to_see(browser: Browser) -> None:
    for method, path in [
        ("GET", "/api/auth/me"),
        ("GET", "/api/auth/sessions"),
        ("DELETE", "/api/auth/sessions/1"),
        ("POST", "/api/auth/sessions/end-others"),
        ("POST", "/api/auth/password"),
        ("POST", "/api/auth/totp"),
        ("POST", "/api/auth/totp/confirm"),
        ("DELETE", "/api/auth/totp"),
    ]:
        reply = browser.send(method, path)
        assert (reply.status_code, "login" in error_of(reply)) == (401, True)


def test_a_cookie_of_flask_logins_own_opens_and_breaks_nothing(browser: Browser) -> None:
    for value in ("1|x", "1", "|"):
        browser.client.set_cookie("remember_token", value)
        assert browser.send("GET", "/api/auth/me").status_code == 401
    browser.sign_in()
    assert browser.is_in()


# The first visit


def test_the_first_visit_needs_the_code(make_app: MakeApp) -> None:
    app = make_app()
    first = Browser(app)
    assert "/setup" in error_of(first.sign_in())
    wrong = first.send("POST", "/api/auth/setup", json={"code": "ABCD-EFGH-IJKL-MNOP", "password": PASSWORD})
    assert wrong.status_code == 401
    assert not services(app).office.door.admins.has_password()
    code = services(app).office.door.admins.setup_code()
    short = first.send("POST", "/api/auth/setup", json={"code": code, "password": "short"})
    assert (short.status_code, list(short.json["fields"])) == (400, ["password"])
    done = first.send("POST", "/api/auth/setup", json={"code": code, "password": PASSWORD})
    assert (done.status_code, first.is_in()) == (200, True)
    again = Browser(app).send("POST", "/api/auth/setup", json={"code": code, "password": "another one"})
    assert again.status_code == 400
    assert Browser(app).sign_in().status_code == 200


def test_the_code_cannot_be_guessed_at_leisure(make_app: MakeApp) -> None:
    first = Browser(make_app())
    guess = {"code": "ABCD-EFGH-IJKL-MNOP", "password": PASSWORD}
    replies = [first.send("POST", "/api/auth/setup", json=guess) for _ in range(6)]
    assert [reply.status_code for reply in replies] == [401] * 5 + [429]


# The way out


def test_a_stolen_cookie_is_refused_after_sign_out(console: Flask, browser: Browser) -> None:
    browser.sign_in()
    thief = Browser(console, OUTSIDE)
    thief.client.set_cookie("admin_token", browser.token)
    assert thief.is_in()
    reply = browser.send("POST", "/api/auth/logout")
    assert (reply.status_code, browser.token) == (200, "")
    assert not thief.is_in()
    assert browser.send("POST", "/api/auth/logout").status_code == 200


def test_another_password_ends_all_sessions_but_gives_a_new_one(make_app: MakeApp) -> None:
    app = make_app()
    services(app).office.door.admins.set_password(PASSWORD)
    browser, elsewhere = Browser(app), Browser(app)
    browser.sign_in()
    elsewhere.sign_in()
    old = browser.token
    wrong = browser.send("POST", "/api/auth/password", json={"old": WRONG, "new": "battery staple"})
    assert (wrong.status_code, list(wrong.json["fields"])) == (400, ["old"])
    short = browser.send("POST", "/api/auth/password", json={"old": PASSWORD, "new": "short"})
    assert (short.status_code, list(short.json["fields"])) == (400, ["new"])
    assert elsewhere.is_in()
    reply = browser.send("POST", "/api/auth/password", json={"old": PASSWORD, "new": "battery staple"})
    assert reply.status_code == 200
    assert not elsewhere.is_in()
    assert browser.is_in()
    browser.client.set_cookie("admin_token", old)
    assert not browser.is_in()
    assert Browser(app).sign_in(PASSWORD).status_code == 401
    assert Browser(app).sign_in("battery staple").status_code == 200


def test_a_password_that_the_environment_fixes_cannot_be_changed_here(browser: Browser) -> None:
    browser.sign_in()
    reply = browser.send("POST", "/api/auth/password", json={"old": PASSWORD, "new": "battery staple"})
    assert (reply.status_code, "ADMIN_PASSWORD" in error_of(reply)) == (400, True)


def test_sessions_elsewhere_can_be_seen_and_ended(console: Flask, browser: Browser) -> None:
    elsewhere = Browser(console, OUTSIDE)
    for one in (elsewhere, browser):
        one.sign_in()
    shown = {one["address"]: one for one in browser.send("GET", "/api/auth/sessions").json["sessions"]}
    assert {address: one["current"] for address, one in shown.items()} == {OUTSIDE: False, "127.0.0.1": True}
    assert all(one["created_at"].endswith("Z") and one["kind"] == "browser" for one in shown.values())
    assert elsewhere.token not in str(shown)
    path = f"/api/auth/sessions/{shown[OUTSIDE]['id']}"
    assert browser.send("DELETE", path).status_code == 200
    assert not elsewhere.is_in()
    assert browser.send("DELETE", path).status_code == 404
    elsewhere.sign_in()
    assert browser.send("POST", "/api/auth/sessions/end-others").json["ended"] == 1
    assert (elsewhere.is_in(), browser.is_in()) == (False, True)


def test_a_token_that_somebody_planted_is_not_the_one_that_is_given(browser: Browser) -> None:
    browser.sign_in()
    planted = browser.token
    browser.sign_in()
    assert browser.token != planted
    browser.client.set_cookie("admin_token", planted)
    assert not browser.is_in()


# Slow guessing


def test_guessing_is_slowed_down_by_address(console: Flask) -> None:
    thief, operator = Browser(console, OUTSIDE), Browser(console)
    replies = [thief.sign_in(WRONG) for _ in range(6)]
    assert [reply.status_code for reply in replies] == [401] * 5 + [429]
    assert replies[-1].headers["retry-after"] == "1"
    assert "1 second" in error_of(replies[-1])
    assert operator.sign_in().status_code == 200


def test_guessing_from_many_addresses_is_slowed_down_but_not_who_has_signed_in_before(console: Flask) -> None:
    operator = Browser(console)
    operator.sign_in()
    statuses = [Browser(console, f"198.51.100.{n}").sign_in(WRONG).status_code for n in range(22)]
    assert statuses == [401] * 20 + [429] * 2
    assert operator.sign_in().status_code == 200


def test_one_who_has_a_whole_network_of_addresses_is_one(console: Flask) -> None:
    statuses = [Browser(console, f"2001:db8::{n}").sign_in(WRONG).status_code for n in range(1, 7)]
    assert statuses == [401] * 5 + [429]
    assert Browser(console, "2001:db8:0:1::1").sign_in().status_code == 200


def test_an_address_that_nobody_trusted_told_is_not_believed(console: Flask) -> None:
    statuses = []
    for n in range(6):
        thief = Browser(console, OUTSIDE)
        reply = thief.send(
            "POST", "/api/auth/login", json={"password": WRONG}, headers={"x-forwarded-for": f"10.0.0.{n}"}
        )
        statuses.append(reply.status_code)
    assert statuses == [401] * 5 + [429]


def test_a_trusted_proxy_tells_the_address(console: Flask) -> None:
    statuses = []
    for n in range(6):
        told = {"x-forwarded-for": f"6.6.6.6, 198.51.100.{n}"}
        reply = Browser(console).send("POST", "/api/auth/login", json={"password": WRONG}, headers=told)
        statuses.append(reply.status_code)
    assert statuses == [401] * 6


def test_who_holds_a_session_cannot_guess_the_password_with_it(console: Flask, browser: Browser) -> None:
    browser.sign_in()
    guess = {"password": WRONG}
    statuses = [browser.send("DELETE", "/api/auth/totp", json=guess).status_code for _ in range(6)]
    assert statuses == [400] * 5 + [429]


def test_codes_are_guessed_slowly_by_who_has_the_password(console: Flask, browser: Browser) -> None:
    browser.sign_in()
    secret = browser.send("POST", "/api/auth/totp").json["secret"]
    confirmed = {"code": totp_code(secret, time.time())}
    assert browser.send("POST", "/api/auth/totp/confirm", json=confirmed).status_code == 200
    thieves = [Browser(console, f"198.51.100.{n}") for n in range(6)]
    assert [thief.sign_in(code="x").status_code for thief in thieves] == [401] * 5 + [429]


# ADMIN_KEY


def test_the_key_itself_is_accepted_of_programs_in_one_header(make_app: MakeApp) -> None:
    program = make_app(ADMIN_KEY="the operator's key").test_client(use_cookies=False)
    me = "/api/auth/me"
    assert program.get(me, headers={"x-admin-token": "the operator's key"}).json["session_id"] is None
    assert program.get(me, headers={"authorization": "Bearer the operator's key"}).status_code == 401
    assert program.get(me, headers={"cookie": "admin_token=the operator's key"}).status_code == 401
    assert program.post("/api/auth/login", json={"password": "the operator's key"}).status_code == 200


def test_guessing_the_key_is_slowed_down_and_an_old_token_is_no_guess(make_app: MakeApp) -> None:
    app = make_app(ADMIN_KEY="the operator's key")
    program = app.test_client(use_cookies=False)
    old = program.post("/api/auth/login", json={"password": "the operator's key"}).json["token"]
    program.post("/api/auth/logout", headers={"x-admin-token": old})
    sent = [program.get("/api/auth/me", headers={"x-admin-token": old}).status_code for _ in range(10)]
    assert sent == [401] * 10
    guesses = [program.get("/api/auth/me", headers={"x-admin-token": f"{n}"}).status_code for n in range(6)]
    assert guesses == [401] * 5 + [429]
    right = {"x-admin-token": "the operator's key"}
    assert program.get("/api/auth/me", headers=right).status_code == 429  # or the sixth guess were free
    assert Browser(app).sign_in("the operator's key").status_code == 200


def test_without_a_key_in_the_environment_no_key_is_good(browser: Browser) -> None:
    assert browser.send("GET", "/api/auth/me", headers={"x-admin-token": PASSWORD}).status_code == 401


# The second factor


def test_the_second_factor_is_asked_for_when_the_password_is_right(console: Flask, browser: Browser) -> None:
    browser.sign_in()
    begun = browser.send("POST", "/api/auth/totp").json
    assert begun["secret"] in begun["uri"]
    now = time.time()
    first, second = totp_code(begun["secret"], now), totp_code(begun["secret"], now + 30)
    assert browser.send("POST", "/api/auth/totp/confirm", json={"code": "x"}).status_code == 400
    recovery = browser.send("POST", "/api/auth/totp/confirm", json={"code": first}).json["recovery_codes"]
    other = Browser(console, OUTSIDE)
    assert "code_required" not in other.sign_in(WRONG).json
    asked = other.sign_in()
    assert (asked.status_code, asked.json["code_required"]) == (401, True)
    assert other.sign_in(code=first).status_code == 401  # it was confirmed with that one
    assert other.sign_in(code=second).status_code == 200
    assert Browser(console).sign_in(code=second).status_code == 401
    assert Browser(console).sign_in(code=recovery[0]).status_code == 200
    assert browser.send("DELETE", "/api/auth/totp", json={"password": WRONG}).status_code == 400
    assert browser.send("DELETE", "/api/auth/totp", json={"password": PASSWORD}).status_code == 200
    assert Browser(console).sign_in().status_code == 200


# What is told


def test_no_password_and_no_token_is_in_a_log_or_a_repr(
    console: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = Browser(console)
    browser.sign_in(WRONG)
    browser.sign_in()
    browser.send("GET", "/api/auth/nothing")
    browser.send("DELETE", "/api/auth/sessions/99")
    with console.test_request_context("/api/auth/me", headers={"cookie": f"admin_token={browser.token}"}):
        seen = repr(admin_module.signed_in())
    told = (
        caplog.text
        + seen
        + repr(services(console).office.door.sessions.list())
        + repr(services(console).settings)
    )
    for hidden in (PASSWORD, WRONG, browser.token, browser.csrf):
        assert hidden not in told
