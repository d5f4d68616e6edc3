"""The catalogue as the operator edits it."""

from dataclasses import replace
from pathlib import Path

import pytest

from gemini_pool.errors import BadRequest, UnknownModel
from gemini_pool.roster import QuotaKind
from gemini_pool.store.catalog import Catalog, ModelEntry
from gemini_pool.store.db import Store

ULTRA = ModelEntry(
    id="gemini-9-ultra",
    name="Ultra",
    about="The newest.",
    upstream_id="gemini-9-ultra-preview",
    kind=QuotaKind.IMAGES,
    aliases=("ultra", "nine"),
    better="gemini-auto",
    context_length=1_000_000,
    max_tokens=65_536,
    price="0.0015",
)


@pytest.fixture
def catalog(store: Store) -> Catalog:
    return Catalog(store, "reject", clock=lambda: 1_800_000_000.5)


def names(catalog: Catalog) -> list[str]:
    return [entry.id for entry in catalog.rows()]


def test_the_models_of_the_start_have_names_and_sizes(catalog: Catalog) -> None:
    first = catalog.rows()[0]
    assert (first.id, first.name, first.context_length, first.max_tokens) == ("gemini-auto",) * 2 + (
        32_768,
        8_192,
    )


def test_a_new_model_can_be_asked_for_at_once_by_all_its_names(catalog: Catalog) -> None:
    assert catalog.put(ULTRA, new=True) == 1
    assert catalog.rows()[-1] == ULTRA
    model = catalog.resolve("nine")
    assert (model.upstream_id, model.kind, model.created) == (
        ULTRA.upstream_id,
        QuotaKind.IMAGES,
        1_800_000_000,
    )
    assert catalog.better(model).id == "gemini-auto"


def test_an_edited_model_keeps_its_place_and_its_age(catalog: Catalog) -> None:
    before, flash = names(catalog), next(one for one in catalog.rows() if one.id == "gemini-2.5-flash")
    assert catalog.put(replace(flash, name="Flash", aliases=("flash",))) == 0
    assert names(catalog) == before
    assert catalog.resolve("flash").created == 1767225600


def test_a_deleted_model_is_gone_for_good(catalog: Catalog, path: Path) -> None:
    assert catalog.delete("gemini-2.5-pro")
    assert not catalog.delete("gemini-2.5-pro")
    with pytest.raises(UnknownModel):
        catalog.resolve("gemini-2.5-pro")
    again = Store(path)
    again.migrate()
    assert "gemini-2.5-pro" not in names(Catalog(again, "reject"))


def test_a_model_is_switched_off_and_on(catalog: Catalog) -> None:
    assert catalog.switch("gemini-2.5-pro", enabled=False)
    with pytest.raises(UnknownModel):
        catalog.resolve("gemini-2.5-pro")
    assert catalog.switch("gemini-2.5-pro", enabled=True)
    assert catalog.resolve("gemini-2.5-pro")
    assert not catalog.switch("gpt-4", enabled=True)


def test_models_are_shown_in_the_order_that_was_wanted(catalog: Catalog) -> None:
    before = names(catalog)
    catalog.order([before[3], before[1], "gpt-4"])
    assert names(catalog) == [before[3], before[1], before[0], before[2], *before[4:]]


@pytest.mark.parametrize(
    ("entry", "param"),
    [
        (replace(ULTRA, id=""), "id"),
        (replace(ULTRA, id=" x"), "id"),
        (replace(ULTRA, id="x" * 201), "id"),
        (replace(ULTRA, id="a\nb"), "id"),
        (replace(ULTRA, id="auto"), "id"),  # an alias of gemini-auto
        (replace(ULTRA, aliases=("gemini-2.5-pro",)), "aliases"),
        (replace(ULTRA, max_tokens=-1), "max_tokens"),
        (replace(ULTRA, context_length=2**40), "context_length"),
    ],
)
def test_a_wrong_model_is_refused_by_the_fields_name(catalog: Catalog, entry: ModelEntry, param: str) -> None:
    before = catalog.rows()
    with pytest.raises(BadRequest) as refused:
        catalog.put(replace(ULTRA, id="other", aliases=()), entry)
    assert refused.value.param == param
    assert catalog.rows() == before


def test_a_new_model_does_not_replace_one(catalog: Catalog) -> None:
    with pytest.raises(BadRequest, match="already"):
        catalog.put(replace(ULTRA, id="gemini-2.5-pro"), new=True)
