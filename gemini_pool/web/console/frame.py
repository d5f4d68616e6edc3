"""The frame of the console: places, language, theme, static files, and what templates may ask for.

Nothing here runs for a request that is no page: templates find it in the environment of Jinja, which such a
request never opens.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, redirect, render_template, request
from flask_babel import Babel, LazyString
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from gemini_pool.web.console import language, sign_in_words, words, work_words
from gemini_pool.web.console.assets import Assets
from gemini_pool.web.console.states import LOOKS, look
from gemini_pool.web.same_site import local_path

CHECKOUT = Path(__file__).resolve().parents[3]
TEMPLATES, STATIC = CHECKOUT / "templates", CHECKOUT / "static"
THEMES = ("auto", "light", "dark")
KEPT_FOR = timedelta(days=365)
FILTERS: dict[str, Callable[..., str]] = {
    "number": words.number,
    "percent": words.percent,
    "size": words.size,
    "milliseconds": words.milliseconds,
    "duration": words.duration,
    "when": words.when,
    "countdown": words.countdown,
    "clock": words.clock,
    "iso": words.iso,
    "step": sign_in_words.step,
    "reason": sign_in_words.reason,
}


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the rail."""

    path: str
    word: LazyString
    icon: str


PLACES = (
    Place("/", _l("Overview"), "speedometer2"),
    Place("/accounts", _l("Accounts"), "people"),
    Place("/chat", _l("Chat"), "chat"),
    Place("/keys", _l("Keys"), "key"),
    Place("/models", _l("Models"), "cpu"),
    Place("/activity", _l("Activity"), "activity"),
    Place("/settings", _l("Settings"), "sliders"),
)


def install(app: Flask) -> None:
    """Give an application the frame; its pages come by themselves (gemini_pool/web/console/pages.py)."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(language.TRANSLATIONS)
    Babel(app, locale_selector=language.chosen_language)
    assets = Assets(STATIC, language.CATALOGS)
    app.add_url_rule("/static/<version>/<path:name>", "static", assets.send)
    app.add_url_rule("/look", "look", choose_look)
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(
        PLACES=PLACES,
        LANGUAGES=language.LANGUAGES,
        LOOKS=LOOKS,
        here=here,
        is_at=is_at,
        language=language.chosen_language,
        language_tag=language.language_tag,
        look=look,
        standing=work_words.standing,
        static_url=assets.url,
        theme=theme,
        work_title=work_words.title,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def theme() -> str:
    """What this browser was told to look like; `auto` follows the system."""
    kept = request.cookies.get("theme", "")
    return kept if kept in THEMES else "auto"


def choose_look() -> Response:
    """GET /look?language=zh_CN&theme=dark&next=/accounts: keep what was chosen, and go back."""
    response = redirect(local_path(request.args.get("next", ""), "/"), 303)
    known = {"language": language.LANGUAGES, "theme": THEMES}
    for name, values in known.items():
        value = request.args.get(name, "")
        if value in values:
            response.set_cookie(name, value, KEPT_FOR, secure=request.is_secure, samesite="Lax")
    return response


def here(**changes: object) -> str:
    """This page's address with some of its query changed; None takes a word out. Paging begins anew."""
    query = request.args.copy()
    for name, value in {"page": None, **changes}.items():
        query.poplist(name)
        if value is not None:
            query[name] = str(value)
    asked = urlencode(list(query.items(multi=True)))
    return f"{request.path}?{asked}" if asked else request.path


def is_at(place: Place) -> bool:
    """Whether the page belongs to a place of the rail."""
    return request.path == place.path or (place.path != "/" and request.path.startswith(f"{place.path}/"))


def error_page(told: str, status: int, request_id: str) -> str:
    """A refusal on a page of its own: what happened, what can be done, and by which id the log has it."""
    return render_template("error.html", status=status, told=told, request_id=request_id)
