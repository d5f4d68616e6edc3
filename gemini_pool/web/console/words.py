"""Numbers, sizes and times as people read them, in the language of the page.

Times are epoch seconds and appear as `<time>`, so that a script can go on counting. static/js/time.js says
the same words; change both.
"""

import time
from datetime import UTC, datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

THIN_SPACE = "\u202f"
KILO = 1000
ONLY_ONE_DIGIT = 10
NOW_SECONDS = 5


def number(value: float) -> str:
    """12 345, with thin spaces that do not break."""
    return f"{round(value):,}".replace(",", THIN_SPACE)


def percent(share: float) -> str:
    """A share of one as a percentage; only the whole is 100 %."""
    shown = min(share * 100, 99.9) if share < 1 else 100.0
    digits = 0 if shown in (0.0, 100.0) else 1
    return _("%(n)s %%", n=f"{shown:.{digits}f}")


def size(amount: float) -> str:
    """A number of bytes: 640 kB, 1.4 MB."""
    units = ("B", "kB", "MB", "GB", "TB")
    step = 0
    while amount >= KILO and step < len(units) - 1:
        amount, step = amount / KILO, step + 1
    digits = 1 if step and amount < ONLY_ONE_DIGIT else 0
    return f"{amount:.{digits}f}{THIN_SPACE}{units[step]}"


def milliseconds(value: float | None) -> str:
    """How long something took: 212 ms, 1.4 s, 2 min 5 s; a dash when nobody knows."""
    if value is None:
        return "–"
    if value < KILO:
        return _("%(n)s ms", n=round(value))
    if value < ONLY_ONE_DIGIT * KILO:
        return _("%(n)s s", n=f"{value / KILO:.1f}")
    return duration(value / KILO)


def duration(seconds: float, *, parts: int = 2) -> str:
    """7 min 12 s: the largest units, at most so many."""
    whole = max(0, round(seconds))
    days, hours, minutes, rest = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    counts = (days, hours, minutes, rest)
    first = next((at for at, count in enumerate(counts) if count), len(counts) - 1)
    chosen = range(first, min(first + parts, len(counts)))
    return " ".join(_unit(at, counts[at]) for at in chosen if counts[at] or at == first)


def when(at: float | None, now: float | None = None) -> Markup:
    """`in 7 min 12 s` or `3 h ago`, with the exact time on hover; a dash for never."""
    if at is None:
        return Markup('<span class="quiet">–</span>')
    ahead = at - (time.time() if now is None else now)
    if abs(ahead) < NOW_SECONDS:
        text = _("now")
    elif ahead > 0:
        text = _("in %(duration)s", duration=duration(ahead))
    else:
        text = _("%(duration)s ago", duration=duration(-ahead, parts=1))
    return _time(at, text, "when")


def countdown(at: float, now: float | None = None) -> Markup:
    """The bare time that is left, `7 min 12 s`, for the middle of a sentence."""
    left = at - (time.time() if now is None else now)
    return _time(at, duration(left), "countdown")


def clock(at: float) -> Markup:
    """The exact time: UTC, which scripts turn into the reader's own."""
    return _time(at, datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M"), "clock")


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def names(all_of_them: list[str], most: int = 3) -> str:
    """amber, bruno, clara and 4 more."""
    shown = _(", ").join(all_of_them[:most])
    more = len(all_of_them) - most
    if more <= 0:
        return shown
    return ngettext("%(names)s and %(num)s more", "%(names)s and %(num)s more", more, names=shown)


def _unit(at: int, count: int) -> str:
    templates = (_("%(n)s d"), _("%(n)s h"), _("%(n)s min"), _("%(n)s s"))
    return templates[at].replace("%(n)s", str(count))


def _time(at: float, text: str, role: str) -> Markup:
    exact = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    tag = Markup('<time datetime="{}" title="{}" data-time="{}">{}</time>')
    return tag.format(iso(at), exact, role, text)
