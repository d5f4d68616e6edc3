"""How the state of an account looks: its word, its icon, its tone. Always all three, never a colour alone."""

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from gemini_pool.roster import AccountState


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` is good, warn, bad or off; CSS and the strip of the overview know the rest by it."""

    word: LazyString
    icon: str
    tone: str
    explained: LazyString


LOOKS = {
    AccountState.ACTIVE: Look(_("Active"), "check-circle-fill", "good", _("It answers.")),
    AccountState.EXPIRING_SOON: Look(
        _("Expiring soon"), "clock-history", "warn", _("It answers, for less than three hours more.")
    ),
    AccountState.RATE_LIMITED: Look(
        _("Resting"), "pause-circle-fill", "warn", _("It met a limit and returns by itself.")
    ),
    AccountState.FAILING: Look(
        _("Failing"), "exclamation-triangle-fill", "bad", _("It failed several times in a row.")
    ),
    AccountState.EXPIRED: Look(_("Expired"), "hourglass-bottom", "bad", _("Its time is over.")),
    AccountState.NEEDS_SIGN_IN: Look(
        _("Needs sign-in"), "box-arrow-in-right", "bad", _("The service refuses its cookies.")
    ),
    AccountState.FORBIDDEN: Look(
        _("Forbidden"), "shield-fill-x", "bad", _("The service forbids it to answer.")
    ),
    AccountState.DISABLED: Look(_("Disabled"), "slash-circle", "off", _("You switched it off.")),
}


def look(state: AccountState | str) -> Look:
    """How a state is shown; ValueError for a word that is none."""
    return LOOKS[AccountState(state)]
