"""The pages before the console, as a browser without scripts uses them."""

import re
from collections.abc import Callable

import pytest
from flask import Blueprint, Flask, g
from signing_in import PASSWORD, WRONG, Browser

from gemini_pool.web.admin import require_admin
from gemini_pool.wiring import EXTENSION

MakeApp = Callable[..., Flask]


@pytest.fixture
def console(make_app: MakeApp) -> Flask:
    return make_app(ADMIN_PASSWORD=PASSWORD)


def test_the_first_visit_leads_to_the_set_up_and_that_to_the_console(make_app: MakeApp) -> None:
    app = make_app()
    browser = Browser(app)
    assert browser.send("GET", "/login").headers["location"] == "/setup"
    assert 'name="code"' in browser.send("GET", "/setup").text
    code = app.extensions[EXTENSION].office.door.admins.setup_code()
    twice = {"password": PASSWORD, "again": PASSWORD}
    unlike = browser.send("POST", "/setup", data={"code": code, "password": PASSWORD, "again": WRONG})
    assert (unlike.status_code, "not the same" in unlike.text) == (400, True)
    wrong = browser.send("POST", "/setup", data={"code": "<b>", **twice})
    assert (wrong.status_code, "not the set-up code" in wrong.text) == (401, True)
    done = browser.send("POST", "/setup", data={"code": code, **twice})
    assert (done.status_code, browser.is_in()) == (303, True)
    assert Browser(app).send("GET", "/setup").headers["location"] == "/login"


def test_a_wrong_password_is_told_on_the_page_and_not_repeated(console: Flask) -> None:
    browser = Browser(console)
    reply = browser.send("POST", "/login", data={"password": WRONG, "next": "/accounts"})
    assert reply.status_code == 401
    assert "This is not the password." in reply.text
    assert WRONG not in reply.text
    assert 'value="/accounts"' in reply.text


def test_too_many_tries_are_told_on_the_page(console: Flask) -> None:
    browser = Browser(console)
    replies = [browser.send("POST", "/login", data={"password": WRONG}) for _ in range(6)]
    assert [reply.status_code for reply in replies] == [401] * 5 + [429]
    assert replies[-1].headers["retry-after"] == "1"
    assert "Try again in 1 second." in replies[-1].text


def test_what_is_typed_stays_text(console: Flask) -> None:
    reply = Browser(console).send("POST", "/login", data={"password": "", "next": '/"><script>x</script>'})
    assert reply.status_code == 400
    assert "<script>" not in reply.text


def test_who_is_signed_in_goes_on(console: Flask) -> None:
    browser = Browser(console)
    browser.sign_in()
    assert browser.send("GET", "/login?next=/keys").headers["location"] == "/keys"


def test_a_page_of_the_console_leads_to_the_sign_in_and_back(make_app: MakeApp) -> None:
    app = make_app(ADMIN_PASSWORD=PASSWORD)
    pages = Blueprint("pages", __name__)
    pages.before_request(require_admin)
    pages.add_url_rule("/some/page", view_func=lambda: g.admin.address, methods=["GET", "POST"])
    app.register_blueprint(pages)
    browser = Browser(app)
    reply = browser.send("GET", "/some/page?a=1&b=2")
    assert reply.status_code == 302
    signed_in = browser.send("POST", reply.headers["location"], data={"password": PASSWORD})
    assert signed_in.headers["location"] == "/some/page?a=1&b=2"
    assert browser.send("GET", "/some/page?a=1&b=2").text == "127.0.0.1"
    assert Browser(app).send("POST", "/some/page").headers["location"] == "/login"


def test_every_field_has_its_label(console: Flask, make_app: MakeApp) -> None:
    for app, path in ((console, "/login"), (make_app(), "/setup")):
        page = Browser(app).send("GET", path).text
        named = re.findall(r'<input class="form-control"[^>]* id="(\w+)"', page)
        assert named
        assert set(named) == set(re.findall(r'<label for="(\w+)"', page))
