"""The catalogue of AI models: what callers may ask for and what that is upstream."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from peewee import BooleanField, IntegerField, TextField
from peewee import Model as Row

from gemini_pool.dialogue import Model
from gemini_pool.errors import UnknownModel
from gemini_pool.roster import QuotaKind
from gemini_pool.store.db import Cached, Store

DEFAULT = "gemini-auto"


class ModelRow(Row):
    id = TextField(primary_key=True)
    upstream_id = TextField(null=True)
    kind = TextField()
    aliases = TextField()
    about = TextField()
    enabled = BooleanField()
    position = IntegerField()
    created = IntegerField()
    better = TextField(null=True)

    class Meta:
        table_name = "models"


@dataclass(frozen=True)
class _Listing:
    """The catalogue as it was read: models by name and alias, the names that are switched off, and the
    better model of each name that has one, whether it is switched on or off."""

    models: dict[str, Model]
    switched_off: frozenset[str]
    better: dict[str, str]


class Catalog:
    """Models by name. `unknown` says what a name gets that is not listed: reject, default, passthrough."""

    def __init__(self, store: Store, unknown: str) -> None:
        self._store = store
        self._unknown = unknown
        self._listing = Cached(store, self._read)

    def resolve(self, name: str | None) -> Model:
        """The model a caller means; an alias keeps its own name. UnknownModel."""
        listing = self._listing.get()
        model = listing.models.get(name or DEFAULT)
        if model:
            return model
        if self._unknown == "default" and DEFAULT in listing.models:
            return listing.models[DEFAULT]
        if self._unknown == "passthrough" and name and name not in listing.switched_off:
            return Model(name, name, QuotaKind.TEXT, created=0)
        raise UnknownModel(
            f"The model `{name or DEFAULT}` does not exist or is switched off. "
            "GET /v1/models lists those there are.",
            param="model",
        )

    def list(self) -> list[Model]:
        """The models that are switched on, aliases included."""
        return list(self._listing.get().models.values())

    def better(self, model: Model, may_use: Callable[[Model], bool] = lambda _: True) -> Model:
        """The best that can be had in place of a model; itself when there is none better.

        Better ones may have better ones in turn; those that are switched off, or that may not be used, are
        passed over.
        """
        listing = self._listing.get()
        name, seen = model.id, {model.id}
        while (name := listing.better.get(name, "")) and name not in seen:
            seen.add(name)
            found = listing.models.get(name)
            if found and may_use(found):
                model = found
        return model

    def _read(self) -> _Listing:
        models: dict[str, Model] = {}
        switched_off: set[str] = set()
        better: dict[str, str] = {}
        with self._store.reading():
            for row in ModelRow.select().order_by(ModelRow.position).execute(self._store.db):
                model = Model(row.id, row.upstream_id, QuotaKind(row.kind), row.created)
                for name in (row.id, *json.loads(row.aliases)):
                    if row.better:
                        better.setdefault(name, row.better)
                    if row.enabled:
                        models.setdefault(name, replace(model, id=name))
                    else:
                        switched_off.add(name)
        return _Listing(models, frozenset(switched_off), better)
