"""A page of the site as HTML: its own file within the frame that all share."""

from html import escape
from importlib.resources import files
from string import Template

from gemini_pool.simulator.http import HTML
from gemini_pool.simulator.script import NO_HEADERS, Script, plain
from gemini_pool.simulator.sign_in.markup import CHANGED, KNOWN
from gemini_pool.simulator.sign_in.words import WORDS

_PAGES = files("gemini_pool.simulator.sign_in") / "pages"


def render(page: str, language: str, *, changed: bool, delay: float, markup: str = "", **facts: str) -> str:
    """The HTML of a page; `facts` are texts that it shows, `markup` goes into its place for `trial`."""
    words = {name: escape(word) for name, word in (WORDS[language] | facts).items()}
    marks = {name: Template(mark).substitute(words) for name, mark in (CHANGED if changed else KNOWN).items()}
    content = Template(_text(f"{page}.html")).substitute(words | marks, trial=markup)
    frame = Template(_text("frame.html"))
    shown = {"page": page, "delay": f"{delay}", "changed": f"{int(changed)}", "title": "Gemini Business"}
    return frame.substitute(words | shown, content=content)


def html(text: str, headers: dict[str, str] | None = None) -> Script:
    """The answer that brings a page."""
    return plain(200, text.encode(), HTML, headers or NO_HEADERS)


def application() -> Script:
    """The script that every page runs."""
    return plain(200, _text("app.js").encode(), "text/javascript; charset=UTF-8")


def _text(name: str) -> str:
    return (_PAGES / name).read_text(encoding="utf-8")
