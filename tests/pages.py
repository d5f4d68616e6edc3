"""Somebody on the pages of the console, without scripts: he reads them and sends their forms."""

import re
from html import unescape
from typing import Any

from flask import Flask
from signing_in import PASSWORD, Browser

from gemini_pool.wiring import EXTENSION, Services

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Person:
    """Signed in, with the cookie alone: each form has to bring its proof."""

    def __init__(self, app: Flask, **more: str) -> None:
        self.browser = Browser(app)
        self.services: Services = app.extensions[EXTENSION]
        self.signed_in = self.browser.sign_in(PASSWORD, **more)
        self._proof, self.browser.csrf = self.browser.csrf, ""

    def see(self, path: str, **more: Any) -> Any:
        """A page, in English."""
        return self.browser.send("GET", path, headers=HTML, **more)

    def send(self, path: str, fields: dict[str, Any] | None = None, **more: Any) -> Any:
        """A form of a page, and its answer."""
        data = {"csrf_token": self._proof, **(fields or {})}
        return self.browser.send("POST", path, data=data, headers=HTML, **more)

    def after(self, path: str, fields: dict[str, Any] | None = None, **more: Any) -> str:
        """The text of the page that a form leads to."""
        answer = self.send(path, fields, **more)
        assert answer.status_code == 303, text_of(answer)
        return text_of(self.see(answer.headers["location"]))

    def deeds(self) -> list[str]:
        """What the audit has, the oldest first, without signing in."""
        return [one.action for one in reversed(self.services.audit.page())][1:]


def text_of(answer: Any) -> str:
    """What one reads on a page: no tags, no scripts, single spaces."""
    body = re.sub(r"(?s)<head>.*?</head>|<script.*?</script>|<nav class=\"rail\".*?</nav>", " ", answer.text)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def beside(answer: Any, field: str) -> str:
    """What is said to be wrong beside a field; empty when nothing is."""
    found = re.search(rf'id="{field}-error">(.*?)</p>', answer.text, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", found[1])).split()) if found else ""
