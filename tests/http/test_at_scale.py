"""With a thousand accounts and a million calls every page and every list is there in 300 ms."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from many import ACCOUNTS, MOST_SECONDS, seconds
from signing_in import PASSWORD, Browser

from gemini_pool.app import create_app
from gemini_pool.settings import read_settings
from gemini_pool.wiring import EXTENSION

PAGES = (
    "/",
    "/?period=30d",
    "/accounts",
    "/accounts?page=20&sort=-name",
    "/accounts?search=seat-9",
    "/accounts?state=active",
    "/accounts/500",
    "/chat",
    "/keys",
    "/models",
    "/activity",
    "/activity?text=nowhere",
    "/activity?account=77&outcome=error",
    "/activity?tab=events",
    "/activity?tab=audit",
    "/settings",
    "/settings/security",
    "/settings/data",
)
LISTS = (
    "/api/status",
    "/api/calls",
    "/api/calls?text=nowhere",
    "/api/calls?account_id=77&outcome=error",
    "/api/api-logs?page=1000",
    "/api/api-logs?status=error",
    "/api/statistics/series?span=30d",
    "/api/statistics/tables?span=30d",
    "/api/accounts/500",
    "/api/accounts/500/history",
)
# All accounts with all that is known of them is not a page: 50 of them are.
WHOLE = ("/api/accounts", "/api/config")


@pytest.fixture(scope="module")
def browser(many_folder: Path) -> Iterator[Browser]:
    app: Flask = create_app(read_settings({"DATA_DIR": str(many_folder), "ADMIN_PASSWORD": PASSWORD}))
    browser = Browser(app)
    browser.sign_in()
    yield browser
    app.extensions[EXTENSION].close()


@pytest.mark.parametrize("address", [*PAGES, *LISTS])
def test_it_is_there_at_once(browser: Browser, address: str) -> None:
    assert browser.send("GET", address).status_code == 200
    assert seconds(lambda: browser.send("GET", address)) < MOST_SECONDS


@pytest.mark.parametrize("address", WHOLE)
def test_all_accounts_at_once_are_a_second_at_most(browser: Browser, address: str) -> None:
    assert len(browser.send("GET", address).json["accounts"]) == ACCOUNTS
    assert seconds(lambda: browser.send("GET", address)) < 1.0
