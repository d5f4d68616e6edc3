"""A real browser on the accounts: steps as they happen, ticking, the box for anything, the user script."""

import json
import os
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from running import until
from signing_in import COOKIE, PASSWORD, Browser
from werkzeug.serving import make_server

from gemini_pool.roster import QuotaKind, Standing, Verdict
from gemini_pool.simulator.cast import SimAccount, make_account
from gemini_pool.simulator.world import World
from gemini_pool.store.orders import refreshes
from gemini_pool.store.profiles import Changes
from gemini_pool.store.sign_ins import SignInOutcome
from gemini_pool.store.works import Step
from gemini_pool.wiring import EXTENSION, Services

Keys = pytest.importorskip("selenium.webdriver.common.keys", reason="selenium is not installed").Keys

WIDTHS = {390: 844, 768: 1024, 1440: 900}
SCREENS = Path(__file__).resolve().parents[2] / "build" / "screens"
SCRIPT = Path(__file__).resolve().parents[2] / "static" / "extractor.user.js"
PERSON = "The service takes this browser for a machine (CAPTCHA_CHECK_FAILED): sign in by hand."
PICTURE = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LIMIT = "429 RESOURCE_EXHAUSTED: the quota of pictures is used up for today"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """A pool with something of everything."""
    app = make_app("amber", "bruno", "clara", "dieter", "emil", ADMIN_PASSWORD=PASSWORD, DAILY_IMAGES="50")
    s: Services = app.extensions[EXTENSION]
    now = time.time()
    amber, bruno, clara, dieter, emil = s.accounts.accounts()
    s.accounts.edit(amber.id, Changes(email="amber@example.org", expires_at=now + 26 * 3600))
    s.accounts.record(bruno, Verdict(LIMIT, kind=QuotaKind.IMAGES, until=now + 7300))
    s.accounts.record(clara, Verdict("getoxsrf sent us to the sign-in page", standing=Standing.NEEDS_SIGN_IN))
    s.accounts.switch(dieter.id, enabled=False)
    for number in range(12):
        s.tally.count(amber.id, QuotaKind.TEXT, failed=number == 3)
    s.tally.flush()
    sign_in_fails(s, emil.id)
    return app


def sign_in_fails(s: Services, account_id: int) -> None:
    """One that the pool signs in, in vain the last time and ordered anew since."""
    s.accounts.edit(account_id, Changes(mailbox={"mail_provider": "imap", "mail_address": "e@mail.example"}))
    profile = s.accounts.profile(account_id)
    assert profile
    sign_in = s.sign_ins.begin(account_id, profile.account.name, 1)
    s.sign_ins.keep(sign_in, PICTURE, "<html>")
    s.sign_ins.end(sign_in, SignInOutcome.PERSON, PERSON, [Step("browser", 1210), Step("open", 300)])
    s.sign_ins.went_wrong(account_id, PERSON, again=False, pause=900)
    s.orders.place("refresh", "Sign-in of emil", refreshes([profile]))


@pytest.fixture
def console(browser: Any, app: Flask) -> Iterator[str]:
    """The console's address, with the browser signed in to it, on a wide screen."""
    session = Browser(app)
    session.sign_in()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    size(browser, 1440)
    browser.get(f"{address}/health")
    browser.add_cookie({"name": COOKIE, "value": session.token, "path": "/"})
    yield address
    browser.get("about:blank")
    server.shutdown()
    thread.join()
    server.server_close()


def size(browser: Any, width: int, height: int | None = None) -> None:
    screen = {
        "width": width,
        "height": height or WIDTHS[width],
        "deviceScaleFactor": 1,
        "mobile": width < 500,
    }
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def found(browser: Any, selector: str) -> list[Any]:
    return list(browser.find_elements("css selector", selector))


def one(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def text(browser: Any, selector: str) -> str:
    """What an element says at this moment, though it may be replaced meanwhile."""
    script = "return document.querySelector(arguments[0])?.textContent ?? ''"
    return str(browser.execute_script(script, selector))


def fill(browser: Any, selector: str, value: str) -> None:
    """As if it was pasted."""
    script = (
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
    )
    browser.execute_script(script, one(browser, selector), value)


def pasted(account: SimAccount) -> str:
    """What a browser shows of an account."""
    return (
        f"https://business.gemini.google/home/cid/{account.config_id}?csesidx={account.csesidx}\n"
        f"Cookie: __Secure-C_SES={account.secure_c_ses}; __Host-C_OSES={account.host_c_oses}\n"
    )


def shoot(browser: Any, name: str, width: int) -> None:
    """The whole page into build/screens/, for the eye: SCREENS=1 pytest tests/browser/test_accounts.py."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    height = browser.execute_script("return document.documentElement.scrollHeight")
    size(browser, width, max(600, height))
    browser.save_screenshot(str(SCREENS / f"{name}.png"))
    size(browser, width)


PAGES = (
    "/accounts", "/accounts/3", "/accounts/5", "/accounts/1?kind=cfmail", "/accounts/add", "/accounts/enrol",
    "/accounts/unusable", "/account_extractor.html", "/activity?tab=work", "/activity/work/1",
)  # fmt: skip


@pytest.mark.long
def test_nothing_is_wider_than_the_screen_and_nothing_is_refused(browser: Any, console: str) -> None:
    for theme, language in (("light", "en"), ("dark", "zh_CN")):
        browser.get(f"{console}/look?theme={theme}&language={language}&next=/health")
        for page, width in product(PAGES, WIDTHS):
            size(browser, width)
            browser.get(console + page)
            if page == "/accounts/add":
                fill(browser, "#text", pasted(make_account("frida")) + "\n\n" + pasted(make_account("amber")))
                until(lambda: found(browser, "#preview .found"), what="the preview")
            if "SCREENS" in os.environ:
                shoot(browser, f"{page.strip('/').replace('/', '-')}-{width}-{theme}-{language}", width)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    told = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert not [line for line in told if "favicon" not in line and "/api/events" not in line]


def test_a_test_shows_its_steps_as_they_happen(browser: Any, console: str, world: World) -> None:
    world.behave("amber", first_delay=1.0)
    browser.get(f"{console}/accounts")
    one(browser, "tr[data-account='1'] form[action='/accounts/1/test'] button").send_keys(Keys.ENTER)
    trial = "tr[data-account='1'] .trial"
    until(lambda: "session" in text(browser, trial), what="the first steps")
    assert "answer" not in text(browser, trial)
    until(lambda: "answer" in text(browser, trial), what="the last step")
    until(lambda: not found(browser, f"{trial}[data-running]"), what="the end")
    assert browser.current_url == f"{console}/accounts"


def test_a_test_that_fails_tells_what_the_service_said(browser: Any, console: str, world: World) -> None:
    world.behave("amber", xsrf="302-login")
    browser.get(f"{console}/accounts/1")
    one(browser, "form[action='/accounts/1/test'] button").click()
    until(lambda: found(browser, ".trial .tone-bad"), what="the failure")
    assert "token" not in text(browser, ".trial .tone-good")


def test_work_for_several_is_followed_and_stopped(browser: Any, console: str, world: World) -> None:
    world.behave(None, first_delay=3.0)
    browser.get(f"{console}/accounts")
    assert not one(browser, ".bulk").is_displayed()
    one(browser, "[data-tick-all]").click()
    until(lambda: "5 accounts are ticked" in text(browser, ".bulk-count"), what="the count")
    one(browser, ".bulk [value=test]").click()
    until(lambda: "session" in text(browser, "#work"), what="the work")
    one(browser, "#work .working-line button").click()
    until(lambda: "Stopped" in text(browser, "#work"), what=lambda: text(browser, "#work"))


NEWS = """
    document.activeElement.blur()
    document.querySelector('tr[data-account="1"]').dataset.old = 'yes'
    performance.clearResourceTimings()
    document.dispatchEvent(new CustomEvent('pool:account_update', {detail: {ref: '1'}}))
"""
FETCHED = "return performance.getEntriesByType('resource').some(one => one.name.endsWith('/accounts'))"


def test_a_ticked_table_is_not_taken_away_by_news(browser: Any, console: str) -> None:
    browser.get(f"{console}/accounts")
    one(browser, "tr[data-account='2'] [name=ids]").click()
    browser.execute_script(NEWS)
    until(lambda: browser.execute_script(FETCHED), what="the news to be fetched")
    assert one(browser, "tr[data-account='2'] [name=ids]").is_selected()
    assert found(browser, "tr[data-old]")
    one(browser, "tr[data-account='2'] [name=ids]").click()
    browser.execute_script(NEWS)
    until(lambda: not found(browser, "tr[data-old]"), what="the fresh table")
    assert one(browser, "[data-tick-all]").is_displayed()


def test_what_a_test_told_stays_when_the_table_is_fetched_anew(browser: Any, console: str) -> None:
    browser.get(f"{console}/accounts")
    one(browser, "tr[data-account='1'] form[action='/accounts/1/test'] button").click()
    until(lambda: "answer" in text(browser, "tr[data-account='1'] .trial"), what="the test")
    browser.execute_script(NEWS)
    until(lambda: not found(browser, "tr[data-old]"), what="the fresh table")
    assert "answer" in text(browser, "tr[data-account='1'] .trial")


def test_the_box_tells_what_is_in_it_and_the_button_does_it_by_the_keyboard(
    browser: Any, console: str, app: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "account.txt"
    file.write_text(pasted(make_account("gustav")))
    browser.get(f"{console}/accounts/add")
    fill(browser, "#text", "nothing that is known")
    until(lambda: "No account was found" in text(browser, "#preview"), what="the refusal")
    fill(browser, "#text", pasted(make_account("frida")))
    until(lambda: "1 account found: 1 new" in text(browser, "#preview"), what="the preview")
    one(browser, "[type=file]").send_keys(str(file))
    until(lambda: "2 accounts found: 2 new" in text(browser, "#preview"), what="the file as well")
    assert text(browser, "[data-file-names]") == "account.txt"
    assert len(app.extensions[EXTENSION].accounts.accounts()) == 5
    one(browser, "#preview [name=sure]").send_keys(Keys.ENTER)
    until(lambda: browser.current_url == f"{console}/accounts", what="the table")
    assert "2 accounts were added" in one(browser, ".message").text
    assert len(app.extensions[EXTENSION].accounts.accounts()) == 7


# How Tampermonkey shows cookies to a script, and how one without that API does.
SEES = "window.GM_cookie = {list: (_, back) => back(%s, null)}\n"
TAKES = "window.GM_setClipboard = text => { window.copied = text }\n"


@pytest.mark.parametrize("sees_cookies", [True, False])
def test_the_user_script_copies_what_our_box_reads(browser: Any, console: str, sees_cookies: bool) -> None:
    account = make_account("frida")
    cookies = [
        {"name": "__Secure-C_SES", "value": account.secure_c_ses},
        {"name": "__Host-C_OSES", "value": account.host_c_oses},
        {"name": "NID", "value": "another"},
    ]
    browser.get(f"{console}/home/cid/{account.config_id}/settings?csesidx={account.csesidx}")
    given = SEES % json.dumps(cookies) if sees_cookies else ""
    browser.execute_script(given + TAKES + SCRIPT.read_text())
    one(browser, "#gemini-pool-copy").click()
    until(lambda: browser.execute_script("return window.copied"), what="the copy")
    copied = browser.execute_script("return window.copied")
    assert "another" not in copied
    assert ("without" in text(browser, "#gemini-pool-copy")) is not sees_cookies
    browser.get(f"{console}/accounts/add")
    fill(browser, "#text", copied)
    wanted = "1 account found: 1 new" if sees_cookies else "1 account found: 1 incomplete"
    until(lambda: wanted in text(browser, "#preview"), what="the preview")


def test_a_row_s_menu_stands_below_its_button_and_over_the_rows_beneath(browser: Any, console: str) -> None:
    browser.get(f"{console}/accounts")
    one(browser, "tr .more summary").send_keys(Keys.ENTER)
    until(lambda: one(browser, "tr .more-list").is_displayed(), what="the menu")
    aligned = """
        const box = one => document.querySelector(`tr .more ${one}`).getBoundingClientRect()
        return Math.abs(box('.more-list').right - box('summary').right) < 2
    """
    until(lambda: browser.execute_script(aligned), what="the menu to be in its place")
    on_top = """
        const last = [...document.querySelectorAll('tr .more[open] .btn')].at(-1)
        const {right, top} = last.getBoundingClientRect()
        return last.contains(document.elementFromPoint(right - 24, top + 8))
    """
    assert browser.execute_script(on_top)
    assert found(browser, "tr .more[open] .btn")[-1].text == "Delete…"
