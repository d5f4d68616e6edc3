"""What the mail services have in common: refusals in short text, times, queries."""

from datetime import UTC, datetime
from urllib.parse import parse_qs

from gemini_pool.simulator.http import Request
from gemini_pool.simulator.mail.behaviour import MailFault
from gemini_pool.simulator.script import Script, page, plain, redirect, reset

HUGE = 5 * 1024 * 1024
WORDS = "text/plain; charset=UTF-8"


class Refused(Exception):
    """The service says no, in short text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status

    def script(self) -> Script:
        return plain(self.status, str(self).encode(), WORDS)


def struck(fault: MailFault, request: Request) -> Script | None:
    """The answer of a service that is out of order; None where it is not, at this address."""
    if fault == "moved" and "moved=1" in request.head.query:
        return None
    if fault in ("moved", "round"):
        return redirect(f"{request.head.path}?{request.head.query}&moved=1")
    if fault == "html":
        return page(200, "Temp Mail")
    if fault == "garbage":
        return plain(200, b'{"results": [{"id": 1,', "application/json")
    if fault == "huge":
        return plain(200, b"[" + b" " * HUGE + b"]", "application/json")
    if fault == "reset":
        return reset()
    if fault == "away":
        return redirect("http://elsewhere.invalid/api")
    status = int(fault)
    return Refused(
        status, {401: "Unauthorized", 404: "Not Found", 429: "Rate limited"}.get(status, "Error")
    ).script()


def query_of(request: Request) -> dict[str, str]:
    """The query, the last of what is told twice."""
    return {name: values[-1] for name, values in parse_qs(request.head.query, keep_blank_values=True).items()}


def stamp(at: float) -> str:
    """As SQLite writes the current time: UTC, without saying so."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
