"""A knob: what is known of one setting besides its value, and how its value is read."""

from dataclasses import dataclass, field
from typing import Any

from gemini_pool.readers import ALERT_ADDRESSES, SEATS, SEVERAL, Reader


class SettingsError(ValueError):
    """A value that cannot be used; the message is one line: the name, the fault, what is accepted."""


@dataclass(frozen=True)
class Knob:
    """What is known of one setting besides its value."""

    name: str
    default: str
    reader: Reader[Any]
    about: str
    secret: bool = False
    sealed: bool = False

    @property
    def at_start(self) -> bool:
        """Set by whoever starts the service: a wrong one would end it when it reads its settings anew, or
        leave no place to mend it."""
        return self.name in ("HOST", "PORT", "CONSOLE")

    @property
    def savable(self) -> bool:
        """Not the place of the store itself, and of secrets those alone that are sealed then."""
        return self.name != "DATA_DIR" and (self.sealed or not self.secret)


def knob(
    name: str, default: str, reader: Reader[Any], about: str, *, secret: bool = False, sealed: bool = False
) -> Any:
    """A field of Settings. What is `sealed` is a secret."""
    known = Knob(name, default, reader, about, secret or sealed, sealed)
    return field(metadata={"knob": known}, repr=not known.secret)


def valued(k: Knob, text: str) -> Any:
    """The value in a text, which may be empty; SettingsError."""
    if not text:
        return () if k.reader in (SEVERAL, SEATS, ALERT_ADDRESSES) else ""
    try:
        return k.reader.read(text.strip())
    except ValueError as fault:
        shown = "the value" if k.secret else repr(text[:80])
        accepted = k.reader.accepted.replace("`", "")
        raise SettingsError(f"{k.name}: {shown} {fault}; accepted: {accepted}") from None
