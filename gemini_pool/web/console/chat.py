"""The chat: a page that asks the pool's own /v1 by the session of the console, and keeps what was said in the
browser alone.
"""

from itertools import groupby

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from gemini_pool.roster import QuotaKind
from gemini_pool.web.links import public_base
from gemini_pool.web.safety import origins
from gemini_pool.wiring import Services, services

bp = Blueprint("chat", __name__)

KINDS = {
    QuotaKind.TEXT: _l("Text"),
    QuotaKind.IMAGES: _l("Pictures"),
    QuotaKind.VIDEOS: _l("Films"),
}
SCRIPTS = (
    "answer", "ask", "attach", "conversations", "export", "import", "lightbox", "list", "markdown", "media",
    "message", "scroll", "shelf", "stream", "talk", "trouble",
)  # fmt: skip


@bp.get("/chat")
def page() -> str:
    """GET /chat; the conversation is named by what follows `#`, which no browser sends."""
    s = services()
    media = origins(s.settings.upload_endpoint, s.settings.image_base_url)
    return render_template(
        "chat.html",
        models=models(s),
        media=" ".join(dict.fromkeys(media)),
        base=public_base(request, s),
        scripts=SCRIPTS,
    )


@bp.get("/chat_history.html")
def former_page() -> Response:
    """Where other consoles have it."""
    return redirect(url_for(".page"), 301)


def models(s: Services) -> list[tuple[LazyString, list[str]]]:
    """The models that can be asked, by what they make, in the order of the catalogue."""
    shown = [entry for entry in s.catalog.rows() if entry.enabled]
    order = list(KINDS)
    shown.sort(key=lambda entry: order.index(entry.kind))
    return [
        (KINDS[kind], [entry.id for entry in some]) for kind, some in groupby(shown, lambda one: one.kind)
    ]
