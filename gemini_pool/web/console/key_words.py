"""What a page says of a key: how it stands, and what it may do, in a few words."""

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from gemini_pool.store.keys import KeyListing
from gemini_pool.web.console.words import number

SOON_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Standing:
    """A word, its icon and its tone; `until` in epoch seconds where it ends soon."""

    word: str
    icon: str
    tone: str
    until: float | None = None


def standing(key: KeyListing, now: float) -> Standing:
    """Revoked comes first, for it cannot be undone by a later date."""
    if not key.active:
        return Standing(_("Revoked"), "slash-circle", "off")
    if key.expired(now):
        return Standing(_("Expired"), "hourglass-bottom", "bad")
    if key.expires_at is not None:
        soon = key.expires_at < now + SOON_SECONDS
        return Standing(_("Expires"), "clock-history", "warn" if soon else "good", key.expires_at)
    return Standing(_("Active"), "check-circle-fill", "good")


def limits_in_short(key: KeyListing) -> list[str]:
    """A word or two for each bound; none without."""
    limits = key.limits
    said = [
        (limits.per_minute, _("%(n)s a minute", n=number(limits.per_minute))),
        (limits.per_day, _("%(n)s a day", n=number(limits.per_day))),
        (limits.concurrent, _("%(n)s at one time", n=number(limits.concurrent))),
        (limits.tokens_per_day, _("%(n)s tokens a day", n=number(limits.tokens_per_day))),
        (len(limits.models), ngettext("%(num)s model", "%(num)s models", len(limits.models))),
        (len(limits.networks), ngettext("%(num)s network", "%(num)s networks", len(limits.networks))),
    ]
    return [words for bound, words in said if bound]
