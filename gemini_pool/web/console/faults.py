"""What is wrong with a form, by field and in the language of the page."""

import re
from collections.abc import Mapping

from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from gemini_pool.errors import CallerError, Invalid, Throttled

# What the checks of a shape say, and what a page says instead.
SAID = (
    (re.compile(r"Input should be a valid (?:integer|number)"), _l("Give a whole number.")),
    (re.compile(r"Input should be less than or equal to ([0-9]+)"), _l("At most %(n)s.")),
    (re.compile(r"Input should be greater than or equal to ([0-9]+)"), _l("At least %(n)s.")),
    (re.compile(r"Input should be less than ([0-9]+)"), _l("Less than %(n)s.")),
    (re.compile(r"String should have at least 1 character"), _l("Fill this in.")),
    (re.compile(r"String should have at most ([0-9]+)"), _l("At most %(n)s characters.")),
)
# Sentences of other rooms that a page shows as they are. The catalogue finds them here, and by their text.
KNOWN = (
    _l("This is not the password."),
    _l("Give the password."),
    _l("Give the code that your authenticator shows as well."),
    _l("This code is not good, or not any more. Wait for the next."),
    _l("This is not the set-up code. `python -m gemini_pool password code` shows it."),
    _l("The two are not the same. Type the password twice."),
    _l("The password is too short: it needs at least 10 characters."),
    _l("The password is too long: it may have at most 1,024 characters."),
    _l("ADMIN_PASSWORD or ADMIN_KEY fixes the password: change it there and restart."),
    _l("A password is set already: sign in with it."),
    _l("This is not the code that the authenticator shows now."),
    _l("There is a second factor already: switch it off first."),
    _l("A sign-in of this account is under way already."),
    _l("Nobody said where this account's codes arrive. Name its mailbox first."),
    _l("None of these accounts has a mailbox to sign in with."),
    _l("This instance signs nobody in (SYNC_ONLY_MODE): another one does, and sends new cookies."),
    _l("All of these mailboxes are being signed in already."),
    _l("Nothing was kept of this sign-in, or it was forgotten since."),
    _l("A model's name has 1 to 200 characters, and no spaces around it."),
)


def faults(error: CallerError, words: Mapping[str, LazyString] | None = None) -> dict[str, str]:
    """Sentences by field; "" stands for the form as a whole. `words` says of a field what is accepted, where
    the error itself says it to programs."""
    if isinstance(error, Invalid):
        found = error.fields
    else:
        found = {getattr(error, "param", None) or "": sentence(error)}
    known = words or {}
    return {name: str(known[name]) if name in known else _in_words(told) for name, told in found.items()}


def sentence(error: CallerError) -> str:
    """An error as a page says it."""
    if isinstance(error, Throttled) and error.retry_after is not None:
        return ngettext(
            "Too many tries have failed. Try again in %(num)s second.",
            "Too many tries have failed. Try again in %(num)s seconds.",
            round(error.retry_after),
        )
    return _in_words(str(error))


def _in_words(told: str) -> str:
    for pattern, words in SAID:
        if match := pattern.match(told):
            return str(words) % {"n": match[1]} if match.groups() else str(words)
    return _(told)
