"""A person's way through the console, in a real browser over real workers: from the first visit to a pool
that was carried into another instance."""

import json
import re
import urllib.request
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from callers import Call
from openai import OpenAI
from running import RunningPool, environment, until
from screens import WIDTHS, found, one, shoot, size

from gemini_pool.simulator.cast import make_account
from gemini_pool.simulator.server import Simulator

PASSWORD = "correct horse battery"
PAGES = (
    "/", "/accounts", "/accounts/1", "/accounts/add", "/accounts/enrol", "/accounts/unusable",
    "/account_extractor.html", "/chat", "/keys", "/keys/1", "/models", "/activity", "/activity?tab=events",
    "/activity?tab=audit", "/activity?tab=work", "/activity/jobs", "/activity/jobs/sweep", "/activity/alerts",
    "/settings", "/settings/security", "/settings/data", "/settings/peers", "/settings/peers/add", "/welcome",
)  # fmt: skip
EVERYWHERE = 10  # new connections, which both workers take their share of


class Person:
    """Somebody at a browser, who knows a console by what it says."""

    def __init__(self, browser: Any, pool: RunningPool) -> None:
        self.browser = browser
        self.pool = pool

    def go(self, path: str) -> None:
        self.browser.get(self.pool.url + path)

    @property
    def path(self) -> str:
        return str(self.browser.current_url.removeprefix(self.pool.url))

    def types(self, **fields: str) -> None:
        for name, text in fields.items():
            place = self.browser.find_element("name", name)
            place.clear()
            place.send_keys(text)

    def presses(self, word: str, within: str = "//main") -> None:
        """A button or a link, by its word."""
        has = f"[normalize-space(.)='{word}']"
        self._press(self.browser.find_element("xpath", f"{within}//button{has} | {within}//a{has}"))

    def clicks(self, selector: str) -> None:
        """What a page has no word of its own for."""
        self._press(one(self.browser, selector))

    def _press(self, element: Any) -> None:
        self.browser.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element
        )
        element.click()

    def sends(self, word: str) -> None:
        """Press what leads to another page, and wait for that."""
        self.browser.execute_script("document.documentElement.dataset.old = 'yes'")
        self.presses(word)
        until(lambda: not found(self.browser, "html[data-old]"), what=lambda: f"the page after {word}")

    def reads(self, text: str) -> None:
        """Wait until the page says something."""
        says = "return document.body?.innerText ?? ''"
        until(
            lambda: re.search(text, self.browser.execute_script(says)),
            what=lambda: f"{text!r} on {self.path}",
        )

    def signs_in(self) -> None:
        self.go("/login")
        self.types(password=PASSWORD)
        self.sends("Sign in")
        until(lambda: self.path == "/", what="the overview")


@pytest.fixture
def pool(start_pool: Callable[..., RunningPool]) -> RunningPool:
    """One that nobody has visited yet."""
    return start_pool(ACCOUNTS_CONFIG="", API_KEY="")


@pytest.fixture
def person(browser: Any, pool: RunningPool) -> Person:
    size(browser, 1440, WIDTHS[1440])
    return Person(browser, pool)


def seats(*names: str) -> str:
    return json.dumps([make_account(name).as_config() for name in names])


def test_from_the_first_visit_to_an_answer(person: Person, pool: RunningPool) -> None:
    person.go("/")
    assert person.path == "/setup"
    person.types(code="AAAA-BBBB-CCCC-DDDD", password=PASSWORD, again=PASSWORD)
    person.sends("Set the password")
    person.reads("This is not the set-up code")
    person.types(code=pool.command("password", "code").strip(), password=PASSWORD, again=PASSWORD)
    person.sends("Set the password")
    person.reads("Add the first account")
    person.sends("Add an account")
    person.types(text=seats("amber"))
    person.reads("1 account found")
    person.sends("Add 1")
    person.reads("1 account was added")
    person.go("/welcome")
    person.sends("Make a key")
    key = one(person.browser, "#key").text
    person.presses("Ask")
    person.reads(r"\[amber/")
    with OpenAI(base_url=f"{pool.url}/v1", api_key=key) as client:
        said = client.chat.completions.create(
            model="gemini-auto", messages=[{"role": "user", "content": "Hello!"}]
        )
    assert "Hello!" in (said.choices[0].message.content or "")
    person.go("/welcome")
    assert key not in person.browser.page_source


def test_a_wrong_password_is_slowed_down(browser: Any, start_pool: Callable[..., RunningPool]) -> None:
    person = Person(browser, start_pool("amber", ADMIN_PASSWORD=PASSWORD))
    person.go("/accounts")
    assert person.path == "/login?next=/accounts"
    for _ in range(5):
        person.types(password="not it at all")
        person.sends("Sign in")
        person.reads("This is not the password")
    person.types(password="not it at all")
    person.sends("Sign in")
    person.reads("Try again in")
    until(lambda: one(browser, "main button").is_enabled(), what="the wait to be over")
    person.types(password=PASSWORD)
    person.sends("Sign in")
    until(lambda: person.path == "/accounts", what="the page that was asked for")


@pytest.mark.long
def test_a_pool_is_looked_after_and_carried_elsewhere(
    browser: Any, start_pool: Callable[..., RunningPool], simulator: Simulator, tmp_path: Path
) -> None:
    person = Person(browser, start_pool("amber", "bruno", ADMIN_PASSWORD=PASSWORD))
    size(browser, 1440, WIDTHS[1440])
    person.signs_in()
    ten = [f"seat-{number}" for number in range(10)]
    person.go("/accounts/add")
    person.types(text=seats(*ten))
    person.reads("10 accounts found")
    person.sends("Add 10")
    person.reads("10 accounts were added")
    person.go("/accounts")
    person.clicks("tr[data-account='1'] form[action='/accounts/1/test'] button")
    person.reads(r"answer\s+\d+ ms")
    person.presses("Disable", within="//tr[@data-account='1']")
    person.reads("Disabled")
    until(lambda: all_workers_see(person.pool, browser), what="every worker to know")
    file = tmp_path / "pool.json"
    file.write_text(exported(person.pool, browser))
    other = another(simulator, tmp_path)
    with other:
        there = Person(browser, other)
        there.signs_in()
        there.go("/settings/data")
        one(browser, "#file").send_keys(str(file))
        there.presses("Look into it")
        there.reads("12 would be added")
        there.sends("Take it over")
        there.reads("12")
        there.go("/accounts")
        there.reads("amber")
        assert "seat-9" in one(browser, "main").text
        with Call(other, stream=False) as call:
            assert call.status == 200


@pytest.mark.long
def test_every_page_in_both_themes_and_languages_on_a_desk_and_on_a_phone(
    browser: Any, start_pool: Callable[..., RunningPool]
) -> None:
    person = Person(browser, start_pool("amber", "bruno", "clara", ADMIN_PASSWORD=PASSWORD))
    person.pool.command("keys", "create", "Anna")
    for _ in range(3):
        with Call(person.pool, stream=False) as call:
            assert call.status == 200
    person.signs_in()
    for (theme, language), width in product((("light", "en"), ("dark", "zh_CN")), (1440, 390)):
        person.go(f"/look?theme={theme}&language={language}&next=/health")
        for page in PAGES:
            size(browser, width, WIDTHS[width])
            person.go(page)
            name = re.sub(r"\W+", "-", page).strip("-") or "overview"
            shoot(browser, f"{name}-{width}-{theme}-{language}")
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width, page
            assert found(browser, f"html[data-bs-theme={theme}][lang^={language[:2]}]"), page
    told = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    # Of streams there are few, and what is no page has no picture.
    assert not [line for line in told if "/api/events" not in line and "favicon" not in line]


def all_workers_see(pool: RunningPool, browser: Any) -> bool:
    seen = [ask(pool, browser, "/api/accounts/1")["account"]["enabled"] for _ in range(EVERYWHERE)]
    return not any(seen)


def exported(pool: RunningPool, browser: Any) -> str:
    return json.dumps(ask(pool, browser, "/api/config/export?secrets=1"))


def ask(pool: RunningPool, browser: Any, path: str) -> Any:
    """A request on a connection of its own, with the browser's session."""
    token = browser.get_cookie("admin_token")["value"]
    request = urllib.request.Request(pool.url + path, headers={"x-admin-token": token})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def another(simulator: Simulator, folder: Path) -> RunningPool:
    """An empty instance."""
    data = folder / "another"
    data.mkdir()
    settings = environment(simulator, data, ()) | {"ACCOUNTS_CONFIG": "", "ADMIN_PASSWORD": PASSWORD}
    return RunningPool(settings, data)
