"""The catalogue of AI models: what callers may ask for and what that is upstream."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from peewee import BooleanField, IntegerField, TextField
from peewee import Model as Row

from gemini_pool.dialogue import Model
from gemini_pool.errors import BadRequest, UnknownModel
from gemini_pool.roster import QuotaKind
from gemini_pool.store.db import Cached, Store

DEFAULT = "gemini-auto"
MOST_CHARACTERS = 200


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
    name = TextField()
    context_length = IntegerField()
    max_tokens = IntegerField()
    price = TextField()

    class Meta:
        table_name = "models"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model as the operator sees it. `upstream_id` None: the service chooses.

    `context_length` and `max_tokens` in tokens, and the price of a thousand, are told to people alone.
    """

    id: str
    name: str = ""
    about: str = ""
    upstream_id: str | None = None
    kind: QuotaKind = QuotaKind.TEXT
    aliases: tuple[str, ...] = ()
    better: str | None = None
    context_length: int = 32_768
    max_tokens: int = 8_192
    price: str = ""
    enabled: bool = True


@dataclass(frozen=True)
class _Listing:
    """The catalogue as it was read: models by name and alias, the names that are switched off, and the
    better model of each name that has one, whether it is switched on or off."""

    models: dict[str, Model]
    switched_off: frozenset[str]
    better: dict[str, str]


class Catalog:
    """Models by name. `unknown` says what a name gets that is not listed: reject, default, passthrough."""

    def __init__(self, store: Store, unknown: str, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._unknown = unknown
        self._clock = clock
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

    def rows(self) -> Sequence[ModelEntry]:
        """All models in the order they are shown, those that are switched off among them."""
        with self._store.reading():
            return [_entry(row) for row in self._rows()]

    def put(self, *entries: ModelEntry, new: bool = False) -> int:
        """Keep models, those of an id that is there in its place, others at the end; how many were added.

        BadRequest with the field in `param`: a value is wrong, a name is another model's already, or with
        `new` the model is there.
        """
        added = 0
        with self._store.writing():
            for entry in entries:
                row = {each.id: each for each in self._rows()}.get(entry.id)
                if new and row:
                    raise BadRequest(f"There is a model `{entry.id}` already; edit it.", param="id")
                _check(entry, self._names_but(entry.id))
                ModelRow.replace(self._columns(entry, row)).execute(self._store.db)
                added += row is None
        self._listing.renew()
        return added

    def check(self, entry: ModelEntry) -> None:
        """BadRequest as in `put`."""
        with self._store.reading():
            _check(entry, self._names_but(entry.id))

    def delete(self, model_id: str) -> bool:
        """Whether there was such a model."""
        with self._store.writing():
            deleted = ModelRow.delete().where(ModelRow.id == model_id).execute(self._store.db)
        self._listing.renew()
        return bool(deleted)

    def switch(self, model_id: str, *, enabled: bool) -> bool:
        """Whether there is such a model."""
        with self._store.writing():
            found = ModelRow.update(enabled=enabled).where(ModelRow.id == model_id).execute(self._store.db)
        self._listing.renew()
        return bool(found)

    def order(self, model_ids: Iterable[str]) -> None:
        """Show these models first, in this order; the others follow as they did."""
        wanted = {model_id: place for place, model_id in enumerate(model_ids)}
        with self._store.writing():
            rows = sorted(self._rows(), key=lambda row: wanted.get(row.id, len(wanted)))
            for place, row in enumerate(rows):
                ModelRow.update(position=place).where(ModelRow.id == row.id).execute(self._store.db)
        self._listing.renew()

    def _columns(self, entry: ModelEntry, row: ModelRow | None) -> dict[str, object]:
        last = max((each.position for each in self._rows()), default=-1)
        return {
            "id": entry.id,
            "name": entry.name or entry.id,
            "about": entry.about,
            "upstream_id": entry.upstream_id or None,
            "kind": entry.kind.value,
            "aliases": json.dumps(entry.aliases),
            "better": entry.better or None,
            "context_length": entry.context_length,
            "max_tokens": entry.max_tokens,
            "price": entry.price,
            "enabled": entry.enabled,
            "position": row.position if row else last + 1,
            "created": row.created if row else int(self._clock()),
        }

    def _rows(self) -> Iterable[ModelRow]:
        return ModelRow.select().order_by(ModelRow.position, ModelRow.id).execute(self._store.db)

    def _names_but(self, model_id: str) -> set[str]:
        """All names that mean other models."""
        others = (row for row in self._rows() if row.id != model_id)
        return {name for row in others for name in (row.id, *json.loads(row.aliases))}

    def _read(self) -> _Listing:
        models: dict[str, Model] = {}
        switched_off: set[str] = set()
        better: dict[str, str] = {}
        with self._store.reading():
            for row in self._rows():
                model = Model(row.id, row.upstream_id, QuotaKind(row.kind), row.created)
                for name in (row.id, *json.loads(row.aliases)):
                    if row.better:
                        better.setdefault(name, row.better)
                    if row.enabled:
                        models.setdefault(name, replace(model, id=name))
                    else:
                        switched_off.add(name)
        return _Listing(models, frozenset(switched_off), better)


def _entry(row: ModelRow) -> ModelEntry:
    return ModelEntry(
        id=row.id,
        name=row.name,
        about=row.about,
        upstream_id=row.upstream_id,
        kind=QuotaKind(row.kind),
        aliases=tuple(json.loads(row.aliases)),
        better=row.better,
        context_length=row.context_length,
        max_tokens=row.max_tokens,
        price=row.price,
        enabled=row.enabled,
    )


def _check(entry: ModelEntry, taken: set[str]) -> None:
    for name in (entry.id, *entry.aliases):
        param = "id" if name == entry.id else "aliases"
        if not name or len(name) > MOST_CHARACTERS or not name.isprintable() or name != name.strip():
            raise BadRequest("A model's name has 1 to 200 characters, and no spaces around it.", param=param)
        if name in taken:
            raise BadRequest(f"`{name}` is another model's name already; choose another one.", param=param)
    for param in ("context_length", "max_tokens"):
        if not 0 <= getattr(entry, param) < 2**31:
            raise BadRequest(f"{param} is a number of tokens; it cannot be less than 0.", param=param)
