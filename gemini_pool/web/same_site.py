"""Whether a request comes from our own pages: what browsers say of it, and no page can make them say."""

from urllib.parse import urlsplit

from flask import Request

from gemini_pool.web.links import public_base, scheme_of
from gemini_pool.wiring import Services

# What a browser sends itself, at the user's word, is "none"; another page's doing never is.
OWN_SITES = ("same-origin", "none")
UNSAFE_IN_PATHS = ("\\", "\t", "\r", "\n")


def is_foreign(request: Request, s: Services) -> bool:
    """Whether a browser says that another site's page sent this. Programs say nothing of the kind."""
    site = request.headers.get("sec-fetch-site")
    if site:  # over plain http browsers leave it out
        return site not in OWN_SITES
    origin = request.headers.get("origin")
    return origin is not None and origin not in _own_origins(request, s)


def _own_origins(request: Request, s: Services) -> set[str]:
    """The origins that a browser may have our pages from: as the operator says it, or as it came here."""
    parts = urlsplit(public_base(request, s))
    here = f"{scheme_of(request, s)}://{request.headers.get('host', '').lower()}"
    return {f"{parts.scheme}://{parts.netloc}".lower(), here}


def local_path(text: str, otherwise: str) -> str:
    """A path on this very server, or another one instead: a link must not lead people elsewhere."""
    if not text.startswith("/") or text.startswith("//") or any(c in text for c in UNSAFE_IN_PATHS):
        return otherwise
    parts = urlsplit(text)
    return otherwise if parts.scheme or parts.netloc or not text.isprintable() else text
