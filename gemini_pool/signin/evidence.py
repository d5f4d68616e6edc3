"""What is kept of a page at which a sign-in failed: enough to see what happened, nothing to sign in with."""

import re
from collections.abc import Iterable
from html import escape

from gemini_pool.sign_in_errors import BrowserFailed
from gemini_pool.signin.browser import Browser
from gemini_pool.signin.order import Evidence

MOST_CHARACTERS = 300_000
MOST_BYTES = 2_000_000
GONE = "…"

# Entered values, and texts that hold a secret, are blanked in the page itself before its picture is taken.
BLANK = """
const [secrets, gone] = arguments;
for (const one of document.querySelectorAll('input, textarea')) {
  one.value = '';
  one.removeAttribute('value');
}
for (const one of document.querySelectorAll('div[data-index] span')) one.textContent = '';
const words = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
while (words.nextNode())
  for (const secret of secrets)
    if (words.currentNode.data.includes(secret))
      words.currentNode.data = words.currentNode.data.replaceAll(secret, gone);
"""

_VALUE = re.compile(r"(<(?:input|textarea)\b[^>]*?\bvalue\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_AREA = re.compile(r"(<textarea\b[^>]*>).*?(</textarea>)", re.IGNORECASE | re.DOTALL)
_NAMED = re.compile(
    r"(\b(?:csesidx|xsrfToken|xsrf|token|jwt|loginHint|at|SNlM0e|FdrFJe|code|pin)"
    r"(?:[\"'\\]*\s*[:=]\s*[\"'\\]*|%3D))[^\s&\"'<>\\]{3,}",
    re.IGNORECASE,
)
_COOKIE = re.compile(r"\b(?:CSE|COS|CAE|eyJ)[.\w-]{12,}[\w.-]*")
_ADDRESS = re.compile(r"[\w.+-]+(@|%40)([\w-]+(?:\.[\w-]+)+)")
_LONG = re.compile(r"(?<![\w/.-])[A-Za-z0-9_-]{40,}(?![\w/.-])")


def scrubbed(html: str, secrets: Iterable[str] = ()) -> str:
    """A page's source without the secrets, entered values, hidden fields, tokens and addresses; bounded."""
    html = html[: 2 * MOST_CHARACTERS]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        html = html.replace(secret, GONE).replace(escape(secret), GONE)
    html = _VALUE.sub(rf'\1"{GONE}"', html)
    html = _AREA.sub(rf"\1{GONE}\2", html)
    html = _NAMED.sub(rf"\1{GONE}", html)
    html = _ADDRESS.sub(rf"{GONE}\1\2", html)
    html = _LONG.sub(GONE, _COOKIE.sub(GONE, html))
    return html[:MOST_CHARACTERS]


def collect(browser: Browser, secrets: Iterable[str]) -> Evidence | None:
    """The page in the browser's tab as it is now; None where the browser shows nothing any more."""
    known = [secret for secret in secrets if secret]
    try:
        browser.run(BLANK, known, GONE)
        known += [str(cookie.get("value", "")) for cookie in browser.cookies()]
        html = scrubbed(browser.source, [secret for secret in known if len(secret) > 3])
        png = browser.picture()
    except BrowserFailed:
        return None
    return Evidence(png if len(png) <= MOST_BYTES else b"", html)
