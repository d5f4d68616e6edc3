"""What is read once the home page is there: cookies, index, expiry, and the end of the trial."""

import time
from collections.abc import Callable
from urllib.parse import urlencode, urljoin

from gemini_pool.roster import Credentials
from gemini_pool.sign_in_errors import BrowserFailed, PageUnknown
from gemini_pool.signin import reading
from gemini_pool.signin.browser import Browser
from gemini_pool.signin.order import Order, SignedIn
from gemini_pool.signin.pages import View
from gemini_pool.signin.patience import Patience

COOKIE_SECONDS = 10.0
TRIAL_SECONDS = 1.0
LOOK_SECONDS = 0.2

Told = Callable[[str], None]


def read_result(browser: Browser, view: View, order: Order, patience: Patience, told: Told) -> SignedIn:
    """The credentials of who is at home in this tab. PageUnknown where they are not to be had."""
    found = _credentials(browser, view, patience)
    if found is None:
        browser.go(order.home_url)
        found = _credentials(browser, view, patience)
    if found is None:
        raise PageUnknown(
            "The home page is there, but neither the cookies nor the session's index came with it."
        )
    credentials, expires_at = found
    told("credentials")
    return SignedIn(credentials, expires_at, _trial_end(browser, credentials, order, patience))


def _credentials(browser: Browser, view: View, patience: Patience) -> tuple[Credentials, float] | None:
    ends = time.monotonic() + COOKIE_SECONDS
    while True:
        address = str(browser.run("return location.href"))
        csesidx = reading.csesidx_in(address, "" if "csesidx=" in address else browser.source)
        secure, host, dies = reading.cookies_in(browser.cookies())
        if secure and csesidx:
            agent = str(browser.run("return navigator.userAgent"))
            credentials = Credentials(secure, csesidx, view.config_id, host, agent)
            return credentials, reading.expiry(dies, time.time())
        if time.monotonic() > ends:
            return None
        patience.rest(LOOK_SECONDS)


def _trial_end(browser: Browser, credentials: Credentials, order: Order, patience: Patience) -> str:
    """Best effort: no sign-in fails for it."""
    try:
        told = reading.trial_end(browser.source, time.time())
        for path in (f"/cid/{credentials.config_id}/settings", f"/cid/{credentials.config_id}"):
            if told:
                break
            browser.go(f"{urljoin(order.home_url, path)}?{urlencode({'csesidx': credentials.csesidx})}")
            told = _awaited_trial_end(browser, patience)
    except BrowserFailed:
        return ""
    return told


def _awaited_trial_end(browser: Browser, patience: Patience) -> str:
    ends = time.monotonic() + TRIAL_SECONDS
    while True:
        told = reading.trial_end(browser.source, time.time())
        if told or time.monotonic() > ends:
            return told
        patience.rest(LOOK_SECONDS)
