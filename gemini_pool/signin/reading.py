"""What a page tells once somebody is signed in: the session's index, the cookies' life, the trial's end."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECURE, HOST = "__Secure-C_SES", "__Host-C_OSES"

# A cookie says how long the browser keeps it, the service ends sessions earlier: half a day is what all who
# watched it agree on. Longer than this no browser keeps a cookie, so that such a date is a mistake.
MARGIN_SECONDS = 12 * 3600.0
LONGEST_SECONDS = 400 * 86400.0
LONGEST_TRIAL_DAYS = 400

_CSESIDX = re.compile(r"csesidx[\"'\\]*\s*[=:]\s*[\"'\\]*(\d{4,20})")
_DAYS_LEFT = (
    re.compile(r"[\"'\\]*(?:daysLeft|trialDaysRemaining)[\"'\\]*\s*:\s*[\"'\\]*(\d{1,3})"),
    re.compile(r"(\d{1,3})\s+days?\s+(?:left|remaining)", re.IGNORECASE),
    re.compile(r"还剩\s*(\d{1,3})\s*天"),
)
_DATE = r"\[(20\d\d),\s*(\d{1,2}),\s*(\d{1,2})\]"
_SPAN = re.compile(_DATE + r"[^\[\]]{0,40}" + _DATE)


def csesidx_in(address: str, source: str = "") -> str:
    """The session's index: from the address, or else from a script of the page; "" where neither has it."""
    named = parse_qs(urlsplit(address).query).get("csesidx", [""])[0]
    if named.isdigit():
        return named
    found = _CSESIDX.search(source)
    return found[1] if found else ""


def cookies_in(cookies: Iterable[Mapping[str, Any]]) -> tuple[str, str, float | None]:
    """The values of both cookies, "" for one that is missing, and when the first ends, if it says so."""
    named = {str(cookie["name"]): cookie for cookie in cookies}
    secure, host = named.get(SECURE, {}), named.get(HOST, {})
    ends = secure.get("expiry")
    ends = float(ends) if isinstance(ends, int | float) else None
    return str(secure.get("value", "")), str(host.get("value", "")), ends


def expiry(ends: float | None, now: float) -> float:
    """When new cookies are taken to die, from the date they carry: half a day earlier, as the service has
    been seen to end sessions before it; that date itself where it is so near; and in half a day where there
    is none, or none that can be meant."""
    if ends is None or not now < ends < now + LONGEST_SECONDS + MARGIN_SECONDS:
        return now + MARGIN_SECONDS
    earlier = ends - MARGIN_SECONDS
    return earlier if earlier > now else ends


def trial_end(source: str, now: float) -> str:
    """The last day of the trial as YYYY-MM-DD, "" where the page does not tell."""
    today = datetime.fromtimestamp(now, UTC).date()
    for pattern in _DAYS_LEFT:
        if found := pattern.search(source):
            return (today + timedelta(days=int(found[1]))).isoformat()
    for found in _SPAN.finditer(source):
        first, last = _date(*found.groups()[:3]), _date(*found.groups()[3:])
        if first and last and first < last and abs((last - today).days) <= LONGEST_TRIAL_DAYS:
            return last.isoformat()
    return ""


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
