"""What the mail services do when they are asked: every switch, in one value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self, get_type_hints

from gemini_pool.simulator.behaviour import require

MailFault = Literal["html", "401", "404", "429", "500", "garbage", "reset", "away", "moved", "round", "huge"]
Form = Literal["raw", "parsed", "parsed-path", "bare", "mails", "data", "result", "detail"]


@dataclass(frozen=True, slots=True)
class MailBehaviour:
    """The defaults are healthy services. A value that is none of these is a ValueError.

    `form` is how the worker of cloudflare_temp_email tells of letters: "raw" as its source has it (a list
    `results` with raw letters), "parsed" with their text besides, "parsed-path" at /api/parsed_mails alone,
    "bare" without an object around the list, "mails", "data" and "result" with the list there, "detail" with
    the letters to be asked for one by one.
    """

    fault: MailFault | None = None
    form: Form = "raw"
    late: float = 0.0  # seconds that letters take longer
    site_password: bool = False  # the worker asks for one
    page_fault: bool = False  # the web page is out of order
    everybody: bool = False  # the admin's list of one address holds the letters of all
    expired: bool = False  # the next message list of DuckMail finds its token at an end, once
    junk: bool = False  # letters end where IMAP keeps junk
    rotate: bool = False  # Microsoft takes a refresh token once, and gives another one

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            require(name, getattr(self, name), hint)

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """A copy with these fields replaced; ValueError for unknown ones."""
        unknown = sorted(set(changes) - set(self.__slots__))
        if unknown:
            raise ValueError(f"unknown behaviour of mail: {', '.join(unknown)}")
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
