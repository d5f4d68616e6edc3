"""Every component on one page, and the overview over made-up numbers, on a server of its own."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from flask import Blueprint, Flask, abort, flash, render_template, request
from werkzeug.serving import make_server

from gemini_pool.roster import Account, Credentials, QuotaKind, Standing
from gemini_pool.web.console import overview
from gemini_pool.web.console.overview import PERIODS, Bucket, Load, Period

NAMES = ["amber", "bruno", "clara", "dieter", "emil", "frida", "gustav", "hanna", "ivo", "jule"]


def seat(number: int, **changes: object) -> Account:
    name = NAMES[number % len(NAMES)] + (f"-{number}" if number >= len(NAMES) else "")
    return Account(number + 1, f"{name}@example.org", Credentials("c" * 40, "1", "2"), **changes)  # type: ignore[arg-type]


def pool(now: float, size: int = 12) -> list[Account]:
    """Accounts in every state, most of them well."""
    odd: list[dict[str, object]] = [
        {"cooldowns": {QuotaKind.TEXT: now + 252}, "reason": "429: the daily quota is used up"},
        {"cooldowns": {QuotaKind.IMAGES: now + 7 * 3600}, "reason": "429: no more pictures today"},
        {"resting_until": now + 61, "reason": "502 three times in a row", "strikes": 3},
        {"standing": Standing.NEEDS_SIGN_IN, "reason": "getoxsrf sent us to the sign-in page"},
        {"standing": Standing.FORBIDDEN, "reason": "403 <script>alert(1)</script>"},
        {"expires_at": now + 5000},
        {"expires_at": now - 60},
        {"enabled": False},
    ]
    return [seat(i, **(odd[i % 12] if i % 12 < len(odd) else {})) for i in range(size)]


def buckets(period: Period, now: float) -> list[Bucket]:
    """A day that begins slowly, has its troubles, and a night in which nobody asks."""
    count = period.seconds // period.step
    begin = now // period.step * period.step - (count - 1) * period.step
    found = []
    for i in range(count):
        busy = max(0.0, math.sin(i / count * 2 * math.pi * 1.3))
        answers = round(1840 * busy * (0.8 + 0.2 * math.cos(i * 2.1)))
        trouble = i in (count // 3, count // 3 + 1)
        found.append(
            Bucket(
                begin + i * period.step,
                answers=answers,
                failures=round(answers * (0.3 if trouble else 0.03)),
                limited=round(answers * (0.05 + 0.05 * math.sin(i))),
                first_ms_p50=700 + 300 * busy + 90 * math.sin(i) if answers else None,
                first_ms_p95=(1900 + 1400 * busy + 400 * math.sin(i * 1.7)) if answers else None,
            )
        )
    return found


def event(at: float, text: str, tone: str = "", icon: str = "", detail: str = "") -> SimpleNamespace:
    return SimpleNamespace(at=at, text=text, tone=tone, icon=icon, detail=detail)


def blueprint() -> Blueprint:
    bp = Blueprint("gallery", __name__, template_folder=str(Path(__file__).parent / "browser" / "templates"))

    @bp.get("/gallery")
    def gallery() -> str:
        flash("Two accounts were added, one was updated.", "good")
        now = time.time()
        limit = "429 RESOURCE_EXHAUSTED: the quota of pictures is used up for today"
        events = [
            event(now, "Answers again", "good", "check-circle-fill"),
            event(now - 400, "Resting until 12:04", "warn", "pause-circle-fill", limit),
            event(now - 90_000, "Added by hand"),
        ]
        return render_template("gallery.html", now=now, events=events, sheet=request.args.get("sheet"))

    @bp.get("/gallery/signed-out")
    def signed_out() -> str:
        return render_template("gallery_bare.html")

    @bp.get("/gallery/overview")
    def shown() -> str:
        case = request.args.get("case", "some")
        period = next(one for one in PERIODS if one.name == request.args.get("period", "24h"))
        size = {"none": 0, "some": 12, "many": 1000, "well": 5}.get(case)
        if size is None:
            abort(404)
        now = time.time()
        accounts = [seat(i) for i in range(size)] if case == "well" else pool(now, size)
        numbers = buckets(period, now) if size else []
        load = Load(open=17, slots=96, last_minute=1284) if size else None
        view = overview.view(accounts, numbers, load, period=period, now=now)
        return render_template("overview.html", **view)

    return bp


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The gallery's address while it is served."""
    app.secret_key = "of the gallery, for its flashed messages"
    app.register_blueprint(blueprint())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
