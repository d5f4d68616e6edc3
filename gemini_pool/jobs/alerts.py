"""Tells people of what is wrong: looks at the pool, has the book say what is news, and tells it to all."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from gemini_pool.jobs.conditions import Picture, conditions
from gemini_pool.observe.alerts import Alert, Webhooks
from gemini_pool.store.alerts import Condition, Delivery, Told

log = logging.getLogger(__name__)

ALERT_SECONDS = 15.0
MOST_TRIES = 5


class Book(Protocol):
    """What was told, and what is to be."""

    def look(self, conditions: Sequence[Condition], places: Sequence[str]) -> int: ...
    def undelivered(self) -> list[Delivery]: ...
    def delivered(self, delivery: Delivery) -> None: ...
    def failed(self, delivery: Delivery) -> None: ...


class Alerts:
    """`mark` makes of an address what tells it from others and is no secret; `page` gives the address of an
    account's page in the console, or nothing."""

    def __init__(
        self,
        picture: Callable[[], Picture],
        book: Book,
        webhooks: Webhooks,
        mark: Callable[[str], str],
        page: Callable[[int], str],
    ) -> None:
        self._picture = picture
        self._book = book
        self._webhooks = webhooks
        self._places = {mark(hook.text): hook for hook in webhooks.hooks}
        self._page = page

    def run(self) -> str | None:
        """Look, and tell what is news; a sentence on it, or None when nothing is."""
        news = self._book.look(conditions(self._picture()), list(self._places))
        told = failed = 0
        out: set[str] = set()  # a place that failed is left alone until the next look
        for delivery in self._book.undelivered():
            if delivery.place in out:
                continue
            if self._tell(delivery):
                told += 1
            else:
                failed += 1
                out.add(delivery.place)
        if not (news or told or failed):
            return None
        return f"{news} new alerts; {told} messages sent, {failed} failed."

    def _tell(self, delivery: Delivery) -> bool:
        hook = self._places.get(delivery.place)
        if hook is None:  # the address was taken out of the settings
            self._book.delivered(delivery)
            return True
        fault = self._webhooks.send(hook, self._alert(delivery.alert))
        if not fault:
            self._book.delivered(delivery)
            return True
        gives_up = delivery.tries + 1 >= MOST_TRIES
        then = "it is given up" if gives_up else "it is tried again"
        log.warning("%s was not told of “%s”, %s: %s", hook.shown, delivery.alert.title, then, fault)
        if gives_up:
            self._book.delivered(delivery)
        else:
            self._book.failed(delivery)
        return False

    def _alert(self, told: Told) -> Alert:
        url = self._page(told.account[0] if told.account else 0)
        return Alert(told.event, told.title, told.message, told.at, told.account, url)
