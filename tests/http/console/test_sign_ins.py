"""Having accounts signed in by the console, and what its pages tell of that."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from pages import text_of
from signing_in import PASSWORD, Browser

from gemini_pool.roster import Standing, Verdict
from gemini_pool.store.orders import Task
from gemini_pool.store.profiles import Changes
from gemini_pool.store.sign_ins import SignInOutcome
from gemini_pool.store.works import ItemState, Step
from gemini_pool.wiring import EXTENSION, Services

Send = Callable[..., Any]
AMBER, BRUNO, CLARA = 1, 2, 3
MAILBOX = {"mail_provider": "imap", "mail_address": "amber@mail.example"}
CAPTCHA = "The service takes this browser for a machine (CAPTCHA_CHECK_FAILED): sign in by hand."


@pytest.fixture
def kept(s: Services) -> None:
    """Amber and Bruno have mailboxes."""
    for account_id in (AMBER, BRUNO):
        s.accounts.edit(account_id, Changes(mailbox=MAILBOX))


def refuse(s: Services, account_id: int) -> None:
    profile = s.accounts.profile(account_id)
    assert profile
    s.accounts.record(profile.account, Verdict("its cookies died", standing=Standing.NEEDS_SIGN_IN))


def task(s: Services) -> Task:
    taken = s.orders.take(("refresh", "enrolment"))
    assert taken
    return taken


def close(s: Services, taken: Task, state: ItemState, message: str = "") -> None:
    s.orders.close(replace(taken, item=replace(taken.item, state=state, message=message)))


@pytest.mark.usefixtures("kept")
def test_an_account_is_signed_in_from_its_page_and_from_the_list(
    send: Send, browser: Browser, s: Services
) -> None:
    reply = send("/accounts/1/refresh", next="/accounts/1")
    assert reply.location == "/accounts/1?work=1"
    page = text_of(browser.send("GET", "/accounts/1?work=1"))
    assert "Sign-in of amber" in page
    assert "Waits for its turn · 0 of 1" in page
    assert "It is under way" in page
    assert dict(task(s).data) == {}
    again = send("/accounts/1/refresh", next="/accounts?sort=name")
    assert again.location == "/accounts?sort=name&work=1"
    assert "A sign-in of this account is under way already." in browser.send("GET", again.location).text


@pytest.mark.usefixtures("kept")
def test_the_window_is_offered_where_a_person_is_needed(send: Send, browser: Browser, s: Services) -> None:
    page = text_of(browser.send("GET", "/accounts/1"))
    assert "Refresh now" in page
    assert "Refresh with the window shown" not in page
    sign_in = s.sign_ins.begin(AMBER, "amber", 7)
    s.sign_ins.keep(sign_in, b"\x89PNG", "<html>")
    s.sign_ins.end(sign_in, SignInOutcome.PERSON, CAPTCHA, [Step("browser", 1200), Step("address", 12)])
    s.sign_ins.went_wrong(AMBER, CAPTCHA, again=False, pause=60)
    shown = browser.send("GET", "/accounts/1")
    page = text_of(shown)
    assert "Its sign-in needs you." in page
    assert f"The last sign-in failed: {CAPTCHA}" in page
    assert "the service wants a person" in page
    assert "The window opens on the screen of the machine that gemini_pool runs on" in page
    assert "Needs a person" in page
    assert "2 steps browser started 1.2 s address entered 12 ms" in page
    assert f'src="/api/sign-ins/{sign_in}/picture"' in shown.text
    assert f'href="/api/sign-ins/{sign_in}/page"' in shown.text
    send("/accounts/1/refresh", next="/accounts/1", window="1")
    assert dict(task(s).data) == {"visible": "1"}


def test_no_window_is_offered_that_cannot_be_shown(make_app: Callable[..., Flask]) -> None:
    app = make_app("amber", ADMIN_PASSWORD=PASSWORD, FORCE_HEADLESS="1")
    s: Services = app.extensions[EXTENSION]
    s.accounts.edit(AMBER, Changes(mailbox=MAILBOX))
    s.sign_ins.went_wrong(AMBER, CAPTCHA, again=False, pause=60)
    browser = Browser(app)
    browser.sign_in()
    page = text_of(browser.send("GET", "/accounts/1"))
    assert "No window can be shown, for FORCE_HEADLESS is on." in page
    assert "Refresh with the window shown" not in page


@pytest.mark.usefixtures("kept")
def test_trouble_that_is_tried_again_says_when(browser: Browser, s: Services) -> None:
    for _ in range(2):
        s.sign_ins.went_wrong(AMBER, "No code came.", again=True, pause=900)
    page = text_of(browser.send("GET", "/accounts/1"))
    assert "The last 2 sign-ins failed: No code came." in page
    assert "The next try is in 30 min" in page or "The next try is in 29 min" in page
    assert "Its last sign-in failed." in text_of(browser.send("GET", "/accounts"))


@pytest.mark.usefixtures("kept")
def test_new_cookies_end_the_trouble_wherever_they_came_from(browser: Browser, s: Services) -> None:
    s.sign_ins.went_wrong(AMBER, CAPTCHA, again=False, pause=60)
    assert CAPTCHA in text_of(browser.send("GET", "/"))
    s.accounts.edit(AMBER, Changes(secure_c_ses="CSE.of-a-file-that-was-taken-over"))
    for path in ("/", "/accounts", "/accounts/1"):
        page = text_of(browser.send("GET", path))
        assert CAPTCHA not in page
        assert "Its sign-in needs you." not in page


def test_without_a_mailbox_its_row_offers_to_name_it(send: Send, browser: Browser) -> None:
    page = browser.send("GET", "/accounts").text
    assert 'href="/accounts/1#mailbox"' in page
    assert 'action="/accounts/1/refresh"' not in page
    assert "Refresh all now" not in page
    reply = send("/accounts/1/refresh", next="/accounts")
    assert reply.location == "/accounts"
    assert "Name its mailbox first." in browser.send("GET", "/accounts").text


@pytest.mark.usefixtures("kept")
def test_several_are_signed_in_and_those_without_a_mailbox_are_told(
    send: Send, browser: Browser, s: Services
) -> None:
    page = browser.send("GET", "/accounts").text
    assert 'action="/accounts/1/refresh"' in page
    assert 'href="/accounts/3#mailbox"' in page
    reply = send("/accounts/bulk", action="refresh", ids=["2", "3"], next="/accounts")
    assert reply.location == "/accounts?work=1"
    assert "1 account is left out" in text_of(browser.send("GET", reply.location))
    assert [one.name for one in s.works.items(1)] == ["bruno"]
    assert send("/accounts/bulk", action="refresh-all", next="/accounts").location == "/accounts?work=2"
    assert [one.name for one in s.works.items(2)] == ["amber"]  # bruno is under way


@pytest.mark.usefixtures("kept")
def test_the_overview_has_the_pool_sign_in_whom_it_can(send: Send, browser: Browser, s: Services) -> None:
    for account_id in (AMBER, BRUNO, CLARA):
        refuse(s, account_id)
    page = text_of(browser.send("GET", "/"))
    assert "2 accounts need a sign-in, which the pool can do at once: amber, bruno. Refresh all" in page
    assert "Nobody but you can sign in clara: its mailbox is not named. Name its mailbox" in page
    s.sign_ins.went_wrong(BRUNO, CAPTCHA, again=False, pause=60)
    shown = browser.send("GET", "/")
    assert f"The sign-in of bruno needs you: {CAPTCHA} Look into it" in text_of(shown)
    assert 'href="/accounts/2#sign-in"' in shown.text
    assert send("/accounts/bulk", action="refresh-needy", next="/").location == "/?work=1"
    assert [one.name for one in s.works.items(1)] == ["amber"]


@pytest.mark.usefixtures("kept")
def test_when_nobody_needs_it_nobody_is_signed_in(send: Send, s: Services) -> None:
    assert send("/accounts/bulk", action="refresh-needy", next="/accounts").location == "/accounts"
    assert s.works.recent() == []


def test_an_instance_that_signs_nobody_in_offers_nothing(make_app: Callable[..., Flask]) -> None:
    app = make_app("amber", ADMIN_PASSWORD=PASSWORD, SYNC_ONLY_MODE="1")
    s: Services = app.extensions[EXTENSION]
    s.accounts.edit(AMBER, Changes(mailbox=MAILBOX))
    refuse(s, AMBER)
    browser = Browser(app)
    browser.sign_in()
    for path in ("/", "/accounts", "/accounts/1"):
        page = text_of(browser.send("GET", path))
        assert "Refresh now" not in page
        assert "Name its mailbox" not in page
    assert "SYNC_ONLY_MODE" in page


# Work that was ordered


@pytest.mark.usefixtures("kept")
def test_work_is_paused_let_go_on_and_stopped(send: Send, browser: Browser, s: Services) -> None:
    send("/accounts/bulk", action="refresh-all", next="/accounts")
    own = "/activity/work/1"
    page = text_of(browser.send("GET", own))
    assert "Sign-in of all accounts" in page
    assert "It begins within seconds" in page
    assert send("/works/1/pause", next=own).location == own
    assert "Nothing further is begun until you let it go on. Look again Go on Stop" in text_of(
        browser.send("GET", own)
    )
    send("/works/1/resume", next=own)
    assert "Pause Stop" in text_of(browser.send("GET", own))
    send("/works/1/cancel", next=own)
    page = text_of(browser.send("GET", own))
    assert "Stopped · 2 of 2" in page
    assert "Not tried" in page
    send("/works/1/pause", next=own)
    assert "ended before it could be paused" in browser.send("GET", own).text


@pytest.mark.usefixtures("kept")
def test_what_failed_is_tried_again(send: Send, browser: Browser, s: Services) -> None:
    send("/accounts/bulk", action="refresh-all", next="/accounts")
    own = "/activity/work/1"
    close(s, task(s), ItemState.OK)
    taken = task(s)
    sign_in = s.sign_ins.begin(BRUNO, "bruno", 1)
    s.sign_ins.keep(sign_in, b"\x89PNG", "<html>")
    close(s, taken, ItemState.FAILED, CAPTCHA)
    shown = browser.send("GET", own)
    page = text_of(shown)
    assert "Done in part · 2 of 2 · 1 failed" in page
    assert CAPTCHA in page
    assert f'src="/api/sign-ins/{sign_in}/picture"' in shown.text
    assert 'href="/accounts/2#sign-in"' in shown.text
    assert send("/works/1/again", next=own).location == "/activity/work/2"
    assert [one.name for one in s.works.items(2)] == ["bruno"]
    assert send("/works/1/again", next="/accounts").location == "/accounts"  # under way already
    assert "under way already" in browser.send("GET", "/accounts").text


@pytest.mark.usefixtures("kept")
def test_all_work_is_listed_under_activity(send: Send, browser: Browser) -> None:
    assert "Nothing was worked on yet." in browser.send("GET", "/activity?tab=work").text
    send("/accounts/1/refresh", next="/accounts")
    page = browser.send("GET", "/activity?tab=work").text
    assert re.search(r'<a href="/activity/work/1">Sign-in of amber</a>', page)
    assert browser.send("GET", "/activity/work/99").status_code == 404
    browser.client.set_cookie("language", "zh_CN")
    assert "登录 amber" in browser.send("GET", "/activity?tab=work").text
