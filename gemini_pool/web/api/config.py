"""The configuration as other consoles of this kind read and write it, and the level of the log."""

from typing import Literal
from urllib.parse import urlsplit

from flask import request

from gemini_pool.errors import BadRequest
from gemini_pool.web.api.account_shapes import AccountShown
from gemini_pool.web.api.accounts import accounts
from gemini_pool.web.api.described import Desk, Done, Shape
from gemini_pool.web.api.models import ModelShown, models
from gemini_pool.web.api.settings import in_force, save_all
from gemini_pool.web.links import public_base
from gemini_pool.wiring import services

bp = Desk("config", "/api")

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# What they call our settings.
NAMES = {
    "image_base_url": "IMAGE_BASE_URL",
    "upload_endpoint": "UPLOAD_ENDPOINT",
    "upload_api_token": "UPLOAD_API_TOKEN",
    "log_level": "LOG_LEVEL",
}
HIDDEN = "•••"


class ServiceShown(Shape):
    port: int
    base_url: str
    api_url: str


class ConfigShown(Shape):
    """Secrets are masked."""

    proxy: str
    proxy_enabled: bool
    image_base_url: str
    upload_endpoint: str
    upload_api_token: str
    log_level: str
    models: list[ModelShown]
    accounts: list[AccountShown]
    service: ServiceShown


class ProxyGiven(Shape):
    """A proxy in the form that some clients send."""

    url: str = ""
    enabled: bool = True


class ConfigChanges(Shape):
    """What is to change; what is left out, or sent back masked, stays."""

    proxy: str | ProxyGiven | None = None
    proxy_enabled: bool | None = None
    image_base_url: str | None = None
    upload_endpoint: str | None = None
    upload_api_token: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None = None


class LoggingShown(Shape):
    level: str
    levels: list[str]


class LevelGiven(Shape):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class LevelSet(Shape):
    success: bool = True
    level: str


@bp.operation("GET", "/config")
def config() -> ConfigShown:
    """The whole configuration."""
    s = services()
    saved = s.saved.all()
    base = public_base(request, s)
    proxy = in_force("PROXY", s, saved)
    return ConfigShown(
        proxy=without_password(proxy),
        proxy_enabled=bool(proxy),
        image_base_url=in_force("IMAGE_BASE_URL", s, saved),
        upload_endpoint=in_force("UPLOAD_ENDPOINT", s, saved),
        upload_api_token=HIDDEN if in_force("UPLOAD_API_TOKEN", s, saved) else "",
        log_level=in_force("LOG_LEVEL", s, saved).upper(),
        models=models().models,
        accounts=accounts().accounts,
        service=ServiceShown(port=s.settings.port, base_url=base, api_url=f"{base}/v1"),
    )


@bp.operation("PUT", "/config")
def change(body: ConfigChanges) -> Done:
    """Change the configuration. The workers read it in a reload that loses no answer."""
    given = body.model_dump(exclude={"proxy", "proxy_enabled"}, exclude_none=True)
    values = {NAMES[name]: text for name, text in given.items() if text != HIDDEN}
    if "LOG_LEVEL" in values:
        values["LOG_LEVEL"] = values["LOG_LEVEL"].lower()
    save_all(values | _proxy(body))
    return Done()


@bp.operation("GET", "/logging")
def logging_level() -> LoggingShown:
    """What is logged."""
    s = services()
    return LoggingShown(level=in_force("LOG_LEVEL", s, s.saved.all()).upper(), levels=list(LEVELS))


@bp.operation("POST", "/logging")
def set_level(body: LevelGiven) -> LevelSet:
    """Log more, or less."""
    save_all({"LOG_LEVEL": body.level.lower()})
    return LevelSet(level=body.level)


def without_password(proxy: str) -> str:
    """A proxy's address as it may be shown."""
    parts = urlsplit(proxy)
    if not parts.password:
        return proxy
    return parts._replace(netloc=f"{parts.username}:{HIDDEN}@{parts.netloc.rpartition('@')[2]}").geturl()


def _proxy(body: ConfigChanges) -> dict[str, str]:
    """The setting that a client wants for the proxy; one that is switched off is forgotten."""
    given = body.proxy
    if isinstance(given, ProxyGiven):
        given = given.url if given.enabled else ""
    if body.proxy_enabled is False:
        given = ""
    if given is None or HIDDEN in given:
        return {}
    if body.proxy_enabled and not given:
        raise BadRequest("`proxy_enabled` is true and there is no `proxy`: send its address.", param="proxy")
    return {"PROXY": given}
