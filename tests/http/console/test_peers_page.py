"""Other instances on their page: who is given cookies, and who may bring some."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from instances import OlderInstance
from pages import Person, beside, text_of
from signing_in import PASSWORD

from gemini_pool.jobs.leader import LOCK_FILE, Leader
from gemini_pool.store.peers import GivenPeer, Peer, PeerKind

MakeApp = Callable[..., Flask]
PAGE = "/settings/peers"
SECRET = "gp-sync-planted-secret"
FORM = {"name": "Frankfurt", "url": "https://pool.example/", "kind": "gemini_pool", "token": SECRET}


@pytest.fixture
def person(make_app: MakeApp) -> Person:
    return Person(make_app("amber", "bruno", ADMIN_PASSWORD=PASSWORD))


@pytest.fixture
def older() -> Iterator[OlderInstance]:
    with OlderInstance(SECRET, []) as running:
        yield running


def only(person: Person) -> Peer:
    (peer,) = person.services.peers.all()
    return peer


def added(person: Person, **changes: Any) -> Peer:
    person.services.peers.add(
        GivenPeer(**{"name": "Frankfurt", "url": "https://p.example", "token": SECRET, **changes})
    )
    return only(person)


def test_an_instance_is_added_changed_and_forgotten(person: Person) -> None:
    assert "It sends to nobody." in text_of(person.see(PAGE))
    said = person.after(f"{PAGE}/add", {**FORM, "enabled": "1"})
    assert "Frankfurt is added." in said
    assert "Frankfurt https://pool.example · gemini_pool On Nothing was sent yet. 0 Test" in said
    given = only(person).given
    assert (given.token, given.enabled, given.create_missing) == (SECRET, True, False)
    form = person.see(f"{PAGE}/1").text
    assert 'value="https://pool.example"' in form
    person.after(f"{PAGE}/1", {**FORM, "name": "Paris", "token": "", "create_missing": "1"})
    given = only(person).given
    assert (given.name, given.token, given.enabled, given.create_missing) == ("Paris", SECRET, False, True)
    assert "Paris is forgotten" in person.after(f"{PAGE}/1/delete")
    assert person.services.peers.all() == []
    assert person.deeds() == ["peer.added", "peer.changed", "peer.deleted"]


@pytest.mark.parametrize("path", ["add", "1"])
@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "", "Fill this in."),
        ("url", "pool.example", "write it as https://pool.example."),
        ("url", "http://pool.example", "Cookies are sent over https alone"),
        ("token", "has a space", "it has no spaces"),
    ],
)
def test_what_cannot_be_used_is_told_beside_its_field(
    person: Person, path: str, field: str, value: str, told: str
) -> None:
    if path == "1":
        added(person)
    answer = person.send(f"{PAGE}/{path}", {**FORM, field: value})
    assert answer.status_code == 400
    assert told in beside(answer, field)
    assert "Frankfurt" in answer.text or field == "name"
    assert SECRET not in answer.text
    assert [one.given.name for one in person.services.peers.all()] == (["Frankfurt"] if path == "1" else [])


def test_tokens_of_others_are_in_no_page(person: Person) -> None:
    added(person)
    pages = person.see(PAGE).text + person.see(f"{PAGE}/1").text
    assert SECRET not in pages
    assert SECRET.removeprefix("gp-sync-") not in pages


def test_the_line_is_tried_and_nothing_is_sent(person: Person, older: OlderInstance) -> None:
    added(person, url=older.url, kind=PeerKind.BUSINESS_GEMINI)
    assert "Frankfurt: It answers; accounts there: 0." in person.after(f"{PAGE}/1/test")
    peer = only(person)
    person.services.peers.change(
        peer.id, GivenPeer("Frankfurt", older.url, "other", PeerKind.BUSINESS_GEMINI)
    )
    assert "It does not accept the token (401)." in person.after(f"{PAGE}/1/test")
    assert {one.method for one in older.requests} == {"GET"}


def test_all_cookies_are_sent_when_asked_for(person: Person, tmp_path: Path) -> None:
    added(person)
    assert "Nobody runs the background jobs now" in person.after(f"{PAGE}/1/push")
    leader = Leader(tmp_path / LOCK_FILE)
    assert leader.try_lead()
    told = person.after(f"{PAGE}/1/push")
    leader.resign()
    assert "The cookies of 2 accounts are sent to Frankfurt." in told
    assert "Nobody runs" not in told
    assert person.services.peers.queue.waiting() == {1: 2}
    assert "Nothing was sent yet. 2 Test" in told


def test_one_that_is_off_is_sent_nothing(person: Person) -> None:
    added(person, enabled=False)
    page = person.after(f"{PAGE}/1/push")
    assert "Frankfurt is switched off: switch it on first." in page
    assert "Send all now" not in page
    assert person.services.peers.queue.waiting() == {}


def test_how_the_last_sending_went_is_told_in_words(person: Person) -> None:
    peer = added(person)
    person.services.peers.succeeded(peer.id)
    assert "On Taken now 0" in text_of(person.see(PAGE))
    person.services.peers.queue.enqueue_for(peer.id, [1])
    person.services.peers.failed(peer.id, "It does not accept the token (403). Enter the one that it shows.")
    assert "Failed now It does not accept the token (403)." in text_of(person.see(PAGE))
    assert "It is tried again by itself. 1 Test" in text_of(person.see(PAGE))
    person.browser.client.set_cookie("language", "zh_CN")
    assert "对方不接受该令牌（403）" in text_of(person.see(PAGE))


def test_a_token_is_shown_once_and_can_be_revoked(person: Person) -> None:
    assert "Nobody may bring cookies." in text_of(person.see(PAGE))
    made = person.send(f"{PAGE}/tokens", {"token_name": "the Mac"})
    assert made.status_code == 200
    (token,) = person.services.sync_tokens.list()
    text = made.text.partition('<code id="token" tabindex="0">')[2].partition("<")[0]
    assert person.services.sync_tokens.used(text) is not None
    assert f"Authorization: Bearer {text}" in text_of(made)
    assert "http://localhost/api/sync" in text_of(made)
    listed = person.see(f"{PAGE}/tokens", follow_redirects=True)
    assert text not in listed.text
    assert f"the Mac {token.prefix}… now now Revoke" in text_of(listed)
    assert "The token is revoked" in person.after(f"{PAGE}/tokens/{token.id}/revoke")
    assert person.services.sync_tokens.used(text) is None
    assert person.deeds() == ["sync_token.made", "sync_token.revoked"]


def test_a_token_without_a_name_is_not_made(person: Person) -> None:
    answer = person.send(f"{PAGE}/tokens", {"token_name": " "})
    assert (answer.status_code, beside(answer, "token_name")) == (400, "Fill this in.")
    assert person.services.sync_tokens.list() == []


def test_it_says_when_this_instance_signs_nobody_in(make_app: MakeApp) -> None:
    assert "SYNC_ONLY_MODE" not in text_of(Person(make_app("amber", ADMIN_PASSWORD=PASSWORD)).see(PAGE))
    person = Person(make_app("amber", ADMIN_PASSWORD=PASSWORD, SYNC_ONLY_MODE="1"))
    assert "SYNC_ONLY_MODE is on: this instance signs nobody in." in text_of(person.see(PAGE))


@pytest.mark.parametrize("path", ["9", "9/test", "9/push", "9/delete", "tokens/9/revoke"])
def test_what_is_not_there_is_told_so(person: Person, path: str) -> None:
    assert person.send(f"{PAGE}/{path}", FORM).status_code == 404
