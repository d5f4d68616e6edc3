"""What browsers are told to keep to on our pages, and on the answers of the admin API."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Flask, Response, request

from gemini_pool.web.links import scheme_of
from gemini_pool.wiring import EXTENSION, Services

# Programs call these, or they have a policy of their own.
BARE = ("/v1/", "/image/", "/video/")
# Nothing personal lies there.
KEPT = ("/static/", "/bootstrap/")
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
}
YEAR_OF_HTTPS = "max-age=31536000"


def install(app: Flask) -> None:
    """Put these headers on the answers of an application."""
    s: Services = app.extensions[EXTENSION]
    policy = content_policy(s.settings.upload_endpoint, s.settings.image_base_url)

    def guard(response: Response) -> Response:
        if request.path.startswith(BARE):
            return response
        response.headers.update(HEADERS)
        response.headers["content-security-policy"] = policy
        if not request.path.startswith(KEPT):
            response.headers["cache-control"] = "no-store"
        if scheme_of(request, s) == "https":
            response.headers["strict-transport-security"] = YEAR_OF_HTTPS
        return response

    app.after_request(guard)


def content_policy(*image_hosts: str) -> str:
    """Our own pages load what is ours; pictures and films may also lie on an image host."""
    hosts = "".join(f" {origin}" for origin in dict.fromkeys(origins(*image_hosts)))
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob:{hosts}",
            f"media-src 'self' blob:{hosts}",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        )
    )


def origins(*addresses: str) -> Iterator[str]:
    """`https://host:port` of each that is set; without a login, which an address may have."""
    for parts in map(urlsplit, filter(None, addresses)):
        yield f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
