"""The pages of settings."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from pages import Person, beside, text_of
from signing_in import PASSWORD

from gemini_pool.settings import knobs
from gemini_pool.web.console.settings import GROUPS

MakeApp = Callable[..., Flask]
SECRET = "token-that-nobody-may-see"


@pytest.fixture
def person(make_app: MakeApp) -> Person:
    return Person(make_app("amber", ADMIN_PASSWORD=PASSWORD, PROXY=""))


def saved(person: Person) -> dict[str, str]:
    return person.services.saved.all()


def test_every_setting_stands_on_one_page() -> None:
    names = [name for group in GROUPS for name in group.names]
    assert sorted(names) == sorted(knob.name for knob in knobs().values())


def test_a_setting_says_what_it_is_for_and_what_it_takes(person: Person) -> None:
    text = text_of(person.see("/settings/upstream"))
    assert (
        "Seconds to reach the service. CONNECT_TIMEOUT A whole number from 1 to 300. By default 10." in text
    )
    assert "The environment sets GEMINI_API_URL. Change it there and restart." in text
    assert "Only the environment can change these." in text_of(person.see("/settings/console"))
    assert person.see("/settings/nothing").status_code == 404


def test_settings_are_saved_and_the_workers_read_them(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloads: list[bool] = []
    object.__setattr__(person.services.office, "reload", lambda: reloads.append(True))
    said = person.after("/settings/upstream", {"CONNECT_TIMEOUT": "20", "READ_TIMEOUT": "300"})
    assert "no answer is lost" in said
    assert saved(person) == {"CONNECT_TIMEOUT": "20"}  # what is as by default is not
    assert 'value="20"' in person.see("/settings/upstream").text
    assert "nothing to save" in person.after("/settings/upstream", {"CONNECT_TIMEOUT": "20"})
    assert reloads == [True]
    person.after("/settings/upstream", {"CONNECT_TIMEOUT": "10"})
    assert saved(person) == {}
    assert person.deeds() == ["settings.saved", "settings.saved"]


def test_nothing_is_saved_when_one_of_them_is_wrong(person: Person) -> None:
    answer = person.send("/settings/upstream", {"CONNECT_TIMEOUT": "0", "READ_TIMEOUT": "200"})
    assert answer.status_code == 400
    assert "A whole number from 1 to 300." in beside(answer, "CONNECT_TIMEOUT")
    assert 'value="200"' in answer.text
    assert saved(person) == {}


def test_what_the_environment_sets_is_not_saved(person: Person) -> None:
    person.after("/settings/upstream", {"GEMINI_API_URL": "https://elsewhere.example"})
    assert saved(person) == {}


def test_a_secret_is_never_shown_and_stays_until_it_is_forgotten(person: Person) -> None:
    person.after("/settings/files", {"UPLOAD_API_TOKEN": SECRET})
    assert saved(person) == {"UPLOAD_API_TOKEN": SECRET}
    wrong = person.send("/settings/files", {"UPLOAD_API_TOKEN": SECRET + "2", "FILE_DAYS": "x"})
    assert SECRET not in wrong.text + person.see("/settings/files").text
    person.after("/settings/files", {"UPLOAD_API_TOKEN": "", "FILE_DAYS": "30"})
    assert saved(person) == {"UPLOAD_API_TOKEN": SECRET}
    person.after("/settings/files", {"UPLOAD_API_TOKEN": "", "UPLOAD_API_TOKEN-forget": "1"})
    assert saved(person) == {}


def test_a_proxy_is_shown_without_its_password_which_stays(person: Person) -> None:
    person.after("/settings/upstream", {"PROXY": f"http://me:{SECRET}@proxy.example:8080"})
    page = person.see("/settings/upstream")
    assert SECRET not in page.text
    assert "http://me:•••@proxy.example:8080" in page.text
    person.after("/settings/upstream", {"PROXY": "http://me:•••@proxy.example:8080"})
    assert SECRET in saved(person)["PROXY"]
    wrong = person.send("/settings/upstream", {"PROXY": f"ftp://me:{SECRET}2@proxy.example"})
    assert (wrong.status_code, SECRET in wrong.text) == (400, False)
    person.after("/settings/upstream", {"PROXY": ""})
    assert saved(person) == {}


@pytest.mark.parametrize(("proxy", "told"), [("", "The service answered in "), ("ftp://x", "PROXY: ")])
def test_a_proxy_is_tried_without_being_saved(person: Person, proxy: str, told: str) -> None:
    answer: Any = person.send("/settings/upstream/proxy", {"PROXY": proxy, "CONNECT_TIMEOUT": "77"})
    assert told in text_of(answer)
    assert 'value="77"' in answer.text
    assert saved(person) == {}


def test_the_settings_are_told_in_chinese(person: Person) -> None:
    person.browser.client.set_cookie("language", "zh_CN")
    for group in GROUPS:
        text = text_of(person.see(f"/settings/{group.path}".rstrip("/")))
        for knob in knobs().values():
            assert knob.about.replace("`", "") not in text, knob.name
