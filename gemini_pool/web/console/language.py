"""Which language a page is in: what was chosen, else what the browser prefers."""

from pathlib import Path

from flask import request

LANGUAGES = {"en": "English", "zh_CN": "中文"}
TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"
CATALOGS = {"zh_CN": TRANSLATIONS / "zh" / "LC_MESSAGES" / "messages.po"}
COOKIE = "language"


def chosen_language() -> str:
    """The language of this request, one of LANGUAGES."""
    kept = request.cookies.get(COOKIE, "")
    if kept in LANGUAGES:
        return kept
    # A browser may know Chinese by country, by script, or as such; we write one.
    preferred = next((code for code in request.accept_languages.values() if code[:2] in ("en", "zh")), "en")
    return "zh_CN" if preferred.startswith("zh") else "en"


def language_tag() -> str:
    """The language as HTML names it."""
    return chosen_language().replace("_", "-")
