"""The configuration as other consoles of this kind read and write it, and the level of the log."""

from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from flask import request
from pydantic import Field

from gemini_pool.errors import BadRequest
from gemini_pool.readers import SWITCH
from gemini_pool.store.peers import REMOTE, GivenPeer, kind_of
from gemini_pool.web.api.account_shapes import AccountShown
from gemini_pool.web.api.accounts import accounts
from gemini_pool.web.api.deeds import wrote
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
    "tempmail_worker_url": "TEMP_MAIL_URL",
    "log_level": "LOG_LEVEL",
}
SWITCHES = {"auto_refresh_cookie": "AUTO_REFRESH_COOKIE", "sync_only_mode": "SYNC_ONLY_MODE"}
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
    auto_refresh_cookie: bool
    tempmail_worker_url: str
    remote_sync_url: str
    remote_sync_api_key: str
    sync_only_mode: bool
    models: list[ModelShown]
    accounts: list[AccountShown]
    service: ServiceShown


class ProxyGiven(Shape):
    """A proxy in the form that some clients send."""

    url: str = ""
    enabled: bool = True


class ConfigChanges(Shape):
    """What is to change; what is left out, or sent back masked, stays. `remote_sync_url` and
    `remote_sync_api_key` are the instance called remote of /api/sync/peers; an empty URL forgets it."""

    proxy: str | ProxyGiven | None = None
    proxy_enabled: bool | None = None
    image_base_url: str | None = None
    upload_endpoint: str | None = None
    upload_api_token: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None = None
    auto_refresh_cookie: bool | None = None
    tempmail_worker_url: str | None = None
    remote_sync_url: str | None = Field(None, max_length=500)
    remote_sync_api_key: str | None = Field(None, max_length=500)
    sync_only_mode: bool | None = None


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
    remote = s.peers.named(REMOTE)
    return ConfigShown(
        proxy=without_password(proxy),
        proxy_enabled=bool(proxy),
        image_base_url=in_force("IMAGE_BASE_URL", s, saved),
        upload_endpoint=in_force("UPLOAD_ENDPOINT", s, saved),
        upload_api_token=HIDDEN if in_force("UPLOAD_API_TOKEN", s, saved) else "",
        log_level=in_force("LOG_LEVEL", s, saved).upper(),
        auto_refresh_cookie=_on(in_force("AUTO_REFRESH_COOKIE", s, saved)),
        tempmail_worker_url=in_force("TEMP_MAIL_URL", s, saved),
        remote_sync_url=remote.given.url if remote else "",
        remote_sync_api_key=HIDDEN if remote else "",
        sync_only_mode=_on(in_force("SYNC_ONLY_MODE", s, saved)),
        models=models().models,
        accounts=accounts().accounts,
        service=ServiceShown(port=s.settings.port, base_url=base, api_url=f"{base}/v1"),
    )


@bp.operation("PUT", "/config")
def change(body: ConfigChanges) -> Done:
    """Change the configuration. The workers read it in a reload that loses no answer."""
    given = body.model_dump(exclude_none=True)
    values = {NAMES[name]: text for name, text in given.items() if name in NAMES and text != HIDDEN}
    values |= {SWITCHES[name]: "1" if on else "0" for name, on in given.items() if name in SWITCHES}
    if "LOG_LEVEL" in values:
        values["LOG_LEVEL"] = values["LOG_LEVEL"].lower()
    set_remote(body.remote_sync_url, body.remote_sync_api_key)
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


def set_remote(url: str | None, key: str | None) -> None:
    """Make the instance called remote what older clients say of it; None leaves a part of it as it is."""
    peers = services().peers
    held = peers.named(REMOTE)
    if held and url == "":
        peers.delete(held.id)
        wrote("peer.deleted", f"peer {held.id}", REMOTE)
        return
    before = held.given if held else GivenPeer(REMOTE, "", "")
    token = before.token if key in (None, "", HIDDEN) else str(key)
    after = replace(
        before, url=before.url if url is None else url.rstrip("/"), token=token, kind=kind_of(token)
    )
    if after == before or (not held and not after.url):
        return
    peer_id = held.id if held and peers.change(held.id, after) else peers.add(after)
    wrote("peer.changed" if held else "peer.added", f"peer {peer_id}", REMOTE)


def _on(text: str) -> bool:
    return bool(SWITCH.read(text))


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
