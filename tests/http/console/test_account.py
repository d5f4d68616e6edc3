"""An account's own page: its story, its form, its new cookies."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from signing_in import Browser

from gemini_pool.roster import Standing, Verdict, masked
from gemini_pool.simulator.cast import make_account
from gemini_pool.simulator.world import World
from gemini_pool.store.journal import AttemptRecord, CallRecord
from gemini_pool.store.profiles import Changes, Profile
from gemini_pool.wiring import Services

Send = Callable[..., Any]
AMBER, BRUNO = 1, 2
NEW = "CSE.a-new-sign-in-0123456789"


def profile(s: Services) -> Profile:
    found = s.accounts.profile(AMBER)
    assert found
    return found


def form_of(s: Services, **changed: str) -> dict[str, str]:
    """What a browser sends back of the form that it was shown."""
    account, given = profile(s).account, profile(s).given
    return {
        **profile(s).cookies,
        "name": account.name,
        "email": given.email,
        "config_id": account.credentials.config_id,
        "csesidx": account.credentials.csesidx,
        "user_agent": account.credentials.user_agent,
        "note": given.note,
        "external_id": given.external_id,
        "trial_end": given.trial_end,
        **changed,
    }


def test_it_tells_what_happened_and_why(browser: Browser, s: Services) -> None:
    refused = Verdict("getoxsrf sent us to the sign-in", standing=Standing.NEEDS_SIGN_IN)
    s.accounts.record(profile(s).account, refused)
    page = browser.send("GET", "/accounts/1").text
    assert "Needs sign-in: getoxsrf sent us to the sign-in" in page
    assert "The service refused its cookies" in page
    assert masked(make_account("amber").secure_c_ses) in page


def call(number: int, **changed: Any) -> CallRecord:
    held: dict[str, Any] = {
        "at": time.time() - number,
        "request_id": f"req-{number}",
        "key_id": None,
        "key_name": "",
        "account_id": BRUNO,
        "model": "gemini-2.5-pro",
        "endpoint": "/v1/chat/completions",
        "outcome": "ok",
        "error": "",
        "first_ms": 200,
        "total_ms": 900,
        "prompt_tokens": 1,
        "completion_tokens": 1,
    }
    return CallRecord(**held | changed)


def test_it_tells_what_upstream_said_whoever_answered_then(browser: Browser, s: Services) -> None:
    s.journal.record(call(1, attempts=(AttemptRecord(AMBER, "Busy", "502 <b>from upstream</b>", 340),)))
    s.journal.record(
        call(2, account_id=AMBER, outcome="error", error="BadReply", error_message="garbage came")
    )
    s.journal.record(call(3, attempts=(AttemptRecord(BRUNO, "Busy", "of another account", 340),)))
    s.journal.flush()
    page = browser.send("GET", "/accounts/1").text
    assert "502 &lt;b&gt;from upstream&lt;/b&gt;" in page
    assert "another account answered" in page
    assert "garbage came" in page
    assert "the caller got no answer" in page
    assert "of another account" not in page


def test_its_numbers_are_those_of_the_journal(browser: Browser, s: Services) -> None:
    assert "It was not asked in this time." in browser.send("GET", "/accounts/1").text
    s.journal.record(call(1, account_id=AMBER))
    s.journal.flush()
    for period in ("24h", "7d", "30d", "nonsense"):
        assert 'data-chart="columns"' in browser.send("GET", f"/accounts/1?period={period}").text


def test_what_is_sent_back_as_it_was_shown_changes_nothing(send: Send, s: Services) -> None:
    held = Changes(expires_at=time.time() + 5000.5, note="two\nlines", mailbox={"mail_password": "x" * 20})
    s.accounts.edit(AMBER, held)
    before = profile(s)
    by_browser = {"note": "two\r\nlines"}  # a browser ends lines so
    shown = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before.account.expires_at))
    assert send("/accounts/1", **form_of(s, expires_at=shown, **by_browser)).status_code == 303
    assert profile(s).given == before.given
    assert "account.edited" not in [entry.action for entry in s.audit.page()]


def test_what_was_changed_is_changed_and_nothing_else(send: Send, s: Services) -> None:
    before = profile(s).given
    changed = {"name": "amber two", "note": "of the team"}
    changed |= {"expires_at": "2027-01-02T03:04:05Z", "trial_end": "2027-01-31", "host_c_oses": ""}
    assert send("/accounts/1", **form_of(s, **changed)).status_code == 303
    after = profile(s).given
    assert (after.name, after.note, after.trial_end) == ("amber two", "of the team", "2027-01-31")
    assert after.expires_at == 1798859045
    assert after.credentials.host_c_oses == ""
    assert after.credentials.secure_c_ses == before.credentials.secure_c_ses
    assert [entry.action for entry in s.audit.page()].count("account.edited") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trial_end", "tomorrow"),
        ("expires_at", "soon"),
        ("csesidx", "with\u00a0space\n"),
        ("name", "n" * 300),
        ("secure_c_ses", "x y"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    send: Send, s: Services, field: str, value: str
) -> None:
    before = profile(s).given
    reply = send("/accounts/1", **form_of(s, note="kept in the form", **{field: value}))
    assert reply.status_code == 400
    assert f'id="{field}-error"' in reply.text
    assert "kept in the form" in reply.text
    assert profile(s).given == before


def test_new_cookies_are_a_new_sign_in(send: Send, browser: Browser, s: Services, world: World) -> None:
    new = world.wallet.rotate(world.accounts["amber"])
    s.accounts.record(profile(s).account, Verdict("dead", standing=Standing.NEEDS_SIGN_IN))
    reply = send("/accounts/1/cookies", new_secure_c_ses=f" {new} ", new_host_c_oses="", new_csesidx="")
    assert (reply.status_code, reply.location) == (303, "/accounts/1")
    assert profile(s).account.standing is Standing.GOOD
    assert profile(s).account.credentials.secure_c_ses == new
    assert profile(s).account.credentials.host_c_oses == make_account("amber").host_c_oses
    assert new not in browser.send("GET", "/accounts/1").text


def test_cookies_that_the_service_refuses_are_told_and_not_kept(send: Send, s: Services) -> None:
    before = profile(s).given
    reply = send("/accounts/1/cookies", new_secure_c_ses=NEW, new_host_c_oses="", new_csesidx="")
    assert reply.status_code == 400
    assert "refuses these cookies" in reply.text
    assert profile(s).given == before


@pytest.mark.parametrize("given", [{}, {"new_secure_c_ses": "with space"}])
def test_cookies_that_are_none_are_told_beside_their_field(send: Send, given: dict[str, str]) -> None:
    reply = send("/accounts/1/cookies", **given)
    assert reply.status_code == 400
    assert 'id="new_secure_c_ses-error"' in reply.text
    assert "with space" not in reply.text


def test_a_deleted_account_is_told_to_be_gone(browser: Browser, s: Services) -> None:
    s.accounts.delete([AMBER])
    assert browser.send("GET", "/accounts/1").status_code == 404


@pytest.mark.parametrize("path", ["", "/cookies", "/toggle", "/test"])
def test_an_account_that_is_not_there_is_told_on_a_page(send: Send, path: str) -> None:
    reply = send(f"/accounts/99{path}", new_csesidx="1")
    assert reply.status_code == 404
    assert "<h1>Nothing here</h1>" in reply.text
