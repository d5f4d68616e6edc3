"""Looking at a page, pressing its buttons, and waiting for what comes of it."""

import time

from gemini_pool.signin import pages
from gemini_pool.signin.browser import Browser
from gemini_pool.signin.pages import Place, View, look, recognise
from gemini_pool.signin.patience import Patience

LOOK_SECONDS = 0.2
# So long may nothing come of a click; then the page is what it is.
SETTLE_SECONDS = 20.0
# A button that is not ready by then: the Enter key does the same.
READY_SECONDS = 3.0


class Hands:
    """Of one sign-in, in the tab that it is in."""

    def __init__(self, browser: Browser, patience: Patience) -> None:
        self._browser = browser
        self._patience = patience

    def look(self) -> View:
        self._patience.check()
        return look(self._browser)

    def press(self, name: str) -> None:
        """Press a button once it can be."""
        ends = time.monotonic() + READY_SECONDS
        view = self.look()
        while name not in view.ready and time.monotonic() < ends:
            self._patience.rest(LOOK_SECONDS)
            view = self.look()
        if name in view.ready:
            self._browser.click(view.found[name])
        else:
            self._browser.enter()

    def moved(self, place: Place, complained: str = "", typed: str = "") -> View:
        """The page after a click: when it is another one, when it complains, or when nothing comes.

        What it `complained` of before is news once the page has thrown away what was `typed`.
        """
        ends = time.monotonic() + self._patience.part(SETTLE_SECONDS)
        while True:
            view = self.look()
            complaint = complaint_of(view)
            news = complaint and (complaint != complained or typed not in view.typed)
            if recognise(view) is not place or news or time.monotonic() > ends:
                return view
            self._patience.rest(LOOK_SECONDS)


def complaint_of(view: View) -> str:
    """What the page says against what was entered, "" for nothing."""
    for pattern in (pages.SENDING_REFUSED, pages.TOO_MANY, pages.CODE_REFUSED):
        for text in (view.toast, view.text):
            if found := pattern.search(text):
                return found[0]
    return ""
