"""The door to Selenium: a browser is started as it is, spoken to, and its failures are told in our words."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium.common.exceptions import (
    InvalidSessionIdException,
    NoSuchWindowException,
    StaleElementReferenceException,
    TimeoutException,
    WebDriverException,
)
from selenium.webdriver import ActionChains, ChromeOptions, ChromeService, Keys, Remote
from selenium.webdriver.common.driver_finder import DriverFinder
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webelement import WebElement
from urllib3.exceptions import HTTPError

from gemini_pool.sign_in_errors import BrowserFailed
from gemini_pool.signin.choice import BrowserChoice, arguments, environment

BINARY, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
START_SECONDS = 60
# A page may take so long to come, and a command that much longer to be answered.
PAGE_SECONDS = 45.0
ANSWER_SECONDS = 15.0
LAST_SECONDS = 5.0
# Where the scripts of the sign-in pages ask the service.
SCRIPTS_ASK = "batchexecute"
# What a driver says whose browser ends at once, and what Selenium adds to each of its errors.
NOT_STARTED = "session not created"
MANUAL = "; For documentation on this error"

Element = WebElement
Driver = ChromeService


class TabCrashed(BrowserFailed):
    """The browser lives, but the tab is gone: another one may do."""


class Gone(BrowserFailed):
    """What was to be clicked is no longer there; the page has changed meanwhile."""


class Browser:
    """Tabs of one browser. All calls raise BrowserFailed."""

    def __init__(self, driver: Remote) -> None:
        self._driver = driver

    def go(self, address: str) -> None:
        """Open an address in this tab; a page that does not come in PAGE_SECONDS is given up."""
        with _translated(), suppress(TimeoutException):
            self._driver.get(address)

    def run(self, script: str, *given: object) -> Any:
        """What a script returns that runs in the page."""
        with _translated():
            return self._driver.execute_script(script, *given)

    def click(self, element: Element) -> None:
        """Press an element; where another one lies over it, all the same."""
        with _translated():
            try:
                element.click()
            except StaleElementReferenceException:
                raise
            except WebDriverException:
                self._driver.execute_script("arguments[0].click()", element)

    def type(self, element: Element, text: str) -> None:
        """Put the text in place of what the field holds, key by key."""
        with _translated():
            self._driver.execute_script("arguments[0].focus(); arguments[0].select?.()", element)
            ActionChains(self._driver).send_keys(text).perform()

    def enter(self) -> None:
        """Press the Enter key where the cursor stands."""
        with _translated():
            ActionChains(self._driver).send_keys(Keys.ENTER).perform()

    def cookies(self) -> list[dict[str, Any]]:
        """The cookies of the page shown, HttpOnly ones too, as WebDriver tells them."""
        with _translated():
            return [dict(cookie) for cookie in self._driver.get_cookies()]

    @property
    def source(self) -> str:
        with _translated():
            return str(self._driver.page_source)

    @property
    def tab(self) -> str:
        with _translated():
            return str(self._driver.current_window_handle)

    def picture(self) -> bytes:
        """The page as PNG."""
        with _translated():
            return bytes(self._driver.get_screenshot_as_png())

    def heard(self, word: str) -> bool:
        """Whether the service's answers to the page's scripts, since this was last asked, hold the word. What
        it says there it does not show; where the browser keeps no such log, nothing was heard."""
        with suppress(WebDriverException), _translated_way():
            log = self._driver.execute(Command.GET_LOG, {"type": "performance"})["value"]
            return any(word in self._body(one) for one in map(_answered, log) if one)
        return False

    def _body(self, request: str) -> str:
        told = {"cmd": "Network.getResponseBody", "params": {"requestId": request}}
        with suppress(WebDriverException):  # the browser keeps not all of them
            return str(self._driver.execute("executeCdpCommand", told)["value"].get("body", ""))
        return ""

    def new_tab(self) -> str:
        """Open a tab and go there."""
        with _translated():
            self._driver.switch_to.new_window("tab")
            return str(self._driver.current_window_handle)

    def new_window(self) -> str:
        """Open a window and go there; unlike a tab behind another one, what it covers goes on."""
        with _translated():
            self._driver.switch_to.new_window("window")
            return str(self._driver.current_window_handle)

    def use(self, tab: str) -> None:
        with _translated():
            self._driver.switch_to.window(tab)

    def close_others(self) -> None:
        """Close all tabs but this one."""
        with _translated():
            kept = self._driver.current_window_handle
            for other in [tab for tab in self._driver.window_handles if tab != kept]:
                with suppress(WebDriverException):  # one that has crashed may be closed already
                    self._driver.switch_to.window(other)
                    self._driver.close()
            self._driver.switch_to.window(kept)

    def hurry(self) -> None:
        """Wait no longer than LAST_SECONDS for any answer from now on."""
        self._driver.command_executor.client_config.timeout = LAST_SECONDS  # type: ignore[union-attr]

    def close(self) -> None:
        """End the browser, if it still listens: who kept a profile may write it to the disk."""
        self.hurry()
        with suppress(WebDriverException, HTTPError):
            self._driver.quit()


def start_driver(choice: BrowserChoice, run: Path, temporary: Path) -> Driver:
    """The driver as a process of its own, the leader of a session. BrowserFailed."""
    service = ChromeService(
        choice.driver or (str(DRIVER) if DRIVER.exists() else None),
        env=environment(os.environ, run, temporary),
        popen_kw={"start_new_session": True},
    )
    with _translated():
        if not service.path:
            service.path = DriverFinder(service, ChromeOptions()).get_driver_path()
        service.start()
    return service


def open_browser(choice: BrowserChoice, address: str, profile: Path | None) -> Browser:
    """A browser of the driver at that address. BrowserFailed."""
    config = ClientConfig(
        address,
        timeout=START_SECONDS,
        init_args_for_pool_manager={"init_args_for_pool_manager": {"retries": False}},
    )
    with _translated():
        connection = RemoteConnection(client_config=config, ignore_proxy=not choice.remote)
        connection.add_command(  # type: ignore[no-untyped-call]
            "executeCdpCommand", "POST", "/session/$sessionId/goog/cdp/execute"
        )
        driver = Remote(connection, options=_options(choice, profile))
        driver.set_page_load_timeout(PAGE_SECONDS)
        config.timeout = PAGE_SECONDS + ANSWER_SECONDS
    return Browser(driver)


def _answered(entry: Mapping[str, str]) -> str:
    """The id of an answered request of the pages' scripts, if that is what an entry of the log is."""
    told = json.loads(entry["message"])["message"]
    address = told["params"].get("response", {}).get("url", "")
    if told["method"] != "Network.responseReceived" or not urlsplit(address).path.endswith(SCRIPTS_ASK):
        return ""
    return str(told["params"]["requestId"])


def _options(choice: BrowserChoice, profile: Path | None) -> ChromeOptions:
    options = ChromeOptions()
    if not choice.remote and (choice.binary or BINARY.exists()):
        options.binary_location = choice.binary or str(BINARY)
    for argument in arguments(choice, profile, root=os.geteuid() == 0 and not choice.remote):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"intl.accept_languages": choice.language})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    options.page_load_strategy = "eager"
    return options


@contextmanager
def _translated_way() -> Iterator[None]:
    """The failures of the way to the driver."""
    try:
        yield
    except (HTTPError, OSError) as error:
        raise BrowserFailed(f"The browser's driver does not answer ({type(error).__name__}).") from error


@contextmanager
def _translated() -> Iterator[None]:
    """What Selenium and the way to its driver raise becomes ours."""
    try:
        with _translated_way():
            yield
    except StaleElementReferenceException as error:
        raise Gone("The page changed while it was used.") from error
    except (InvalidSessionIdException, NoSuchWindowException) as error:
        raise BrowserFailed("The browser is gone: it was closed or has crashed.") from error
    except TimeoutException as error:
        raise BrowserFailed("The page did not answer in time.") from error
    except WebDriverException as error:
        raise _failure(error.msg or "") from error


def _failure(message: str) -> BrowserFailed:
    first = (message.strip().splitlines() or ["no reason given"])[0].partition(MANUAL)[0].rstrip(".")[:300]
    if "crashed" in first:
        return TabCrashed("The browser's tab crashed.")
    if NOT_STARTED in first:
        return BrowserFailed(
            f"The browser did not start: {first}. See that chromium is installed and may run: systemd lets "
            "it in gemini-pool-jobs.service alone (deploy/README.md)."
        )
    return BrowserFailed(f"The browser failed: {first}. See that chromium and chromium-driver are installed.")
