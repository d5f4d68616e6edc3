"""How long is waited for what comes of a click."""

from typing import Any

import pytest

from gemini_pool.sign_in_errors import BrowserFailed
from gemini_pool.signin.hands import Hands
from gemini_pool.signin.pages import Place
from gemini_pool.signin.patience import Patience

REFUSED = "Incorrect code"


class FakeBrowser:
    """Shows one page after the other, the last one for ever."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = list(pages)
        self.looks = 0

    def run(self, script: str, *given: object) -> dict[str, Any]:
        page = self._pages[min(self.looks, len(self._pages) - 1)]
        self.looks += 1
        return {"address": "https://b.example/v1/verify-oob-code", "found": {"code": object()}, **page}


def moved(browser: Any, patience: Patience) -> Any:
    return Hands(browser, patience).moved(Place.CODE, REFUSED, "ABC123")


@pytest.mark.parametrize(
    "news",
    [
        {"text": REFUSED},  # again, and what was typed is gone
        {"text": "Too many attempts", "typed": "ABC123"},
        {"found": {}, "address": "https://b.example/admin/setup"},
    ],
)
def test_a_click_is_over_when_the_page_has_news(news: dict[str, Any]) -> None:
    browser = FakeBrowser({"text": REFUSED, "typed": "ABC123"}, news)
    moved(browser, Patience(60))
    assert browser.looks == 2


def test_nothing_new_is_waited_for_no_longer_than_a_quarter_of_all() -> None:
    browser = FakeBrowser({"text": REFUSED, "typed": "ABC123"})
    patience = Patience(1.0)
    assert moved(browser, patience).text == REFUSED
    assert patience.over_by < 0


def test_who_is_stopped_looks_no_more() -> None:
    browser, patience = FakeBrowser({}), Patience(60)
    patience.stop()
    with pytest.raises(BrowserFailed, match="stopped"):
        moved(browser, patience)
    assert browser.looks == 0
