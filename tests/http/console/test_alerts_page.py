"""Alerts on their page: what holds, what was told, and a test message to all who are told."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from pages import Person, text_of
from proxies import Heard, Peer, answer
from signing_in import PASSWORD

from gemini_pool.news import build_alerts
from gemini_pool.roster import Standing, Verdict

MakeApp = Callable[..., Flask]
PAGE = "/activity/alerts"
SECRET = "planted-path"


class Listener(Peer):
    """Takes what goes to its first address, and refuses what goes to any other."""

    def __init__(self) -> None:
        super().__init__(self._said)

    def _said(self, heard: Heard) -> bytes:
        return answer(200 if heard.target.startswith("/first") else 500, b"", "Connection: close")


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listening:
        yield listening


@pytest.fixture
def person(make_app: MakeApp, listener: Listener) -> Person:
    addresses = f"{listener.url}/first-{SECRET},{listener.url}/second-{SECRET}"
    return Person(make_app("amber", "bruno", ADMIN_PASSWORD=PASSWORD, ALERT_URLS=addresses))


def look(person: Person, times: int = 2) -> None:
    office = person.services.office
    for _ in range(times):
        build_alerts(person.services, office.webhooks, office.profiles.get).run()


def judge(person: Person, standing: Standing, words: str, *names: str) -> None:
    for one in person.services.accounts.accounts():
        if one.name in names:
            person.services.accounts.record(one, Verdict(words, standing=standing))


def test_what_holds_is_told_with_its_account_and_what_is_over_too(person: Person) -> None:
    judge(person, Standing.FORBIDDEN, "It said <i>no</i>.", "amber")
    look(person)
    page = person.see(PAGE)
    holding = text_of(page).partition("Who is told")[0]
    assert "bruno" not in holding
    assert "amber needs somebody since " in holding
    assert "The service shuts it out. It said <i>no</i>. To the account" in holding
    assert "Few accounts can answer" in holding
    assert "1 of 2 accounts can answer now. To the accounts" in holding
    assert '<a class="btn btn-quiet btn-sm" href="/accounts/1">' in page.text
    assert "<i>" not in page.text
    judge(person, Standing.GOOD, "", "amber")
    look(person)
    text = text_of(person.see(PAGE))
    assert "Nothing is known." in text, "nobody looks"
    assert "Over: amber needs somebody What was told before does not hold any more." in text


def test_alerts_are_told_in_chinese_by_their_kind(person: Person) -> None:
    person.browser.client.set_cookie("language", "zh_CN")
    judge(person, Standing.NEEDS_SIGN_IN, "Signed out.", "amber", "bruno")
    look(person)
    text = text_of(person.see(PAGE))
    assert "没有账号可以应答" in text
    assert "2 个账号目前都不能应答。" in text
    assert "amber 需要人工处理" in text
    judge(person, Standing.GOOD, "", "amber", "bruno")
    look(person)
    text = text_of(person.see(PAGE))
    assert "已解除：没有账号可以应答" in text
    assert "已解除：amber 需要人工处理" in text


def test_a_test_message_tells_for_each_address_how_it_went(person: Person, listener: Listener) -> None:
    before = person.see(PAGE)
    assert text_of(before).count(f"http://{listener.netloc}/… JSON, to a webhook") == 2
    tested = person.send(PAGE)
    told = text_of(tested)
    assert f"http://{listener.netloc}/… JSON, to a webhook It took the message." in told
    assert f"http://{listener.netloc}/… JSON, to a webhook It answered with status 500." in told
    assert SECRET not in before.text + tested.text
    assert len(listener.requests) == 2
    assert person.deeds() == ["alerts.tested"]


def test_without_addresses_it_says_how_to_name_some(make_app: MakeApp) -> None:
    person = Person(make_app("amber", ADMIN_PASSWORD=PASSWORD))
    page = person.see(PAGE)
    assert "Nobody is told. Alerts are kept here alone." in text_of(page)
    assert "Send a test message" not in text_of(page)
    assert 'href="/settings/jobs"' in page.text
    assert "nobody looks for trouble now" in text_of(page)
