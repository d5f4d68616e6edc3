"""What the service says when it refuses, as errors of ours.

One table serves the status of a reply and the `error` object inside a 200 stream, since both carry the
same codes. The service's wording is not documented and changes, so that only short, stable marks are
looked for. This room knows Google's error envelope and nothing of accounts or retries.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gemini_pool.errors import (
    AccountForbidden,
    BadReply,
    Busy,
    CredentialsRejected,
    FileRefused,
    PolicyRefused,
    PromptRefused,
    QuotaExhausted,
    SessionLost,
    UpstreamError,
)

_TIME = r"(\d+(?:\.\d+)?) ?(ms|[smh])[a-z]*"
_TOLD = re.compile(rf"(?:try again|retry) (?:in|after) ((?:{_TIME} ?)+)", re.IGNORECASE)
_PART = re.compile(_TIME, re.IGNORECASE)
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DAILY = re.compile(r"per ?day|daily", re.IGNORECASE)
_SHOWN_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    """Google's error envelope, or what is left of it; `retry_after` in seconds from the HTTP header."""

    code: int
    status: str = ""
    message: str = ""
    details: str = ""
    retry_after: float | None = None

    @property
    def told(self) -> str:
        said = " ".join(self.message.split())[:_SHOWN_CHARACTERS]  # on one line, as logs and lists want it
        return f"{said or self.status or 'no reason given'} ({self.code})"

    def mentions(self, *marks: str) -> bool:
        text = self.message.lower()
        return all(mark in text for mark in marks)


def refusal_of_reply(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """The error that a reply with a status other than 200 stands for."""
    return _KINDS.get(status, _by_class)(told_by_reply(status, headers, body))


def refusal_in_stream(error: Any) -> UpstreamError:
    """The error that an `error` member inside a 200 stream stands for."""
    refusal = told_in_stream(error)
    return _KINDS.get(refusal.code, _by_class)(refusal)


def told_by_reply(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """What a reply with a status other than 200 says."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:  # a front end's HTML page
        parsed = None
    if isinstance(parsed, list) and parsed:
        parsed = parsed[0]
    error = parsed.get("error") if isinstance(parsed, dict) else None
    return _refusal(error if isinstance(error, dict) else {}, status, _seconds(headers.get("retry-after")))


def told_in_stream(error: Any) -> Refusal:
    """What an `error` member inside a 200 stream says."""
    return _refusal(error if isinstance(error, dict) else {"message": str(error)}, 0, None)


def skipped(reasons: list[str], enforcement: Any) -> PolicyRefused:
    """The service answered `SKIPPED`: a policy of the workspace, or a prompt it takes for no question."""
    if "CUSTOMER_POLICY_VIOLATION" in reasons:
        why = "the workspace's policy blocked it" + _violation(enforcement)
    elif "NON_ASSIST_SEEKING_QUERY_IGNORED" in reasons:
        why = "the service takes the prompt for no question"
    else:
        why = ", ".join(reasons) or "no reason given"
    return PolicyRefused(f"The service skipped the answer: {why}. Change the prompt and ask again.")


def _refusal(error: Mapping[str, Any], status: int, retry_after: float | None) -> Refusal:
    code = error.get("code")
    return Refusal(
        code=code if isinstance(code, int) and not status else status,
        status=str(error.get("status", "")),
        message=str(error.get("message", "")),
        details=str(error.get("details", "")),
        retry_after=retry_after if retry_after is not None else _retry_info(error.get("details")),
    )


def _bad_request(refusal: Refusal) -> UpstreamError:
    if refusal.mentions("unsupported file type"):
        return FileRefused(
            f"The service does not take this file: {refusal.told}. Send it as PDF, image or text."
        )
    if refusal.status == "FAILED_PRECONDITION":
        return Busy(f"The service is in no state to answer: {refusal.told}.")
    return PromptRefused(f"The service calls the request invalid: {refusal.told}.")


def _unauthenticated(refusal: Refusal) -> UpstreamError:
    return CredentialsRejected(f"The service does not accept the account's credentials: {refusal.told}.")


def _forbidden(refusal: Refusal) -> UpstreamError:
    if refusal.mentions("session", "not owned"):
        return SessionLost("The service says that the session is another user's.")
    return AccountForbidden(f"The service forbids the account to answer: {refusal.told}.")


def _not_found(refusal: Refusal) -> UpstreamError:
    return SessionLost(f"The service no longer knows the session or a file of it: {refusal.told}.")


def _exhausted(refusal: Refusal) -> UpstreamError:
    said = _told_seconds(refusal.message)
    return QuotaExhausted(
        f"The account's quota is used up: {refusal.told}.",
        retry_after=refusal.retry_after if refusal.retry_after is not None else said,
        daily=bool(_DAILY.search(refusal.message) or _DAILY.search(refusal.details)),
    )


def _by_class(refusal: Refusal) -> UpstreamError:
    if refusal.status == "RESOURCE_EXHAUSTED":
        return _exhausted(refusal)
    if refusal.status == "UNAUTHENTICATED":
        return _unauthenticated(refusal)
    if refusal.code >= 500:
        return Busy(f"The service has an error of its own: {refusal.told}.")
    return BadReply(f"The service answered something unexpected: {refusal.told}.")


_KINDS: Mapping[int, Callable[[Refusal], UpstreamError]] = {
    400: _bad_request,
    401: _unauthenticated,
    403: _forbidden,
    404: _not_found,
    413: _bad_request,
    429: _exhausted,
}


def _told_seconds(message: str) -> float | None:
    """Seconds of a wait that is told in words: `Please try again in 1m30s.`"""
    told = _TOLD.search(message)
    if not told:
        return None
    return sum(float(amount) * _UNIT_SECONDS[unit.lower()] for amount, unit in _PART.findall(told[1]))


def _retry_info(details: Any) -> float | None:
    """Seconds of a google.rpc.RetryInfo among the details: `{"retryDelay": "12.5s"}`."""
    for detail in details if isinstance(details, list) else []:
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str):
            return _seconds(delay.removesuffix("s"))
    return None


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text) if text else None
    except ValueError:  # a date; the cool-down setting is as good
        return None
    return max(0.0, seconds) if seconds is not None and math.isfinite(seconds) else None


def _violation(enforcement: Any) -> str:
    """The policy's own words, where it gives any."""
    results = enforcement.get("policyResults") if isinstance(enforcement, dict) else None
    for result in results if isinstance(results, list) else []:
        armor = result.get("modelArmorEnforcementResult") if isinstance(result, dict) else None
        if isinstance(armor, dict) and armor.get("modelArmorViolation"):
            return f" ({str(armor['modelArmorViolation'])[:_SHOWN_CHARACTERS]})"
    return ""
