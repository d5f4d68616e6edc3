"""The limits of keys: each call that is answered counts, one too many is told when to come back."""

import math
from contextlib import ExitStack

from flask import Flask, Response, g, request

from gemini_pool.errors import LimitReached
from gemini_pool.store.key_windows import Span, Window
from gemini_pool.wiring import Services, services

# What a window is called in the headers, and in words.
UNITS = {Span.MINUTE: "requests", Span.DAY: "requests", Span.TOKENS: "tokens"}
WORDS = {
    Span.MINUTE: "{} requests a minute",
    Span.DAY: "{} requests a day (UTC)",
    Span.TOKENS: "{} tokens a day (UTC)",
}
HEADERS = tuple(
    f"x-ratelimit-{what}-{unit}"
    for unit in ("requests", "tokens")
    for what in ("limit", "remaining", "reset")
)
# What OpenAI says when waiting a moment does not help, so that programs give up.
SPENT = "insufficient_quota"
CONCURRENT_RETRY_SECONDS = 1.0


def install(app: Flask) -> None:
    """Have every answer tell of its key's limits, and give back what its request held of them."""
    app.after_request(_tell)
    app.teardown_request(_give_back)


def keep_limits() -> None:
    """Before each request of a blueprint that answers: may this key ask once more? LimitReached."""
    if request.method != "POST":
        return
    key, s = g.key, services()
    if key.limits.concurrent:
        g.held = ExitStack()
        take_slot(s, g.held)
    if key.limits.counted:
        _count(s)


def take_slot(s: Services, stack: ExitStack) -> None:
    """Count one more answer that this key has at one time, until the stack closes. LimitReached."""
    key_id, most = g.key.id, g.key.limits.concurrent
    if not most:
        return
    slot = s.key_counts.slots.take(key_id, most)
    if slot is None:
        raise LimitReached(
            f"This API key may have {most} answers at one time, and has them. Please try again in 1s, or "
            "when one of them has ended.",
            retry_after=CONCURRENT_RETRY_SECONDS,
        )
    stack.callback(s.key_counts.slots.free, key_id, slot)


def hold_until_closed(stack: ExitStack) -> None:
    """What the current request holds is given back when the stack closes, and not when it is handled."""
    if held := g.pop("held", None):
        stack.push(held)


def duration(seconds: float) -> str:
    """As OpenAI's headers have it, rounded up: `7s`, `6m0s`, `23h59m1s`."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _count(s: Services) -> None:
    windows = s.key_counts.windows.enter(g.key.id, g.key.limits)
    full = max((w for w in windows if not w.remaining), key=lambda w: w.left, default=None)
    g.limit_headers = _headers(windows, taken=0 if full else 1)
    if full is None:
        return
    daily = full.span is not Span.MINUTE
    if daily:
        g.limit_headers["x-should-retry"] = "false"
    raise LimitReached(
        f"This API key may use {WORDS[full.span].format(full.limit)}, and has used them. Please try again in "
        f"{duration(full.left)}.",
        retry_after=full.left,
        code=SPENT if daily else None,
    )


def _headers(windows: list[Window], *, taken: int) -> dict[str, str]:
    """Of several windows of requests the one that is over first is told of."""
    headers = {}
    for window in sorted(windows, key=lambda w: -w.remaining):
        unit = UNITS[window.span]
        remaining = window.remaining - (taken if window.span is not Span.TOKENS else 0)
        headers[f"x-ratelimit-limit-{unit}"] = str(window.limit)
        headers[f"x-ratelimit-remaining-{unit}"] = str(remaining)
        headers[f"x-ratelimit-reset-{unit}"] = duration(window.left)
    return headers


def _tell(response: Response) -> Response:
    response.headers.extend(g.get("limit_headers", {}))
    return response


def _give_back(_: BaseException | None) -> None:
    if held := g.pop("held", None):
        held.close()
