"""Letters as mail services tell of them in JSON: the same things under many names."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from gemini_pool.sign_in_errors import MailboxFailed
from gemini_pool.signin.mailbox.base import MOST_LETTERS, Letter
from gemini_pool.signin.mailbox.letters import Opened, both, looks_like_html, open_mime, tidy

Item = Mapping[str, Any]

IDS = ("id", "_id", "mail_id", "message_id")
TEXTS = ("text", "textContent", "text_content", "content", "body", "message")
HTMLS = ("html", "htmlContent", "html_content")
RAWS = ("raw", "raw_content")
# Some tell the envelope's sender as `source`, which is another one where a letter was sent by a service.
SENDERS = ("sender", "from", "from_address", "fromAddress", "source")
TIMES = ("created_at", "createdAt", "received_at", "receivedAt", "sent_at", "sentAt", "timestamp", "date")
MILLISECONDS = 1e12
# Where letters are told of first and then asked for one by one: no more than the newest.
MOST_WHOLE = 5


def items_in(value: Any, *names: str) -> list[Item]:
    """The objects of a list: the value itself, or a member by one of these names, at most two levels down.
    MailboxFailed where there is no list."""
    for _ in range(2):
        if isinstance(value, Mapping):
            value = next((value[name] for name in names if isinstance(value.get(name), list | Mapping)), None)
    if not isinstance(value, list):
        raise MailboxFailed("The mail service answered without a list of letters. Check what service it is.")
    return [one for one in value if isinstance(one, Mapping)][:MOST_LETTERS]


def text_in(item: Item, *names: str) -> str:
    """The first of these members that is text (or texts one after another), or ""."""
    for name in names:
        value = item.get(name)
        if isinstance(value, list):
            value = "\n".join(one for one in value if isinstance(one, str))
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def letter_of(item: Item, *, utc: bool = False) -> Letter:
    """`utc` says that times without a zone are meant so; elsewhere nobody can know what they mean."""
    text, html, raw = text_in(item, *TEXTS), text_in(item, *HTMLS), text_in(item, *RAWS)
    opened = open_mime(raw) if raw else Opened("", "", "", None)
    if not html and looks_like_html(text):
        text, html = "", text
    at = next(filter(None, (_moment(item.get(name), utc) for name in TIMES)), opened.at)
    return Letter(
        id=text_in(item, *IDS),
        sender=opened.sender or _sender(item),
        subject=tidy(text_in(item, "subject")) or opened.subject,
        text=both(text, html) or opened.text,
        at=at,
    )


def newest_first(letters: list[Letter]) -> list[Letter]:
    """By their times where all tell one, else in the order of the service."""
    return sorted(letters, key=lambda letter: -(letter.at or 0.0)) if all(x.at for x in letters) else letters


class Whole:
    """Letters of a service that tells of them in a list and gives each whole on request; asks for each once.

    `read` gives the rest of the letter with this id, None where it is gone.
    """

    def __init__(self, read: Callable[[str], Item | None]) -> None:
        self._read = read
        self._had: dict[str, Item] = {}

    def letters(self, items: list[Item]) -> list[Letter]:
        """The newest of these, whole."""
        told = newest_first([letter_of(item) for item in items])[:MOST_WHOLE]
        by_id = {text_in(item, *IDS): item for item in items}
        self._had = {letter.id: self._rest(letter.id) for letter in told if letter.id}
        return [letter_of({**by_id[id_], **rest}) for id_, rest in self._had.items()]

    def _rest(self, id_: str) -> Item:
        if id_ in self._had:
            return self._had[id_]
        rest = self._read(id_) or {}
        return {name: value for name, value in rest.items() if value not in (None, "", [])}


def _sender(item: Item) -> str:
    for name in SENDERS:
        value = item.get(name)
        if isinstance(value, Mapping):
            value = value.get("address") or value.get("email")
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _moment(value: Any, utc: bool) -> float | None:
    """Epoch seconds of ISO text, seconds or milliseconds; None where it is none, or its zone is not known."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value):
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) / 1000 if value > MILLISECONDS else float(value)
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if at.tzinfo is None and not utc:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
