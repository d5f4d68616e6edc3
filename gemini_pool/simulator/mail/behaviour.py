"""What the mail services do when they are asked: every switch, in one value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self, get_args

MailFault = Literal["html", "401", "404", "429", "500", "garbage", "reset", "away"]
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
    rotate: bool = (
        False  # Microsoft gives a new refresh token with each access token, and takes the new alone
    )

    def __post_init__(self) -> None:
        if self.fault is not None and self.fault not in get_args(MailFault):
            raise ValueError(f"fault must be one of {', '.join(get_args(MailFault))}, not {self.fault!r}")
        if self.form not in get_args(Form):
            raise ValueError(f"form must be one of {', '.join(get_args(Form))}, not {self.form!r}")
        if isinstance(self.late, bool) or not isinstance(self.late, int | float) or self.late < 0:
            raise ValueError(f"late must be seconds from 0 up, not {self.late!r}")

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """A copy with these fields replaced; ValueError for unknown ones."""
        unknown = sorted(set(changes) - set(self.__slots__))
        if unknown:
            raise ValueError(f"unknown behaviour of mail: {', '.join(unknown)}")
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
