"""What a page says of a setting: what it means, and what it accepts.

The sentences are those of the settings themselves; the catalogue has them in other languages.
"""

import re
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from gemini_pool.web.api.settings import of_name

ANYTHING = "text"
# What the readers of settings say of themselves: here for the catalogue.
TAKEN = (
    _l("the value as the browser shows it"),
    _l("one or more, separated by commas"),
    _l("addresses or networks, separated by commas, or `none`"),
    _l(
        "addresses `https://…`, `http://…`, `telegram://token@chat`, `bark://host/key`, `ntfy://host/topic`, "
        "separated by commas"
    ),
    _l("text of 10 to 1024 characters"),
    _l("32 bytes in URL-safe base64, as `openssl rand -base64 32 | tr '+/' '-_'` prints"),
    _l(
        "a JSON array of objects with secure_c_ses, csesidx, config_id (or team_id) and, if known, "
        "id, host_c_oses, user_agent, expires_at, mail_…, tempmail_…"
    ),
)
SCHEME = re.compile(r"`(\w+://)")
# Words of a choice, where the bare one does not say enough.
CHOICES = {
    "round_robin": _l("each in turn"),
    "first_available": _l("the first that can"),
    "recover": _l("it rests and is tried again"),
    "disable": _l("it stays out"),
    "reject": _l("a refusal"),
    "default": _l("the default model"),
    "passthrough": _l("is asked of the service as it is"),
    "auto": _l("where there is a display"),
    "shown": _l("shown"),
    "hidden": _l("hidden"),
    "1": _l("on"),
    "0": _l("off"),
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """`kind` is choice, number or text."""

    kind: str
    words: str
    choices: tuple[tuple[str, str], ...] = ()
    bounds: tuple[int, int] | None = None

    def written(self, value: str) -> str:
        """A value in the one form of those that mean the same, so that it can be chosen from a list."""
        if self.kind != "choice":
            return value
        plain = value.lower()
        return {"true": "1", "yes": "1", "on": "1", "false": "0", "no": "0", "off": "0"}.get(plain, plain)

    def named(self, value: str) -> str:
        """A value as the page calls it."""
        return dict(self.choices).get(value, value)


def meaning(name: str) -> str:
    """What a setting is for, as a sentence."""
    return _(of_name(name).about).replace("`", "")


def accepted(name: str) -> Accepted:
    """What a setting takes."""
    reader = of_name(name).reader
    if reader.choices:
        return Accepted("choice", "", tuple((one, _named(one)) for one in reader.choices))
    if reader.bounds:
        low, high = reader.bounds
        words = _("A whole number from %(low)s to %(high)s.", low=low, high=high)
        return Accepted("number", words, bounds=reader.bounds)
    return Accepted("text", _sentence(reader.accepted))


def fault(name: str) -> str:
    """What is wrong with a value, by what would be right."""
    return _("This cannot be used. Accepted: %(accepted)s", accepted=accepted(name).words)


def _sentence(told: str) -> str:
    """What is accepted, as a sentence; nothing where anything is."""
    if told == ANYTHING:
        return ""
    if told.startswith("an address"):
        schemes = ", ".join(SCHEME.findall(told))
        return _("An address that begins with %(schemes)s.", schemes=schemes)
    words = _(told).replace("`", "")
    return _("%(text)s.", text=words[:1].upper() + words[1:])


def _named(choice: str) -> str:
    return (
        f"{choice} – {CHOICES[choice]}"
        if choice in CHOICES and choice not in "01"
        else str(CHOICES.get(choice, choice))
    )
