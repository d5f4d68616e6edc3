"""Pages of any origin may call what asks for a key; the browser wants to be told so."""

from flask import Response, request

from gemini_pool.web.limits import HEADERS
from gemini_pool.web.preferring import HEADER, REASON_HEADER

CORS_HEADERS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": ", ".join(
        ("x-request-id", "retry-after", HEADER, REASON_HEADER, *HEADERS)
    ),
}
PREFLIGHT_HEADERS = {
    "access-control-allow-headers": "*, authorization",
    "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
    "access-control-max-age": "86400",
}


def let_browsers_call(response: Response) -> Response:
    """Keys are sent by hand and never by cookie, so that any page may call."""
    if "origin" in request.headers:
        response.headers.extend(CORS_HEADERS)
        if request.method == "OPTIONS":
            response.headers.extend(PREFLIGHT_HEADERS)
    return response
