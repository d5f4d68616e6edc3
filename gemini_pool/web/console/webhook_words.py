"""Who is told of trouble, in the language of the page. Addresses are shown without what is secret of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from gemini_pool.readers import Webhook
from gemini_pool.web.console.told import Table

KINDS = {
    "https": _l("JSON, to a webhook"),
    "http": _l("JSON, to a webhook"),
    "telegram": "Telegram",
    "bark": "Bark",
    "ntfy": "ntfy",
}
# What became of a message (gemini_pool/observe/alerts.py, web/api/alerts.py).
SAID: Table = (
    (re.compile(r"It took the message\."), _l("It took the message.")),
    (re.compile(r"Its certificate is not valid\."), _l("Its certificate is not valid.")),
    (
        re.compile(r"It could not be reached \((?P<why>\w+)\)\."),
        _l("It could not be reached (%(why)s)."),
    ),
    (re.compile(r"It answered with status (?P<status>\d+)\."), _l("It answered with status %(status)s.")),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody who is told; the address is masked."""

    kind: LazyString | str
    address: str


def places(hooks: Iterable[Webhook]) -> list[Place]:
    """Those who are told, in the order of the setting."""
    return [Place(KINDS.get(hook.kind, hook.kind), hook.shown) for hook in hooks]
