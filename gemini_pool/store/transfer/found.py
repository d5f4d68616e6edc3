"""What reading a text gives: accounts, and problems; and what the formats hand over on the way there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gemini_pool.store.profiles import NEEDED, NewAccount

NOT_UNDERSTOOD = (
    "is nothing that is known here; paste cookies with the page's address, a cURL command, a HAR file, "
    "or the JSON or settings of another program"
)
NOT_AN_ACCOUNT = "is not an account: none of its names is known"
NO_ACCOUNTS = "holds no accounts"
TOO_LARGE = "is too large; give it in parts"
TOO_MANY = "is one account too many; give the rest in a second part"
TOO_LONG = "has a value that is too long in {field}; copy it again"
CANNOT_BE_SENT = "has a character in {field} that cannot be sent; copy it again"
NO_TEXT = "has something in {field} that is not a text"
NO_DATE = "has a date in {field} that cannot be read; it is left out"
GIVEN_AGAIN = "gives an account again that came before; what comes later counts"
NO_COOKIES_IN_HAR = "is a HAR file without cookies; export it with sensitive data"
UNCLOSED = "has a quotation mark that is not closed; copy the command whole"
LEFT_OUT = "holds {field}, which is not taken over"
NO_VALUE = "has a value for {field} that cannot be used; it is left out"
WRONG_MODEL = "has a model with a wrong {field}; it is left out"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, or not wholly. It never holds what was read.

    `line` and `entry` count from 1; `entry` is the place in a list, where there is one. `what` is one of the
    sentences of this module, so that they can be translated.
    """

    line: int
    entry: int | None
    what: str
    field: str = ""

    def __str__(self) -> str:
        return f"{place(self.line, self.entry)} {self.what.format(field=self.field)}."


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """An account as a text gives it. Empty fields were not given; `enabled` None: not said.

    `format` is the name of a row in the table of formats.
    """

    format: str
    line: int
    entry: int | None
    account: NewAccount
    enabled: bool | None = None
    disabled_reason: str = ""

    @property
    def where(self) -> str:
        return place(self.line, self.entry)

    @property
    def missing(self) -> tuple[str, ...]:
        """What an account cannot be without and the text does not give."""
        credentials = self.account.credentials
        return tuple(name for name in NEEDED if not getattr(credentials, name))

    @property
    def mailbox_only(self) -> bool:
        """A mailbox to sign in with, and nothing that comes of signing in."""
        return len(self.missing) == len(NEEDED) and bool(self.account.mailbox)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was found in a text, in the order in which it stands there."""

    found: tuple[FoundAccount, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of one account by the names that the text uses."""

    line: int
    number: int | None
    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that is one thing: JSON, with its value, or lines without a blank one between them."""

    line: int
    text: str = field(repr=False)
    value: Any = field(default=None, repr=False)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Its lines with their numbers."""
        return enumerate(self.text.split("\n"), start=self.line)


def place(line: int, entry: int | None) -> str:
    return f"Line {line}" if entry is None else f"Line {line}, entry {entry}"
