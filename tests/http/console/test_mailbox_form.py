"""An account's mailbox: its form without scripts, tried, saved, forgotten; and no secret in any page."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pages import beside, text_of
from signing_in import Browser

from gemini_pool.signin.mailbox import PROVIDERS
from gemini_pool.simulator.mail.boxes import make_box
from gemini_pool.simulator.server import Simulator
from gemini_pool.store.profiles import Changes
from gemini_pool.wiring import Services

Send = Callable[..., Any]
AMBER = 1
OWN = "/accounts/1/mailbox"
SECRET = "hunter2-hunter2-hunter2"
IMAP = {
    "mail_provider": "imap",
    "mail_address": "amber@mail.example",
    "mail_host": "imap.mail.example",
    "mail_password": SECRET,
}


def mailbox(s: Services) -> Mapping[str, str]:
    found = s.accounts.profile(AMBER)
    assert found
    return found.given.mailbox


@pytest.fixture
def named(s: Services) -> None:
    s.accounts.edit(AMBER, Changes(mailbox=IMAP))


def form_of(page: str) -> dict[str, str]:
    """What a browser sends of the form as it stands there: of a password field nothing but an empty text."""
    form = re.search(r'<form[^>]* id="mailbox-form".*?</form>', page, re.DOTALL)
    assert form
    inputs = [one for one in re.findall(r"<input[^>]*>", form[0]) if "checkbox" not in one]
    names = {one: re.search(r' name="([^"]+)"', one) for one in inputs}
    values = {one: re.search(r' value="([^"]*)"', one) for one in inputs}
    return {name[1]: (values[one] or ["", ""])[1] for one, name in names.items() if name}


@pytest.mark.parametrize("kind", PROVIDERS)
def test_each_kind_asks_for_its_own_fields(browser: Browser, kind: str) -> None:
    page = browser.send("GET", f"/accounts/1?kind={kind}").text
    asked = {name for name in form_of(page) if name.startswith(("mail_", "tempmail_"))} - {"mail_provider"}
    assert asked == {field.name for field in PROVIDERS[kind].fields} - {"mail_verify_ssl"}


def test_without_a_mailbox_it_is_asked_for_its_kind_alone(browser: Browser) -> None:
    page = browser.send("GET", "/accounts/1").text
    assert 'href="/accounts/1?kind=imap#mailbox"' in page
    assert 'id="mailbox-form"' not in page
    assert "nobody said where its codes arrive" in page


def test_what_is_typed_is_saved(send: Send, browser: Browser, s: Services) -> None:
    reply = send(OWN, **IMAP, mail_port="", mail_user=" amber ")
    assert (reply.status_code, reply.location) == (303, "/accounts/1#mailbox")
    assert mailbox(s) == {**IMAP, "mail_user": "amber"}
    page = browser.send("GET", "/accounts/1").text
    assert SECRET not in page
    assert "set: hunt…r2" in page
    assert form_of(page)["mail_host"] == "imap.mail.example"


@pytest.mark.usefixtures("named")
def test_a_secret_that_is_left_empty_stays_and_can_be_forgotten(
    send: Send, browser: Browser, s: Services
) -> None:
    form = form_of(browser.send("GET", "/accounts/1").text)
    assert form["mail_password"] == ""
    send(OWN, **form | {"mail_host": "mx.mail.example"})
    assert mailbox(s) == {**IMAP, "mail_host": "mx.mail.example"}
    s.accounts.edit(AMBER, Changes(mailbox={"mail_provider": "cfmail", "tempmail_url": "https://m/?jwt=1"}))
    send(OWN, mail_provider="cfmail", **{"tempmail_url-forget": "1"})
    assert "tempmail_url" not in mailbox(s)


@pytest.mark.usefixtures("named")
def test_with_another_kind_only_the_address_stays(send: Send, browser: Browser, s: Services) -> None:
    page = browser.send("GET", "/accounts/1?kind=duckmail").text
    assert "The account has another kind of mailbox now: IMAP." in page
    form = form_of(page)
    assert form["mail_address"] == "amber@mail.example"
    send(OWN, **form | {"mail_password": "new"})
    assert mailbox(s) == {
        "mail_provider": "duckmail",
        "mail_address": "amber@mail.example",
        "mail_password": "new",
    }


@pytest.mark.parametrize("where", ["", "/test"])
def test_what_is_lacking_stands_beside_its_field(send: Send, s: Services, where: str) -> None:
    reply = send(OWN + where, mail_provider="imap", mail_address="a@mail.example", mail_password=SECRET)
    assert reply.status_code == 400
    assert beside(reply, "mail_host") == "Fill this in."
    assert beside(reply, "mail_password") == ""
    assert form_of(reply.text)["mail_address"] == "a@mail.example"
    assert SECRET not in reply.text
    assert not mailbox(s)
    assert 'name="next" value="/accounts/1"' in reply.text  # this page itself is an answer, and no place
    assert f'href="{OWN}' not in reply.text


def test_a_test_saves_nothing_and_what_was_typed_can_be_saved_after_it(
    send: Send, s: Services, simulator: Simulator
) -> None:
    box = make_box("amber")
    fields = box.cfmail(simulator.url)
    simulator.world.post.send(box.address, subject="Code", text="It is ABC123", sender="noreply@google.com")
    reply = send(f"{OWN}/test", **fields)
    assert f"The mailbox can be read: {box.address} · 1 letter, the newest from google.com" in text_of(reply)
    assert not mailbox(s)
    assert box.jwt not in reply.text
    assert "ABC123" not in reply.text
    send(OWN, **form_of(reply.text))
    assert mailbox(s) == fields


def test_a_test_that_fails_tells_why_in_the_words_of_the_form(send: Send, simulator: Simulator) -> None:
    fields = make_box("amber").cfmail(simulator.url)
    told = text_of(send(f"{OWN}/test", mail_provider="cfmail", mail_address="a@mail.example"))
    assert "The mailbox lacks the token of its address: enter “Token”, or the service's admin key." in told
    told = text_of(send(f"{OWN}/test", **fields | {"mail_jwt_token": "wrong"}))
    assert "refused the mailbox's key or password" in told


@pytest.mark.usefixtures("named")
def test_it_can_be_forgotten(send: Send, browser: Browser, s: Services) -> None:
    assert send(f"{OWN}/forget").status_code == 303
    assert not mailbox(s)
    assert "Nobody but you can sign this account in now." in browser.send("GET", "/accounts/1").text


def test_a_password_inside_an_address_is_a_secret_too(send: Send, browser: Browser, s: Services) -> None:
    address = f"https://user:{SECRET}@mail.example"
    s.accounts.edit(AMBER, Changes(mailbox={"mail_provider": "cfmail", "mail_base_url": address}))
    page = browser.send("GET", "/accounts/1").text
    assert SECRET not in page
    form = form_of(page)
    assert form["mail_base_url"] == ""
    send(OWN, **form)
    assert mailbox(s)["mail_base_url"] == address


@pytest.mark.usefixtures("named")
def test_what_this_page_sealed_elsewhere_is_passed_over(send: Send, s: Services) -> None:
    reply = send(OWN, mail_provider="imap", mail_address="b@mail.example", mail_host="h", sealed="gAAAA-odd")
    assert reply.status_code == 303
    assert mailbox(s)["mail_password"] == SECRET
