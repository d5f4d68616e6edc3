"""Accounts out of mailboxes: told before it is done, reported after it, and no secret in a page."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from pages import text_of
from signing_in import PASSWORD, Browser

from gemini_pool.store.profiles import Changes
from gemini_pool.store.works import ItemState
from gemini_pool.wiring import Services

Send = Callable[..., Any]
LINES = (
    "imap----amber@mail.example----GEHEIM----imap.mail.example\n"
    "cfmail----new@mail.example----GEHEIM2----https://mail.example\n"
    "duckmail----bare@duck.example\n"
    "nonsense----x\n"
)


def sealed(page: str) -> str:
    match = re.search(r'name="sealed" value="([^"]+)"', page)
    assert match
    return match[1]


def test_the_empty_page_says_whose_mailboxes_and_how_a_line_looks(browser: Browser) -> None:
    page = text_of(browser.send("GET", "/accounts/enrol"))
    assert "Give only mailboxes that you hold." in page
    assert "imap----Address----Password----IMAP server----Port----User" in page
    assert "Microsoft (Outlook, Hotmail) Address----Password----Client id----Refresh token" in page


def test_a_preview_tells_what_is_there_and_orders_nothing(send: Send, s: Services) -> None:
    s.accounts.edit(1, Changes(email="amber@mail.example"))
    reply = send("/accounts/enrol", text=LINES)
    page = text_of(reply)
    assert "3 mailboxes found: 1 × IMAP, 1 × Cloudflare temp mail, 1 × DuckMail" in page
    assert "Line 4 is not an account: none of its names is known." in page
    assert "amber gets new cookies" in page
    assert "Becomes an account" in page
    assert "It lacks: Password" in page
    assert "Sign in 3 mailboxes" in page
    assert "GEHEIM" not in reply.text
    assert s.works.recent() == []


def test_the_button_signs_in_with_them_and_its_page_reports(
    send: Send, browser: Browser, s: Services
) -> None:
    page = send("/accounts/enrol", text=LINES).text
    reply = send("/accounts/enrol", text="", sealed=sealed(page), sure="1")
    assert (reply.status_code, reply.location) == (303, "/activity/work/1")
    for state, message in (
        (ItemState.OK, "Signed in; the account is in the pool."),
        (ItemState.FAILED, "No."),
    ):
        taken = s.orders.take(("enrolment",))
        assert taken
        sign_in = s.sign_ins.begin(None, taken.item.name, taken.work_id)
        if state is ItemState.OK:
            s.sign_ins.end(sign_in, s.sign_ins.get(sign_in).outcome, message, [], account_id=2)  # type: ignore[union-attr]
        s.orders.close(replace(taken, item=replace(taken.item, state=state, message=message)))
    shown = browser.send("GET", "/activity/work/1")
    assert '<a href="/accounts/2#sign-in">amber@mail.example</a>' in shown.text
    assert "<strong>new@mail.example</strong>" in shown.text
    told = text_of(shown)
    assert "Signed in; the account is in the pool." in told
    assert "2 of 3 · 1 failed" in told
    assert "GEHEIM" not in shown.text


@pytest.mark.parametrize("text", ["", "   ", "Cookie: __Secure-C_SES=CSE.some"])
def test_where_there_is_no_mailbox_nothing_can_be_begun(send: Send, s: Services, text: str) -> None:
    page = send("/accounts/enrol", text=text, sure="1").text
    assert "No mailbox was found in this." in page or 'role="alert"' in page
    assert 'name="sure"' not in page
    assert s.works.recent() == []


def test_what_is_under_way_already_is_said(send: Send) -> None:
    send("/accounts/enrol", text=LINES, sure="1")
    reply = send("/accounts/enrol", text=LINES, sure="1")
    assert reply.status_code == 400
    assert "All of these mailboxes are being signed in already." in reply.text


def test_mailboxes_among_pasted_accounts_can_be_signed_in_with(send: Send) -> None:
    reply = send("/accounts/add", text=LINES)
    page = text_of(reply)
    assert "3 accounts found: 3 mailboxes" in page
    assert "incomplete" not in page
    assert "A mailbox: it can be signed in with" in page
    assert "Sign in with the 3 mailboxes…" in page
    assert 'formaction="/accounts/enrol"' in reply.text
    told = text_of(send("/accounts/enrol", text="", sealed=sealed(reply.text)))
    assert "3 mailboxes found" in told


def test_an_instance_that_signs_nobody_in_says_so(make_app: Callable[..., Flask]) -> None:
    browser = Browser(make_app("amber", ADMIN_PASSWORD=PASSWORD, SYNC_ONLY_MODE="1"))
    browser.sign_in()
    data = {"text": LINES, "csrf_token": browser.csrf}
    page = browser.send("POST", "/accounts/enrol", data=data).text
    assert "SYNC_ONLY_MODE" in page
    assert 'name="sure"' not in page
