"""Errors in the service's own envelope: as a whole answer, or as one element of a stream."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gemini_pool.simulator.behaviour import Behaviour
from gemini_pool.simulator.http import JSON
from gemini_pool.simulator.script import NO_HEADERS, Script, plain

STATUS = MappingProxyType(
    {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        405: "UNIMPLEMENTED",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        503: "UNAVAILABLE",
    }
)


class Refusal(Exception):
    """The service says no: an HTTP code, a sentence, and what goes with it."""

    def __init__(
        self,
        code: int,
        message: str,
        details: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers

    def envelope(self) -> dict[str, Any]:
        """`{"error": {...}}` as both the HTTP body and the stream element carry it."""
        error = {"code": self.code, "message": self.message, "status": STATUS[self.code]}
        return {"error": {**error, "details": list(self.details)} if self.details else error}

    def script(self) -> Script:
        """The refusal as a whole HTTP answer."""
        body = json.dumps(self.envelope(), indent=2, ensure_ascii=False).encode()
        return plain(self.code, body, JSON, self.headers)


def unauthenticated(reason: str) -> Refusal:
    """The 401 of a missing, wrong or outlived JWT."""
    return Refusal(401, f"Request had invalid authentication credentials: {reason}.")


def invalid(message: str) -> Refusal:
    """The 400 of a request in the wrong shape."""
    return Refusal(400, message)


def unknown_model(model: str) -> Refusal:
    """The 400 of a model id that the service does not serve."""
    return Refusal(400, f"model id: {model} is invalid")


def session_not_found(name: str) -> Refusal:
    """The 404 of a session that never was or is no more."""
    return Refusal(404, f'Session "{name}" not found.')


def session_not_owned() -> Refusal:
    """The 403 of a session that belongs to another account."""
    return Refusal(403, "The session is not owned by the provided user.")


def file_not_found(file_id: str) -> Refusal:
    """The 404 of a file that the session does not hold."""
    return Refusal(404, f'File with ID "{file_id}" not found in the session.')


def exhausted(behaviour: Behaviour, *, header: bool = False) -> Refusal:
    """The 429; with google.rpc details and a Retry-After header where asked for."""
    details = _quota_details(behaviour.retry_after) if behaviour.error_details else ()
    headers = {"Retry-After": str(behaviour.retry_after)} if header else NO_HEADERS
    return Refusal(429, "Resource has been exhausted (e.g. check quota).", details, headers)


def _quota_details(seconds: int) -> tuple[dict[str, Any], ...]:
    prefix = "type.googleapis.com/google.rpc."
    violation = {"subject": "user", "description": "Daily limit of assist requests per user reached."}
    return (
        {"@type": f"{prefix}RetryInfo", "retryDelay": f"{seconds}s"},
        {"@type": f"{prefix}QuotaFailure", "violations": [violation]},
    )
