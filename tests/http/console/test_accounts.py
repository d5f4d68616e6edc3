"""The table of accounts: found, put in order, switched, deleted; and what no page of it may hold."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from running import until
from signing_in import PASSWORD, Browser

from gemini_pool.roster import QuotaKind, Standing, Verdict
from gemini_pool.simulator.cast import make_account
from gemini_pool.simulator.world import World
from gemini_pool.store.profiles import Changes
from gemini_pool.wiring import Services

CAST = ("amber", "bruno", "clara", "dieter")
Send = Callable[..., Any]
AMBER, BRUNO, CLARA, DIETER = 1, 2, 3, 4
MARKUP = "</script><img src=x onerror=alert(1)>"


def account(s: Services, account_id: int) -> Any:
    profile = s.accounts.profile(account_id)
    assert profile
    return profile.account


def refuse(s: Services, account_id: int, standing: Standing = Standing.NEEDS_SIGN_IN) -> None:
    s.accounts.record(account(s, account_id), Verdict("getoxsrf sent us to the sign-in", standing=standing))


def limit(s: Services, account_id: int) -> None:
    until = time.time() + 300
    s.accounts.record(account(s, account_id), Verdict("429", kind=QuotaKind.TEXT, until=until))


def named(page: str) -> list[str]:
    """The names of the rows, in their order."""
    return re.findall(r'<td class="name"><a href="/accounts/\d+">([^<]*)</a>', page)


@pytest.mark.parametrize(
    "path", ["/accounts", "/accounts/1", "/accounts/add", "/accounts/unusable", "/account_extractor.html"]
)
def test_who_is_not_signed_in_is_led_to_the_sign_in(send: Send, console: Flask, path: str) -> None:
    reply = Browser(console).send("GET", path)
    assert (reply.status_code, reply.location) == (302, f"/login?next={path}")


@pytest.mark.parametrize("path", ["/accounts", "/accounts/1", "/accounts/unusable"])
def test_no_page_holds_a_cookie_and_a_name_stays_text(browser: Browser, s: Services, path: str) -> None:
    s.accounts.edit(
        AMBER, Changes(name=MARKUP, note=MARKUP, mailbox={"mail_password": "hunter2-hunter2-hunter2"})
    )
    refuse(s, AMBER)
    page = browser.send("GET", path).text
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page
    assert "hunter2-hunter2" not in page
    for name in CAST:
        assert make_account(name).secure_c_ses not in page
        assert make_account(name).host_c_oses not in page


@pytest.mark.parametrize(
    "path", ["/accounts", "/accounts/1", "/accounts/add", "/accounts/unusable", "/account_extractor.html"]
)
def test_every_form_carries_the_proof_of_its_page(browser: Browser, s: Services, path: str) -> None:
    refuse(s, AMBER)
    forms = re.findall(r'<form[^>]* method="post".*?</form>', browser.send("GET", path).text, re.DOTALL)
    assert len(forms) > 1
    assert [form for form in forms if browser.csrf not in form] == []


def test_the_table_tells_the_state_its_reason_and_the_way_back(browser: Browser, s: Services) -> None:
    refuse(s, AMBER)
    limit(s, BRUNO)
    page = browser.send("GET", "/accounts").text
    assert named(page) == list(CAST)
    assert "getoxsrf sent us to the sign-in" in page
    assert "resets in" in page
    assert 'data-time="countdown">5 min' in page or 'data-time="countdown">4 min' in page


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("q=BRU", ["bruno"]),
        ("q=resting", ["bruno"]),
        ("q=clara@example.org", ["clara"]),
        ("q=%3Cb%3E", []),
        ("state=needs_sign_in", ["amber"]),
        ("state=rate_limited&q=amber", []),
        ("state=nonsense", ["amber", "bruno", "clara", "dieter"]),
        ("sort=-name", ["dieter", "clara", "bruno", "amber"]),
        ("sort=nonsense&page=99", ["amber", "bruno", "clara", "dieter"]),
        ("page=x", ["amber", "bruno", "clara", "dieter"]),
    ],
)
def test_accounts_are_found_and_put_in_order(
    browser: Browser, s: Services, query: str, wanted: list[str]
) -> None:
    refuse(s, AMBER)
    limit(s, BRUNO)
    s.accounts.edit(CLARA, Changes(email="clara@example.org"))
    assert named(browser.send("GET", f"/accounts?{query}").text) == wanted


def test_chips_count_what_the_search_fits(browser: Browser, s: Services) -> None:
    refuse(s, AMBER)
    refuse(s, BRUNO)
    s.accounts.edit(AMBER, Changes(note="of Clara"))
    page = browser.send("GET", "/accounts?q=clara").text
    assert re.search(r"<span>Needs sign-in</span><span class=\"count\">1<", page)
    assert re.search(r"<span>All</span><span class=\"count\">2<", page)


def test_an_account_is_switched_off_and_leads_back_to_where_one_was(
    send: Send, browser: Browser, s: Services
) -> None:
    reply = send("/accounts/1/toggle", next="/accounts?q=amber")
    assert (reply.status_code, reply.location) == (303, "/accounts?q=amber")
    assert not account(s, AMBER).enabled
    assert "amber is switched off." in browser.send("GET", "/accounts?q=amber").text
    assert [entry.action for entry in s.audit.page()].count("account.disabled") == 1


@pytest.mark.parametrize("path", ["/accounts/1/toggle", "/accounts/bulk", "/accounts/1", "/accounts/add"])
def test_a_form_without_the_page_s_proof_changes_nothing(send: Send, s: Services, path: str) -> None:
    form = {"action": "disable", "ids": "1", "name": "other", "text": "x", "csrf_token": "wrong"}
    refused = send(path, **form)
    assert (refused.status_code, "<h1>Refused</h1>" in refused.text) == (403, True)
    assert account(s, AMBER).enabled
    assert account(s, AMBER).name == "amber"


def test_what_is_done_for_several_is_done_for_those_alone(send: Send, browser: Browser, s: Services) -> None:
    reply = send("/accounts/bulk", action="disable", ids=["1", "3", "x", "9" * 40], next="//evil.example")
    assert reply.location == "/accounts"
    assert [one.enabled for one in s.accounts.accounts()] == [False, True, False, True]
    send("/accounts/bulk", action="enable", ids=["1"])
    assert [one.enabled for one in s.accounts.accounts()] == [True, True, False, True]


def test_deleting_several_asks_first_and_tells_whom(send: Send, browser: Browser, s: Services) -> None:
    asked = send("/accounts/bulk", action="delete", ids=["2", "4"])
    assert asked.status_code == 200
    assert named(asked.text) == ["bruno", "dieter"]
    assert len(s.accounts.accounts()) == 4
    send("/accounts/bulk", action="delete", ids=["2", "4"], sure="1")
    assert [one.name for one in s.accounts.accounts()] == ["amber", "clara"]


def test_unusable_are_those_that_waiting_does_not_bring_back(browser: Browser, s: Services) -> None:
    refuse(s, AMBER)
    limit(s, BRUNO)
    s.accounts.switch(CLARA, enabled=False)
    s.accounts.edit(DIETER, Changes(expires_at=time.time() - 60))
    page = browser.send("GET", "/accounts/unusable").text
    assert named(page) == ["amber", "dieter"]
    assert "2 are unusable" in browser.send("GET", "/accounts").text


def test_a_test_is_followed_on_the_page_that_began_it(send: Send, browser: Browser, s: Services) -> None:
    reply = send("/accounts/1/test", next="/accounts?q=amber")
    assert re.fullmatch(r"/accounts\?q=amber&work=\d+", reply.location)
    until(lambda: "Done" in browser.send("GET", reply.location).text, what="the test to end")
    page = browser.send("GET", reply.location).text
    assert re.search(r"token .*?check-lg.*?ms</span>", page, re.DOTALL)
    assert "answer" in page


def test_a_test_tells_what_the_service_said(send: Send, browser: Browser, world: World) -> None:
    world.behave("bruno", xsrf="302-login")
    reply = send("/accounts/bulk", action="test", ids=["1", "2"])
    until(lambda: "Done" in browser.send("GET", reply.location).text, what="the test to end")
    page = browser.send("GET", reply.location).text
    assert "2 of 2" in page
    assert "x-octagon-fill" in page


def test_long_work_is_stopped_by_a_form(send: Send, browser: Browser, world: World) -> None:
    world.behave(None, first_delay=2.5)  # longer than the work is looked after by itself
    shown = send("/accounts/bulk", action="test-all").location
    assert "Under way" in browser.send("GET", shown).text
    work_id = shown.rpartition("=")[2]
    assert send(f"/works/{work_id}/cancel", next=shown).location == shown
    until(lambda: "Stopped" in browser.send("GET", shown).text, what="the work to stop")
    assert "not tried" in browser.send("GET", shown).text


@pytest.mark.parametrize("work", ["99999", "x", "1" * 30, ""])
def test_work_that_nobody_knows_is_not_shown(send: Send, browser: Browser, work: str) -> None:
    assert browser.send("GET", f"/accounts?work={work}").status_code == 200
    assert send("/works/99999/cancel").status_code == 404


def test_an_empty_pool_tells_how_to_fill_it(make_app: Callable[..., Flask]) -> None:
    browser = Browser(make_app(ADMIN_PASSWORD=PASSWORD))
    browser.sign_in()
    assert "No accounts yet." in browser.send("GET", "/accounts").text
