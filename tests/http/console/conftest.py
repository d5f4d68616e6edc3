"""A console over some of the cast, and a browser that is signed in to it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from signing_in import PASSWORD, Browser

from gemini_pool.wiring import EXTENSION, Services

CAST = ("amber", "bruno", "clara", "dieter")


@pytest.fixture
def console(make_app: Callable[..., Flask]) -> Flask:
    return make_app(*CAST, ADMIN_PASSWORD=PASSWORD)


@pytest.fixture
def s(console: Flask) -> Services:
    found: Services = console.extensions[EXTENSION]
    return found


@pytest.fixture
def browser(console: Flask) -> Browser:
    found = Browser(console)
    found.sign_in()
    return found


@pytest.fixture
def send(browser: Browser) -> Callable[..., Any]:
    """Send a form as a browser without scripts does."""

    def sent(path: str, **form: Any) -> Any:
        data = {"csrf_token": browser.csrf, **form}
        return browser.send("POST", path, data=data, headers={"x-csrf-token": "", "accept": "text/html"})

    return sent
