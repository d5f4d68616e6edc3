"""What is wrong with the pool, in the language of the page: by the kind of trouble where there is one."""

import re
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from gemini_pool.store.alerts import RECOVERED, Condition, Told
from gemini_pool.web.console.told import Table, retold


@dataclass(frozen=True, slots=True)
class Kind:
    """What alerts of a kind are called, with their icon and tone."""

    title: LazyString | str
    icon: str
    tone: str


KINDS = {
    "pool_empty": Kind(_l("No account can answer"), "x-octagon-fill", "bad"),
    "pool_nearly_empty": Kind(_l("Few accounts can answer"), "exclamation-triangle-fill", "warn"),
    "account_needs_human": Kind(_l("%(name)s needs somebody"), "exclamation-triangle-fill", "bad"),
    "refresh_failed": Kind(_l("%(name)s cannot be signed in"), "box-arrow-in-right", "warn"),
}
OVER = Kind(_l("Over: %(title)s"), "check-circle-fill", "good")
UNKNOWN = Kind("%(title)s", "exclamation-triangle-fill", "warn")
# The English titles (gemini_pool/jobs/conditions.py), to know of what one says that it is over.
ENGLISH = (
    (re.compile(r"no account can answer", re.IGNORECASE), "pool_empty"),
    (re.compile(r"few accounts can answer", re.IGNORECASE), "pool_nearly_empty"),
    (re.compile(r".* needs somebody"), "account_needs_human"),
    (re.compile(r".* cannot be signed in"), "refresh_failed"),
)
SAID: Table = (
    (
        re.compile(r"None of (?P<n>\d+) accounts can answer now\. Callers are refused until one can\."),
        _l("None of %(n)s accounts can answer now. Callers are refused until one can."),
    ),
    (
        re.compile(r"(?P<n>\d+) of (?P<all>\d+) accounts can answer now\."),
        _l("%(n)s of %(all)s accounts can answer now."),
    ),
    (
        re.compile(r"The service shuts it out\. ?(?P<more>.*)", re.DOTALL),
        _l("The service shuts it out. %(more)s"),
    ),
    (
        re.compile(r"Its sign-in failed (?P<n>\d+) times in a row\. ?(?P<more>.*)", re.DOTALL),
        _l("Its sign-in failed %(n)s times in a row. %(more)s"),
    ),
    (re.compile(r"Its sign-in asks for a person\."), _l("Its sign-in asks for a person.")),
    (
        re.compile(r"It is signed out, and nothing here signs it in\. Give it new cookies\."),
        _l("It is signed out, and nothing here signs it in. Give it new cookies."),
    ),
    (
        re.compile(r"What was told before does not hold any more\."),
        _l("What was told before does not hold any more."),
    ),
)


@dataclass(frozen=True, slots=True)
class AlertLine:
    """Trouble as a page shows it; `at` in epoch seconds, `id` None for what holds now."""

    id: int | None
    at: float
    title: str
    message: str
    icon: str
    tone: str
    account_id: int | None


def line(one: Condition | Told, at: float) -> AlertLine:
    """Trouble in the language of the page."""
    account_id, name = one.account or (None, "")
    kind = OVER if one.event == RECOVERED else KINDS.get(one.event, UNKNOWN)
    return AlertLine(
        id=one.id if isinstance(one, Told) else None,
        at=at,
        title=_title(one, kind, name),
        message=retold(one.message, SAID),
        icon=kind.icon,
        tone=kind.tone,
        account_id=account_id,
    )


def _title(one: Condition | Told, kind: Kind, name: str) -> str:
    title = one.title
    if kind is OVER:
        title = title.removeprefix("Over: ")
        held = next((KINDS[event] for pattern, event in ENGLISH if pattern.fullmatch(title)), None)
        title = str(held.title) % {"name": name} if held else title
    return str(kind.title) % {"name": name, "title": title}
