"""A mailbox that is read on its web page, in a tab of the browser that signs in."""

import hashlib
import re
import time
from dataclasses import replace

from gemini_pool.sign_in_errors import BrowserFailed, MailboxFailed
from gemini_pool.signin.browser import Browser
from gemini_pool.signin.mailbox.base import MOST_LETTERS, Letter
from gemini_pool.signin.mailbox.links import address_in, token_in
from gemini_pool.signin.patience import Patience

LOAD_SECONDS = 10.0
LETTER_SECONDS = 3.0
LOOK_SECONDS = 0.2
SETTLE_SECONDS = 0.7
# Of the letters only those are opened that speak of such things: they cost a click each.
WORDS = ("gemini", "google", "verify", "verification", "code", "验证")

# Closes what lies over the page, goes to the inbox (never to the tab where mail is sent), and reads it anew.
REFRESH = """
const shown = (one) => one.getBoundingClientRect().width > 0;
const press = (css, words) => {
  const found = [...document.querySelectorAll(css)].filter(shown)
    .find((one) => !words || words.some((word) => one.innerText.trim().toLowerCase() === word));
  if (found) found.click();
};
press('.n-dialog__close, .n-dialog .n-base-close, .n-modal .n-base-close');
press('[data-name=mailbox]');
press('[role=tab]', ['收件箱', 'inbox', 'mailbox']);
press('button, [role=button]', ['刷新', 'refresh', 'reload']);
"""
# The entries as they stand: what each says, and its number.
ENTRIES = """
return [...document.querySelectorAll('li.n-list-item')].map((one) => one.innerText);
"""
OPEN = "document.querySelectorAll('li.n-list-item')[arguments[0]].click()"
PLAIN = """
const words = ['显示纯文本邮件', 'show plain text mail', 'show text mail', 'plain text'];
const found = [...document.querySelectorAll('button')]
  .find((one) => words.includes(one.innerText.trim().toLowerCase()));
if (found) found.click();
const bodies = [...document.querySelectorAll('pre, .mail-content, .n-thing__content, .body')]
  .filter((one) => one.getBoundingClientRect().height > 0 && !one.closest('li.n-list-item'));
return bodies.map((one) => one.innerText).join('\\n');
"""
WHOLE = "return [document.title, document.body ? document.body.innerText : '']"

_NUMBER = re.compile(r"\bID:\s*(\d+)")
_FROM = re.compile(r"(?:FROM|发件人|来自)\s*[:：]\s*(.+)", re.IGNORECASE)


class PageMailbox:
    """`link` is the page's address; it is opened in a tab of its own when it is first read. The tab that was
    shown is shown again after each reading."""

    def __init__(self, browser: Browser, patience: Patience, link: str) -> None:
        self._browser = browser
        self._patience = patience
        self._link = link
        self._tab = ""
        self._read: dict[str, Letter] = {}

    @property
    def address(self) -> str:
        return address_in(token_in(self._link))

    def letters(self) -> list[Letter]:
        """The newest letters that speak of a code. MailboxFailed."""
        try:
            return self._letters()
        except BrowserFailed as failure:
            self._tab = ""  # what has crashed is opened anew
            raise MailboxFailed(f"The mailbox's page cannot be read: {failure}") from failure

    def _letters(self) -> list[Letter]:
        shown = self._browser.tab
        try:
            self._show()
            entries = self._entries()
            if not entries:
                return [self._whole_page()]
            told = [(at, text) for at, text in enumerate(entries) if _speaks_of_codes(text)]
            return [self._letter(at, text) for at, text in told[:MOST_LETTERS]]
        finally:
            self._browser.use(shown)

    def _show(self) -> None:
        if self._tab:
            self._browser.use(self._tab)
        else:
            self._tab = self._browser.new_window()
            self._browser.go(self._link)
        self._browser.run(REFRESH)

    def _entries(self) -> list[str]:
        """What the list says, once it says the same twice."""
        ends, before = time.monotonic() + LOAD_SECONDS, None
        while True:
            entries = [str(one) for one in self._browser.run(ENTRIES)]
            if entries == before or time.monotonic() > ends:
                return entries
            before = entries
            self._patience.rest(SETTLE_SECONDS)

    def _letter(self, at: int, entry: str) -> Letter:
        number = _NUMBER.search(entry)
        id = number[1] if number else _digest(entry)
        if id not in self._read:
            self._read[id] = self._opened(Letter(id, _sender(entry), _subject(entry), ""), at)
        return self._read[id]

    def _opened(self, letter: Letter, at: int) -> Letter:
        """The letter with its text, which the page shows once the entry was clicked."""
        before = str(self._browser.run(PLAIN))
        self._browser.run(OPEN, at)
        ends = time.monotonic() + LETTER_SECONDS
        while True:
            self._patience.rest(LOOK_SECONDS)
            text = str(self._browser.run(PLAIN))
            if (text.strip() and text != before) or time.monotonic() > ends:
                return replace(letter, text=text)

    def _whole_page(self) -> Letter:
        """A page of another kind: all that it says, as one letter that changes when anything on it does."""
        title, text = self._browser.run(WHOLE)
        return Letter(_digest(text), _sender(text), title, text)


def _speaks_of_codes(entry: str) -> bool:
    return any(word in entry.lower() for word in WORDS)


def _sender(entry: str) -> str:
    named = _FROM.search(entry)
    return named[1].strip() if named else ""


def _subject(entry: str) -> str:
    return entry.strip().splitlines()[0][:200]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
