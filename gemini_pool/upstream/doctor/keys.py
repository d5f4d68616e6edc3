"""A reply of getoxsrf, looked at: the key, the cookies that come with it, and the service's clock."""

from email.utils import parsedate_to_datetime
from typing import Any

from gemini_pool.upstream.doctor.documented import KEY
from gemini_pool.upstream.doctor.findings import Notes
from gemini_pool.upstream.doctor.replies import cookie_names, note_members, note_status, parsed
from gemini_pool.upstream.doctor.scrubbing import form
from gemini_pool.upstream.transport import Reply
from gemini_pool.upstream.xsrf import PREFIX, decoded, moment

# Clocks further apart make the service take a token of ours for too new or too old.
MOST_SKEW_SECONDS = 60
LEAST_LIFE_SECONDS = 60
CLOCK = "service's clock"
OWN_COOKIES = frozenset(("__Secure-C_SES", "__Host-C_OSES"))


def note_key(notes: Notes, reply: Reply, now: float) -> None:
    """`now` in epoch seconds, as our own clock had it when the reply came."""
    note_status(notes, reply)
    notes.note("content type", notes.said(reply.headers.get("content-type", "none")))
    cookies = cookie_names(reply)
    notes.hold(
        "sets cookies", "none, or our two", ", ".join(cookies) or "none", OWN_COOKIES.issuperset(cookies)
    )
    skew = _note_clock(notes, reply, now)
    if reply.status != 200:
        return
    prefixed = reply.body.startswith(PREFIX)
    notes.hold("prefix", "there", "there" if prefixed else "not there", prefixed)
    value = parsed(reply.body)
    note_members(notes, value, KEY, sorted(KEY))
    if isinstance(value, dict):
        _note_members(notes, value, now + skew)


def _note_members(notes: Notes, value: dict[str, Any], now: float) -> None:
    key_id, token = value.get("keyId"), value.get("xsrfToken")
    notes.hold("keyId", "text", _form(key_id), isinstance(key_id, str) and bool(key_id))
    notes.hold("xsrfToken", "base64url without padding", _form(token), _is_key(token))
    expires = moment(value.get("expirationTime"))
    life = f"{expires - now:.0f} s ahead" if expires is not None else "no time"
    good = expires is not None and expires - now >= LEAST_LIFE_SECONDS
    notes.hold("expirationTime", "minutes ahead", life, good)


def _note_clock(notes: Notes, reply: Reply, now: float) -> float:
    """Seconds that the service's clock is ahead of ours; 0 when it does not tell."""
    try:
        skew = parsedate_to_datetime(reply.headers["date"]).timestamp() - now
    except (KeyError, ValueError, OverflowError):
        notes.note(CLOCK, "not told")
        return 0.0
    seen = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} ours"
    notes.hold(CLOCK, f"within {MOST_SKEW_SECONDS} s of ours", seen, abs(skew) <= MOST_SKEW_SECONDS)
    return skew


def _is_key(token: object) -> bool:
    try:
        return isinstance(token, str) and bool(decoded(token))
    except ValueError:
        return False


def _form(value: object) -> str:
    """With the length's remainder, on which it depends whether a key can be read."""
    if not isinstance(value, str):
        return "no text"
    return f"{form(value)}, length mod 4 = {len(value) % 4}"
