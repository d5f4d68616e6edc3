"""Refusals, as people meet them and as programs do."""

from collections.abc import Callable

import pytest
from flask import Flask
from pages import HTML, Person, text_of
from signing_in import PASSWORD, Browser

from gemini_pool.errors import StoreError
from gemini_pool.web import edge

MakeApp = Callable[..., Flask]


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app("amber", ADMIN_PASSWORD=PASSWORD)


@pytest.mark.parametrize("path", ["/nothing", "/keys/99", "/models/edit?id=x", "/settings/x"])
def test_who_reads_pages_gets_one_in_the_console_s_frame(app: Flask, path: str) -> None:
    answer = Person(app).see(path)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is nothing at this address." in text_of(answer)
    assert answer.headers["x-request-id"] in answer.text
    assert 'class="rail"' in answer.text


def test_who_is_not_signed_in_gets_one_without_places(app: Flask) -> None:
    answer = Browser(app).send("GET", "/nothing", headers=HTML)
    assert answer.status_code == 404
    assert 'class="rail"' not in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/v1/nothing"])
@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_programs_get_json(app: Flask, path: str, accept: str) -> None:
    answer = Browser(app).send("GET", path, headers={"accept": accept})
    assert (answer.status_code, answer.mimetype) == (404, "application/json")
    assert answer.json["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/nothing", "/api/nothing"])
def test_what_is_for_programs_stays_so_for_browsers(app: Flask, path: str) -> None:
    assert Browser(app).send("GET", path, headers=HTML).mimetype == "application/json"


def test_an_address_for_forms_says_so(app: Flask) -> None:
    answer = Person(app).see("/keys/1/revoke")
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]
    assert "This address is there for a form alone." in text_of(answer)


def test_what_breaks_here_is_told_without_its_reason(app: Flask) -> None:
    person = Person(app)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the code")

    app.view_functions["console.keys.page"] = broken
    answer = person.see("/keys")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "a secret" not in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert "Look at the events" in text_of(answer)


def test_a_refusal_that_cannot_be_a_page_is_told_all_the_same(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise StoreError("The database does not answer.")

    monkeypatch.setattr(edge, "error_page", broken)
    answer = Person(app).see("/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "application/json")


def test_what_was_asked_for_stays_text(app: Flask) -> None:
    answer = Person(app).see("/<script>alert(1)</script>")
    assert "<script>alert" not in answer.text
