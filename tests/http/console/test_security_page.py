"""The page of one's own sign-in."""

import re
import time
from collections.abc import Callable

import pytest
from flask import Flask
from pages import Person, beside, text_of
from signing_in import PASSWORD, WRONG, Browser, totp_code

from gemini_pool.wiring import EXTENSION

MakeApp = Callable[..., Flask]
NEW = "another good password"
AT = "/settings/security"


@pytest.fixture
def person(make_app: MakeApp) -> Person:
    """With a password that can be changed."""
    app = make_app("amber", CONSOLE="1")
    app.extensions[EXTENSION].office.door.admins.set_password(PASSWORD)
    return Person(app)


def other(person: Person) -> Browser:
    browser = Browser(person.browser.client.application)
    browser.sign_in()
    return browser


def test_the_password_is_changed_and_everybody_else_is_signed_out(person: Person) -> None:
    elsewhere = other(person)
    fields = {"old": PASSWORD, "new": NEW, "again": NEW}
    assert "The password is changed." in person.after(f"{AT}/password", fields)
    assert not elsewhere.is_in()
    assert person.browser.sign_in(NEW).status_code == 200


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"old": WRONG}, "old", "This is not the password."),
        ({"new": "short", "again": "short"}, "new", "it needs at least 10 characters"),
        ({"again": "something else"}, "again", "The two are not the same."),
    ],
)
def test_what_is_wrong_with_a_password_stands_beside_it(
    person: Person, fields: dict[str, str], field: str, told: str
) -> None:
    answer = person.send(f"{AT}/password", {"old": PASSWORD, "new": NEW, "again": NEW} | fields)
    assert answer.status_code == 400
    assert told in beside(answer, field)
    assert NEW not in answer.text
    assert person.see(AT).status_code == 200


def test_a_password_of_the_environment_is_told_to_be_fixed(make_app: MakeApp) -> None:
    person = Person(make_app("amber", ADMIN_PASSWORD=PASSWORD))
    assert "The environment fixes it" in text_of(person.see(AT))


def begun(person: Person) -> dict[str, str]:
    page = person.send(f"{AT}/second-factor").text
    fields = dict(re.findall(r'<input type="hidden" name="(secret|uri)" value="([^"]+)">', page))
    assert '<svg class="qr"' in page
    return {name: value.replace("&amp;", "&") for name, value in fields.items()}


def test_a_second_factor_is_set_up_by_a_code_and_gives_recovery_codes_once(person: Person) -> None:
    fields = begun(person)
    wrong = person.send(f"{AT}/second-factor/confirm", {**fields, "code": "000000"})
    assert (wrong.status_code, fields["secret"] in wrong.text) == (400, True)
    assert "This is not the code" in beside(wrong, "code")
    code = totp_code(fields["secret"], time.time())
    done = person.send(f"{AT}/second-factor/confirm", {**fields, "code": code})
    codes = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", done.text)
    assert (done.status_code, len(codes)) == (200, 10)
    page = person.see(AT)
    assert "On: signing in asks for a code" in text_of(page)
    assert not [one for one in (*codes, fields["secret"]) if one in page.text]
    browser = Browser(person.browser.client.application)
    assert 'name="code"' in browser.send("GET", "/login").text
    assert browser.send("POST", "/login", data={"password": PASSWORD, "code": codes[0]}).status_code == 303


def test_a_second_factor_is_switched_off_by_the_password(person: Person) -> None:
    fields = begun(person)
    person.send(f"{AT}/second-factor/confirm", {"code": totp_code(fields["secret"], time.time())})
    wrong = person.send(f"{AT}/second-factor/off", {"password": WRONG})
    assert "This is not the password." in beside(wrong, "password")
    assert "the password alone signs in" in person.after(f"{AT}/second-factor/off", {"password": PASSWORD})


def test_what_a_form_says_was_begun_is_shown_only_if_it_can_have_been(person: Person) -> None:
    fields = {"secret": "<script>", "uri": "javascript:alert(1)", "code": "1"}
    answer = person.send(f"{AT}/second-factor/confirm", fields)
    assert answer.status_code == 400
    assert "javascript:" not in answer.text
    assert "<script>" not in answer.text.partition("</head>")[2]


def test_sessions_are_ended_one_by_one_and_all_at_once(person: Person) -> None:
    first, second, third = other(person), other(person), other(person)
    page = person.see(AT).text
    assert "this one" in page
    newest = max(int(one) for one in re.findall(r"sessions/(\d+)/end", page))
    assert "The session has ended." in person.after(f"{AT}/sessions/{newest}/end")
    assert [one.is_in() for one in (first, second, third)] == [True, True, False]
    assert "2 other sessions have ended." in person.after(f"{AT}/sessions/end-others")
    assert not first.is_in()
    assert person.send(f"{AT}/sessions/{newest}/end").status_code == 404
