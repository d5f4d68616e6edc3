"""From the set-up code to the first answer, and the sign-in."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from pages import HTML, Person, beside, text_of
from signing_in import PASSWORD, WRONG, Browser

from gemini_pool.wiring import EXTENSION

MakeApp = Callable[..., Flask]


def test_the_set_up_tells_the_command_and_leads_to_the_next_steps(make_app: MakeApp) -> None:
    app = make_app()
    browser = Browser(app)
    text = text_of(browser.send("GET", "/setup"))
    assert "python -m gemini_pool password code" in text
    assert "Add the first account" in text
    code = app.extensions[EXTENSION].office.door.admins.setup_code()
    short = browser.send("POST", "/setup", data={"code": code, "password": "short", "again": "short"})
    assert "it needs at least 10 characters" in beside(short, "password")
    fields = {"code": code, "password": PASSWORD, "again": PASSWORD}
    assert browser.send("POST", "/setup", data=fields).headers["location"] == "/welcome"
    page = text_of(browser.send("GET", "/welcome"))
    assert "You are signed in." in page
    assert "Where to find the values" in page


def test_the_welcome_shows_what_is_done(make_app: MakeApp) -> None:
    person = Person(make_app("amber", ADMIN_PASSWORD=PASSWORD))
    assert "The pool has one account." in text_of(person.see("/welcome"))
    made = person.send("/welcome/key", {"name": ""})
    key = re.search(r"sk-gp-[\w-]{32}", made.text)
    assert key
    assert "curl " in text_of(made)
    later = person.see("/welcome")
    assert "One key lets programs in." in text_of(later)
    assert key[0] not in later.text
    assert person.services.keys.list()[0].name == "My first key"
    assert person.deeds() == ["key.made"]


def test_the_question_of_the_page_is_answered_by_the_pool(make_app: MakeApp) -> None:
    person = Person(make_app("amber", ADMIN_PASSWORD=PASSWORD))
    proof = re.search(r'name="csrf-token" content="(\w+)"', person.see("/welcome").text)
    assert proof
    asked = {"model": "gemini-auto", "messages": [{"role": "user", "content": "Hello"}]}
    answer = person.browser.send(
        "POST", "/v1/chat/completions", json=asked, headers={"x-csrf-token": proof[1]}
    )
    assert answer.json["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("language", "told", "wait"),
    [
        ("en", "This is not the password.", "Try again in 1 second."),
        ("zh_CN", "密码不正确。", "请在 1 秒后重试。"),
    ],
)
def test_a_refused_sign_in_is_told_in_the_language_of_the_page(
    make_app: MakeApp, language: str, told: str, wait: str
) -> None:
    browser = Browser(make_app(ADMIN_PASSWORD=PASSWORD))
    browser.client.set_cookie("language", language)
    replies = [browser.send("POST", "/login", data={"password": WRONG}, headers=HTML) for _ in range(6)]
    assert told in text_of(replies[0])
    assert wait in text_of(replies[-1])
    assert 'data-wait="1"' in replies[-1].text


def test_a_missing_password_is_told_beside_its_field(make_app: MakeApp) -> None:
    answer = Browser(make_app(ADMIN_PASSWORD=PASSWORD)).send("POST", "/login", data={"password": ""})
    assert beside(answer, "password") == "Give the password."
