"""What an account of the simulator does when it is spoken to: every switch, in one value."""

import math
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

from gemini_pool.simulator.sign_in_behaviour import SignInBehaviour

XsrfFault = Literal[
    "302-refreshcookies", "302-login", "302-accounts", "html", "401", "403", "429", "500",
    "no-key", "no-prefix", "slow", "rotate",
]  # fmt: skip
ApiFault = Literal[
    "401", "401-once", "403", "403-session", "404-session", "429", "429-retry-after",
    "500", "502-html", "503", "400-model", "hang", "reset",
]  # fmt: skip
StreamFault = Literal[
    "error-first-429", "error-after-429", "error-first-500", "error-first-401", "error-model",
    "cut", "reset-after", "unclosed", "empty-array", "succeeded-empty", "failed",
    "skipped-policy", "skipped-non-assist", "skipped-unknown", "garbage", "silence",
]  # fmt: skip
ApiMethod = Literal["xsrf", "session", "stream", "upload", "metadata", "download"]
SessionInfo = Literal["every", "last", "never"]
DownloadAs = Literal["raw", "base64"]
DownloadOnly = Literal["", "plain", "download"]


@dataclass(frozen=True, slots=True)
class Behaviour(SignInBehaviour):
    """How one account answers. The defaults are a healthy account.

    Times are seconds. A value of the wrong type, an unknown fault or a negative number is a ValueError.
    """

    text: str | None = None  # None: echo the prompt
    words: int = 0  # filler words after the text
    thoughts: int = 0
    deltas: int | None = None  # text elements; None: one for every few words
    split: int | None = None  # bytes of body in each transport chunk; None: a chunk for every element
    delay: float = 0.0  # between elements
    first_delay: float = 0.0  # before the status line of a stream
    rtt: float = 0.0  # before the first byte of every answer, getoxsrf included
    gzip: bool = False  # only when the client offers it
    citations: bool = False
    files: int | None = None  # pictures or films made; None: one where the question allows nothing else
    file_bytes: int = 0  # how large each is made; 0: the smallest whole file of its kind
    inline_image_bytes: int = 0
    session_info: SessionInfo = "every"
    reply_thought: bool = False
    unknown_members: bool = False
    empty_elements: int = 2

    download_as: DownloadAs = "raw"
    download_only: DownloadOnly = ""  # the one address that works, /v1alpha/ or /download/v1alpha/; "": both
    download_redirect: bool = False  # to a one-time address that asks for no token

    require_host_cookie: bool = False  # without __Host-C_OSES getoxsrf refuses
    xsrf: XsrfFault | None = None
    xsrf_delay: float = 3.0  # what the fault "slow" takes
    api: ApiFault | None = None
    api_on: tuple[ApiMethod, ...] = ("stream",)
    hang_delay: float = 0.0  # what the fault "hang" takes, then all is well; 0: it lasts for ever
    stream: StreamFault | None = None
    error_details: bool = False  # RetryInfo and QuotaFailure in every 429
    retry_after: int = 30

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            require(name, getattr(self, name), hint)

    def api_fault(self, method: ApiMethod) -> ApiFault | None:
        """The fault of the API that strikes this method; getoxsrf's own faults go before it."""
        if method == "xsrf" and self.xsrf is not None:
            return None
        return self.api if method in self.api_on else None

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """A copy with these fields replaced; unknown names and wrong types are a ValueError."""
        unknown = sorted(set(changes) - {field.name for field in fields(self)})
        if unknown:
            raise ValueError(f"unknown behaviour: {', '.join(unknown)}")
        return replace(self, **{name: _tupled(value) for name, value in changes.items()})

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> Self:
        """The behaviour these members describe, healthy in all others. ValueError as in `changed`."""
        return cls().changed(members)

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON values, ready for `from_json`."""
        return {name: _listed(value) for name, value in asdict(self).items()}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def require(name: str, value: Any, hint: Any) -> None:
    """ValueError unless a field of a behaviour can have this value."""
    if not _fits(value, hint):
        raise ValueError(f"{name} must be {_described(hint)}, not {value!r}")
    lowest = 1 if name in ("split", "deltas") else 0
    if isinstance(value, int | float) and not lowest <= value < math.inf:
        raise ValueError(f"{name} must be a number from {lowest} up, not {value!r}")


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(item, inner[0]) for item in value)
    return type(value) in ((float, int) if hint is float else (hint,))


def _described(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(_described(one) for one in inner)
    if origin is Literal:
        return "one of " + ", ".join(one or '""' for one in inner)
    if origin is tuple:
        return f"a list, each {_described(inner[0])}"
    return "null" if hint is type(None) else str(hint.__name__)


HEALTHY = Behaviour()
