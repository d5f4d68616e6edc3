"""A real browser on the pages of the console: what their scripts do, narrow screens, the keyboard."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from running import until
from signing_in import PASSWORD
from werkzeug.serving import make_server

from gemini_pool.jobs.leader import LOCK_FILE, Leader
from gemini_pool.store.alerts import Condition
from gemini_pool.store.job_book import JobEntry
from gemini_pool.store.journal import CallRecord
from gemini_pool.store.peers import GivenPeer
from gemini_pool.wiring import EXTENSION, Services

Keys = pytest.importorskip("selenium.webdriver.common.keys", reason="selenium is not installed").Keys

PAGES = (
    "/keys", "/keys/1", "/models", "/models/edit?id=gemini-auto", "/activity?open=1", "/activity?tab=events",
    "/activity?tab=audit", "/activity/jobs", "/activity/jobs/sweep", "/activity/alerts", "/settings/peers",
    "/settings/peers/1", "/settings", "/settings/upstream", "/settings/security", "/settings/data",
    "/welcome", "/nothing",
)  # fmt: skip
CALL = CallRecord(
    at=0,
    request_id="req_of_the_tests_with_a_long_id",
    key_id=1,
    key_name="Laptop",
    account_id=1,
    model="a-model-with-a-rather-long-name",
    endpoint="/v1/chat/completions",
    outcome="error",
    error="Busy",
    first_ms=None,
    total_ms=900,
    prompt_tokens=10,
    completion_tokens=20,
    error_message="No_space_in_this_message_" * 8,
)


@dataclass
class Console:
    """Somebody signed in, in a browser."""

    browser: Any
    address: str
    services: Services

    def go(self, path: str) -> None:
        self.browser.get(self.address + path)

    def one(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def wait(self, text: str, within: str = "main") -> None:
        read = "return document.querySelector(arguments[0])?.innerText ?? ''"
        until(lambda: text in self.browser.execute_script(read, within), what=text)

    def press(self, *keys: str) -> None:
        self.browser.switch_to.active_element.send_keys(*keys)

    def record(self, **more: object) -> None:
        self.services.journal.record(CallRecord(**{**vars_of(CALL), "at": time.time(), **more}))
        self.services.behind.flush()


def vars_of(call: CallRecord) -> dict[str, Any]:
    return {name: getattr(call, name) for name in call.__slots__}


@pytest.fixture
def console(browser: Any, make_app: Callable[..., Flask]) -> Iterator[Console]:
    app = make_app("amber", ADMIN_PASSWORD=PASSWORD)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    console = Console(browser, f"http://127.0.0.1:{server.server_port}", app.extensions[EXTENSION])
    console.go("/login?next=/keys")
    console.press(PASSWORD, Keys.ENTER)  # the field has the focus
    until(lambda: "/keys" in browser.current_url, what="the sign-in")
    yield console
    browser.get("about:blank")
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_key_is_made_by_the_keyboard_and_gone_after_a_reload(console: Console) -> None:
    console.one("#name").send_keys("Laptop", Keys.ENTER)
    console.wait("Copy it now")
    key = console.one("#key").text
    assert key.startswith("sk-gp-")
    assert console.browser.current_url.endswith("/keys/1")
    console.browser.refresh()
    console.wait("No calls in this time.")
    assert key not in console.browser.page_source
    assert len(console.services.keys.list()) == 1


def test_the_first_question_ends_with_an_answer(console: Console) -> None:
    console.go("/welcome")
    console.one("#ask").send_keys(Keys.ENTER)
    console.wait("First words after")
    assert "amber" in console.one(".answer-text").text
    assert console.one("#finished").is_displayed()


def test_a_file_stays_chosen_between_the_look_and_the_taking_over(console: Console, tmp_path: Path) -> None:
    account = {"secure_c_ses": "CSE.x", "csesidx": "99", "team_id": "11-22", "id": "new@example.org"}
    file = tmp_path / "pool.json"
    file.write_text(json.dumps({"accounts": [account]}))
    console.go("/settings/data")
    console.one("#file").send_keys(str(file))
    console.one("#import .btn").send_keys(Keys.ENTER)
    console.wait("The file holds one account")
    console.one("#preview .btn-primary").send_keys(Keys.ENTER)
    console.wait("Taken over: 1 accounts added")


def test_the_tail_shows_what_happens_until_it_is_paused(console: Console) -> None:
    console.go("/activity")
    console.wait("No calls yet.")
    console.record(model="first")
    console.wait("first")
    console.one("[data-tail]").click()
    console.wait("Go on")
    console.record(model="second")
    time.sleep(3.5)  # longer than the tail waits, for nothing can be awaited that must not happen
    assert "second" not in console.one("main").text
    console.one("[data-tail]").click()
    console.wait("second")


def test_a_proxy_is_tried_without_leaving_the_page(console: Console) -> None:
    console.go("/settings/upstream")
    console.one("#PROXY").send_keys("ftp://x")
    console.one("[data-try-proxy]").click()
    console.wait("does not begin with http", "#tried")
    console.one("#PROXY").clear()
    console.one("[data-try-proxy]").click()
    console.wait("The service answered in", "#tried")


def test_trouble_is_told_on_whatever_page_is_open(console: Console) -> None:
    console.browser.execute_script("document.documentElement.dataset.kept = 'yes'")
    trouble = Condition("person:1", "account_needs_human", "amber needs somebody", "It is.", (1, "amber"))
    for _ in range(2):
        console.services.alerts.look([trouble], [])
    console.wait("amber needs somebody", "#toasts")
    assert console.one("html").get_attribute("data-kept") == "yes", "the page was not loaded anew"
    console.one("#toasts a").click()
    until(lambda: console.browser.current_url.endswith("/accounts/1"), what="the account's page")


def test_trouble_is_told_where_no_events_come_too(console: Console) -> None:
    object.__setattr__(console.services.office, "listeners", threading.Semaphore(0))
    trouble = [Condition(key, key, f"{key} is wrong", "") for key in ("first", "second")]
    console.services.alerts.look(trouble[:1], [])
    console.services.alerts.look(trouble[:1], [])
    console.go("/keys")
    poll(console)
    for _ in range(2):
        console.services.alerts.look(trouble, [])
    poll(console)
    console.wait("second is wrong", "#toasts")
    poll(console)
    assert len(console.browser.find_elements("css selector", ".toast-note")) == 1, (
        "what was there is not told"
    )


def poll(console: Console) -> None:
    """Have the page look for itself, as it does where it hears nothing, and wait until it has read."""
    looks = (
        "return performance.getEntriesByType('resource').filter(one => one.name.endsWith('/alerts')).length"
    )
    before = console.browser.execute_script(looks)
    console.browser.execute_script("document.dispatchEvent(new CustomEvent('pool:poll'))")
    until(lambda: console.browser.execute_script(looks) > before, what="a look at the alerts")


def test_a_run_appears_in_the_table_of_jobs_as_it_begins_and_ends(console: Console) -> None:
    book = console.services.job_book
    book.open([JobEntry("sweep", "Delete what is old", 3600)], since=0)
    leader = Leader(console.services.settings.data_path / LOCK_FILE)
    assert leader.try_lead()
    console.go("/activity/jobs")
    console.wait("none yet", "#jobs")
    run_id = book.begin("sweep", 77, ordered=False, next_at=4e9)
    console.wait("Running", "#jobs")
    book.end("sweep", run_id, ok=True, message="Nothing was old.", next_at=4e9)
    console.wait("Nothing was old.", "#jobs")
    leader.resign()


def furnish(services: Services) -> None:
    """Jobs, trouble and other instances with long names and much to say."""
    book, long = services.job_book, "No_space_in_this_message_" * 8
    book.open([JobEntry("sweep", "Delete what is old", 3600), JobEntry("new", long, 60)], since=0)
    for name in ("sweep", "new"):
        book.end(name, book.begin(name, 77, ordered=True, next_at=4e9), ok=False, message=long, next_at=4e9)
    for _ in range(2):
        services.alerts.look([Condition("x", "account_needs_human", long, long, (1, long))], [])
    peer_id = services.peers.add(GivenPeer(long[:100], f"https://{long}.example/{long}", "gp-sync-x"))
    services.peers.failed(peer_id, long)
    services.sync_tokens.create(long)


def test_no_page_is_wider_than_its_screen_and_nothing_is_refused(console: Console) -> None:
    console.services.keys.create("A_key_with_a_name_that_is_long_and_has_no_space_in_it", per_minute=3)
    furnish(console.services)
    console.record()
    for width in (390, 768, 1440):
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        console.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        for page in PAGES:
            console.go(page)
            wide = console.browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, (page, width)
    told = [line["message"] for line in console.browser.get_log("browser") if line["level"] == "SEVERE"]
    assert not [line for line in told if "/api/events" not in line and "/nothing" not in line]
