"""The catalogue of AI models: what callers may ask for."""

from typing import Any

from pydantic import Field

from gemini_pool.errors import NotFound
from gemini_pool.roster import QuotaKind
from gemini_pool.store.catalog import ModelEntry
from gemini_pool.web.api.deeds import wrote
from gemini_pool.web.api.described import Desk, Done, Shape
from gemini_pool.wiring import services

bp = Desk("models", "/api/models")


class ModelShown(Shape):
    """`api_model_id` is what the service calls it; empty: the service chooses. `better` is the model that
    answers in its place for keys that are upgraded."""

    id: str
    name: str
    description: str
    api_model_id: str
    kind: str
    aliases: list[str]
    better: str
    context_length: int
    max_tokens: int
    price_per_1k_tokens: str
    enabled: bool
    account_index: int | None = None


class ModelsShown(Shape):
    models: list[ModelShown]


class ModelChanges(Shape):
    """What is to change; what is left out stays."""

    name: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=2000)
    api_model_id: str | None = Field(None, max_length=200)
    kind: QuotaKind | None = None
    aliases: list[str] | None = Field(None, max_length=100)
    better: str | None = Field(None, max_length=200)
    context_length: int | None = Field(None, ge=0, lt=2**31)
    max_tokens: int | None = Field(None, ge=0, lt=2**31)
    price_per_1k_tokens: str | None = Field(None, max_length=50)
    enabled: bool | None = None


class NewModel(ModelChanges):
    """A model that callers may ask for by `id`."""

    id: str = Field(min_length=1, max_length=200)


class Order(Shape):
    """Ids in the order in which they are listed; others follow as they did."""

    ids: list[str] = Field(max_length=1000)


# What the store calls the fields that go by another name here.
NAMES = {"description": "about", "api_model_id": "upstream_id", "price_per_1k_tokens": "price"}


@bp.operation("GET")
def models() -> ModelsShown:
    """All models in the order in which they are listed, those that are switched off among them."""
    return ModelsShown(models=[_shown(one) for one in services().catalog.rows()])


@bp.operation("POST")
def add(body: NewModel) -> Done:
    """Add a model."""
    services().catalog.put(ModelEntry(**_given(body)), new=True)
    wrote("model.added", body.id)
    return Done()


@bp.operation("PUT", "/<path:model_id>", errors=(404,))
def edit(model_id: str, body: ModelChanges) -> Done:
    """Change a model."""
    changes = _given(body)
    services().catalog.put(_changed(_known(model_id), changes))
    wrote("model.edited", model_id, ", ".join(changes))
    return Done()


@bp.operation("DELETE", "/<path:model_id>", errors=(404,))
def delete(model_id: str) -> Done:
    """Delete a model."""
    _known(model_id)
    services().catalog.delete(model_id)
    wrote("model.deleted", model_id)
    return Done()


@bp.operation("POST", "/order")
def order(body: Order) -> Done:
    """List models in another order."""
    services().catalog.order(body.ids)
    wrote("models.ordered")
    return Done()


def _known(model_id: str) -> ModelEntry:
    entry = next((one for one in services().catalog.rows() if one.id == model_id), None)
    if entry is None:
        raise NotFound(f"There is no model `{model_id}`.")
    return entry


def _given(body: ModelChanges) -> dict[str, Any]:
    given = body.model_dump(exclude_none=True)
    if "aliases" in given:
        given["aliases"] = tuple(given["aliases"])
    return {NAMES.get(name, name): value for name, value in given.items()}


def _changed(entry: ModelEntry, changes: dict[str, Any]) -> ModelEntry:
    held = {name: getattr(entry, name) for name in entry.__slots__}
    return ModelEntry(**{**held, **changes})


def _shown(entry: ModelEntry) -> ModelShown:
    return ModelShown(
        id=entry.id,
        name=entry.name or entry.id,
        description=entry.about,
        api_model_id=entry.upstream_id or "",
        kind=entry.kind.value,
        aliases=list(entry.aliases),
        better=entry.better or "",
        context_length=entry.context_length,
        max_tokens=entry.max_tokens,
        price_per_1k_tokens=entry.price,
        enabled=entry.enabled,
    )
