"""API keys: made, limited, revoked; what they were used for."""

import time
from typing import Any, Literal

from pydantic import Field

from gemini_pool.errors import NotFound
from gemini_pool.store.keys import KeyListing
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Done, Shape
from gemini_pool.web.api.moments import told
from gemini_pool.wiring import services

bp = Desk("keys", "/api/api-keys")

DAY = 86_400
MOST = 1_000_000_000
# How pictures are shown where a request does not say it; "" leaves it to the setting.
ImageFormat = Literal["", "markdown", "url", "array", "base64"]


class KeyShown(Shape):
    """A key; its text is shown once, when it is made. 0 and an empty list: no bound."""

    id: int
    name: str
    description: str
    prefix: str
    created_at: str | None
    expires_at: str | None
    is_active: bool
    is_expired: bool
    usage_count: int
    last_used_at: str | None
    upgrade: bool
    image_format: str
    models: list[str]
    networks: list[str]
    per_minute: int
    per_day: int
    concurrent: int
    tokens_per_day: int


class KeysShown(Shape):
    success: bool = True
    keys: list[KeyShown]


class WhichKeys(Shape):
    include_inactive: bool = True


class KeyChanges(Shape):
    """What is to change; what is left out stays. `expires_days` counts from now; 0: never."""

    name: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=2000)
    expires_days: int | None = Field(None, ge=0, le=36_500)
    upgrade: bool | None = None
    image_format: ImageFormat | None = None
    models: list[str] | None = Field(None, max_length=1000)
    networks: list[str] | None = Field(None, max_length=1000)
    per_minute: int | None = Field(None, ge=0, le=MOST)
    per_day: int | None = Field(None, ge=0, le=MOST)
    concurrent: int | None = Field(None, ge=0, le=1000)
    tokens_per_day: int | None = Field(None, ge=0, le=MOST)


class NewKey(KeyChanges):
    """A new key, for whoever `name` says."""

    name: str = Field(min_length=1, max_length=200)


class KeyMade(Shape):
    """`key` is the only copy of its text."""

    success: bool = True
    key: str
    key_info: KeyShown


class KeyAnswer(Shape):
    success: bool = True
    key: KeyShown


@bp.operation("GET")
def keys(query: WhichKeys) -> KeysShown:
    """All keys."""
    listed = services().keys.list()
    return KeysShown(keys=[shown(key) for key in listed if key.active or query.include_inactive])


@bp.operation("POST")
def make(body: NewKey) -> KeyMade:
    """Make a key. Its text is in this answer and nowhere else."""
    s = services()
    fields = _fields(body)
    key_id, text = s.keys.create(fields.pop("name"), **fields)
    wrote("key.made", f"key {key_id}", body.name)
    return KeyMade(key=text, key_info=shown(known(key_id)))


@bp.operation("GET", "/<id:key_id>", errors=(404,))
def key(key_id: int) -> KeyAnswer:
    """A key."""
    return KeyAnswer(key=shown(known(key_id)))


@bp.operation("PUT", "/<id:key_id>", errors=(404,))
def change(key_id: int, body: KeyChanges) -> Done:
    """Change a key."""
    known(key_id)
    fields = _fields(body)
    services().keys.change(key_id, **fields)
    wrote("key.changed", f"key {key_id}", ", ".join(fields))
    return Done()


@bp.operation("POST", "/<id:key_id>/revoke", errors=(404,))
def revoke(key_id: int) -> Done:
    """Accept a key no longer. What it was used for stays."""
    known(key_id)
    services().keys.revoke(key_id)
    wrote("key.revoked", f"key {key_id}")
    return Done()


@bp.operation("DELETE", "/<id:key_id>", errors=(404,))
def delete(key_id: int) -> Done:
    """Forget a key. Its calls stay in the journal."""
    known(key_id)
    services().keys.delete(key_id)
    wrote("key.deleted", f"key {key_id}")
    return Done()


def known(key_id: int) -> KeyListing:
    """A key; NotFound."""
    listing = services().keys.get(key_id)
    if listing is None:
        raise NotFound(f"There is no key {key_id}.")
    return listing


def shown(key: KeyListing) -> KeyShown:
    limits = key.limits
    return KeyShown(
        id=key.id,
        name=key.name,
        description=key.description,
        prefix=key.prefix,
        created_at=told(key.created_at),
        expires_at=told(key.expires_at),
        is_active=key.active,
        is_expired=key.expired(time.time()),
        usage_count=key.usage_count,
        last_used_at=told(key.last_used_at),
        upgrade=key.upgrade,
        image_format=key.image_format,
        models=sorted(limits.models),
        networks=[str(network) for network in limits.networks],
        per_minute=limits.per_minute,
        per_day=limits.per_day,
        concurrent=limits.concurrent,
        tokens_per_day=limits.tokens_per_day,
    )


def _fields(body: KeyChanges) -> dict[str, Any]:
    """What the store takes for them."""
    fields = body.model_dump(exclude_none=True)
    days = fields.pop("expires_days", None)
    if days is not None:
        fields["expires_at"] = time.time() + days * DAY if days else None
    return fields
