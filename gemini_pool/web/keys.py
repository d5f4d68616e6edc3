"""Who calls: the key of a request, whether it may be used, and which models it may ask for."""

import time
from datetime import UTC, datetime

from flask import g, request

from gemini_pool.dialogue import Model
from gemini_pool.errors import KeyRefused, UnknownModel
from gemini_pool.store.keys import Key
from gemini_pool.web.admin import from_console
from gemini_pool.web.callers_address import caller_address, is_within, parsed
from gemini_pool.wiring import Services, services

KEY_HEADERS = ("x-api-key", "x-api-token", "x-goog-api-key")
CONSOLE = Key(None, "console", scope="console")
ANYBODY = Key(None, "anonymous", scope="anonymous")


def require_key() -> None:
    """Before each request of a blueprint that callers use: who is it? KeyRefused."""
    if request.method != "OPTIONS":  # a browser asks for permission without a key
        g.key = _key()


def callers_models() -> "KeyModels":
    """The models that the caller of the current request may ask for."""
    return KeyModels(g.key, services())


class KeyModels:
    """The catalogue as one key may use it."""

    def __init__(self, key: Key, s: Services) -> None:
        self._allowed = key.limits.models
        self._catalog = s.catalog

    def resolve(self, name: str | None) -> Model:
        """As the catalogue does. UnknownModel also for one that the key may not use."""
        model = self._catalog.resolve(name)
        if not self._may_use(model):
            raise UnknownModel(
                f"This API key may not use the model `{model.id}`. GET /v1/models lists those it may use.",
                param="model",
            )
        return model

    def list(self) -> list[Model]:
        return list(filter(self._may_use, self._catalog.list()))

    def better(self, model: Model) -> Model:
        """The best that the key may use in place of a model; itself when there is none better."""
        return self._catalog.better(model, self._may_use)

    def _may_use(self, model: Model) -> bool:
        return not self._allowed or model.id in self._allowed


def _key() -> Key:
    s = services()
    if s.settings.allow_anonymous:
        return ANYBODY
    text = _key_text()
    if not text and from_console(s):
        return CONSOLE
    if not text:
        raise KeyRefused("No API key. Send it as `Authorization: Bearer …` or `X-API-Key: …`.")
    key = s.keys.find(text)
    if key is None:
        raise KeyRefused("This API key is not known here, or it was revoked. Ask the operator for another.")
    _check_expiry(key)
    _check_address(key, s)
    return key


def _key_text() -> str:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return credentials.strip()
    return next((value for name in KEY_HEADERS if (value := request.headers.get(name))), "")


def _check_expiry(key: Key) -> None:
    if key.expires_at is not None and key.expires_at <= time.time():
        ended = datetime.fromtimestamp(key.expires_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        raise KeyRefused(f"This API key expired on {ended}. Ask the operator for another.")


def _check_address(key: Key, s: Services) -> None:
    if not key.limits.networks:
        return
    address = caller_address(request, s.settings)
    if not is_within(parsed(address), key.limits.networks):
        raise KeyRefused(
            f"This API key may not be used from the address {address or 'of this caller'}. Ask the operator "
            "to allow it.",
            code="ip_not_authorized",
        )
