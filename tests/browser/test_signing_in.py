"""From an account whose cookies died to one that answers, by the buttons of its page alone: real workers, a
real sign-in in a browser of the pool, a letter with a code."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from callers import Call
from running import RunningPool, until
from screens import WIDTHS, one, size
from signing_in import COOKIE, PASSWORD

from gemini_pool.simulator.mail.boxes import make_box
from gemini_pool.simulator.server import Simulator

SIGN_IN_SECONDS = 60


@pytest.fixture
def pool(start_pool: Callable[..., RunningPool]) -> RunningPool:
    return start_pool("amber", ADMIN_PASSWORD=PASSWORD, AUTO_REFRESH_COOKIE="0")


@pytest.fixture
def page(browser: Any, pool: RunningPool) -> Any:
    """The browser, signed in to the console, on a wide screen."""
    size(browser, 1440, WIDTHS[1440])
    browser.get(f"{pool.url}/login")
    one(browser, "[name=password]").send_keys(PASSWORD)
    one(browser, "main button").click()
    until(lambda: browser.get_cookie(COOKIE), what="the session")
    return browser


def press(page: Any, selector: str) -> None:
    element = one(page, selector)
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
    element.click()


def says(page: Any, selector: str, pattern: str, seconds: float = 15) -> None:
    """Wait until an element says something."""
    script = "return document.querySelector(arguments[0])?.innerText ?? ''"
    until(
        lambda: re.search(pattern, page.execute_script(script, selector)),
        seconds=seconds,
        what=lambda: f"{pattern!r} in {page.execute_script(script, 'body')}",
    )


def test_a_mailbox_is_named_tested_and_signs_its_account_in(
    page: Any, pool: RunningPool, simulator: Simulator
) -> None:
    box = make_box("amber").cfmail(simulator.url)
    simulator.world.sign_out("amber")
    page.get(f"{pool.url}/accounts/1?kind=cfmail#mailbox")
    for name in ("mail_address", "mail_jwt_token", "mail_base_url"):
        one(page, f"[name={name}]").send_keys(box[name])
    press(page, "#mailbox [formaction]")
    says(page, "#mailbox-tried", "The mailbox can be read: amber@mail.example · it is empty")
    assert one(page, "[name=mail_jwt_token]").get_attribute("value") == box["mail_jwt_token"]
    press(page, "#mailbox .btn-primary")
    says(page, "main", "The mailbox is saved")
    press(page, "#sign-in form[action$='/refresh'] button")
    says(page, "#work", "1 of 1", SIGN_IN_SECONDS)
    says(page, "#work", "Done")
    says(page, "#sign-in .sign-ins", "Signed in, with new cookies")
    press(page, "#sign-in .step-fold summary")
    says(page, "#sign-in .sign-ins", r"code received")
    with Call(pool, stream=False) as call:
        assert call.status == 200
