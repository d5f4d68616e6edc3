"""The catalogue of models."""

import itertools
import sqlite3
from pathlib import Path

import pytest

from gemini_pool.dialogue import Model
from gemini_pool.errors import UnknownModel
from gemini_pool.roster import QuotaKind
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.db import Store


@pytest.fixture
def catalog(store: Store) -> Catalog:
    return Catalog(store, "reject")


def change(path: Path, statement: str, *values: object) -> None:
    """What another process does."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement, values)
    connection.execute("UPDATE revision SET number = number + 1")
    connection.close()


def switch_off(path: Path, name: str) -> None:
    change(path, "UPDATE models SET enabled = 0 WHERE id = ?", name)


def test_the_known_models_are_there_from_the_start(catalog: Catalog) -> None:
    names = [model.id for model in catalog.list()]
    assert names[0] == "gemini-auto"
    assert {"gemini-2.5-pro", "gemini-2.5-flash", "gemini-3.1-pro-preview"} <= set(names)
    assert len(names) == len(set(names))


def test_what_is_switched_off_is_neither_listed_nor_found(path: Path, store: Store) -> None:
    switch_off(path, "gemini-image")
    catalog = Catalog(store, "reject")
    assert "gemini-image" not in {model.id for model in catalog.list()}
    with pytest.raises(UnknownModel):
        catalog.resolve("gemini-image")
    with pytest.raises(UnknownModel):
        catalog.resolve("gemini-imagen")


def test_every_listed_name_can_be_asked_for(catalog: Catalog) -> None:
    assert [catalog.resolve(model.id) for model in catalog.list()] == catalog.list()


def test_an_alias_keeps_its_own_name_and_means_the_same_model(catalog: Catalog) -> None:
    model = catalog.resolve("gemini-3.1-pro")
    assert (model.id, model.upstream_id) == ("gemini-3.1-pro", "gemini-3.1-pro-preview")
    assert "gemini-3.1-pro" in {listed.id for listed in catalog.list()}


@pytest.mark.parametrize("name", ["gemini-auto", "auto", "gemini-enterprise", None, ""])
def test_where_the_service_chooses_no_model_is_named_upstream(catalog: Catalog, name: str | None) -> None:
    assert catalog.resolve(name).upstream_id is None


def test_when_a_model_was_made_is_the_same_in_every_database(catalog: Catalog, tmp_path: Path) -> None:
    other = Store(tmp_path / "other.db")
    other.migrate()
    assert {model.created for model in catalog.list()} == {1767225600}
    assert Catalog(other, "reject").list() == catalog.list()


def test_an_unknown_model_is_refused_with_its_name_and_where_to_look(catalog: Catalog) -> None:
    with pytest.raises(UnknownModel) as caught:
        catalog.resolve("gpt-4")
    assert "`gpt-4`" in str(caught.value)
    assert "/v1/models" in str(caught.value)
    assert caught.value.param == "model"


def test_an_unknown_model_can_mean_the_default(store: Store) -> None:
    assert Catalog(store, "default").resolve("gpt-4").id == "gemini-auto"


def test_an_unknown_model_can_be_passed_through_as_it_is(store: Store) -> None:
    found = Catalog(store, "passthrough").resolve("gemini-9-ultra")
    assert found == Model("gemini-9-ultra", "gemini-9-ultra", QuotaKind.TEXT, 0)


@pytest.mark.parametrize("unknown", ["default", "passthrough"])
def test_known_models_do_not_mind_how_unknown_ones_fare(store: Store, unknown: str) -> None:
    assert Catalog(store, unknown).resolve("gemini-2.5-pro").upstream_id == "gemini-2.5-pro"


def test_a_model_switched_off_elsewhere_is_gone_within_a_second_with_its_aliases(
    catalog: Catalog,
    path: Path,
    within,  # type: ignore[no-untyped-def]
) -> None:
    catalog.resolve("gemini-3.1-pro")
    switch_off(path, "gemini-3.1-pro-preview")
    assert within(1.0, lambda: "gemini-3.1-pro" not in {model.id for model in catalog.list()})
    with pytest.raises(UnknownModel):
        catalog.resolve("gemini-3.1-pro-preview")


def test_a_default_that_is_switched_off_is_no_default(store: Store, path: Path) -> None:
    switch_off(path, "gemini-auto")
    with pytest.raises(UnknownModel, match="gpt-4"):
        Catalog(store, "default").resolve("gpt-4")


def test_a_model_that_was_switched_off_is_not_passed_through(store: Store, path: Path) -> None:
    switch_off(path, "gemini-2.5-pro")
    with pytest.raises(UnknownModel):
        Catalog(store, "passthrough").resolve("gemini-2.5-pro")


# Better models


def chain(path: Path, *names: str) -> None:
    """Each of the models is bettered by the next."""
    change(path, "UPDATE models SET better = NULL")
    for name, better in itertools.pairwise(names):
        change(path, "UPDATE models SET better = ? WHERE id = ?", better, name)


def best(store: Store, name: str) -> str:
    catalog = Catalog(store, "reject")
    return catalog.better(catalog.resolve(name)).id


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("gemini-2.5-flash", "gemini-3-flash-preview"),
        ("gemini-2.5-pro", "gemini-3.1-pro-preview"),
        ("gemini-3-pro-preview", "gemini-3.1-pro-preview"),
        ("gemini-3-pro", "gemini-3.1-pro-preview"),  # an alias
        ("gemini-3.1-pro-preview", "gemini-3.1-pro-preview"),
        ("gemini-3-flash", "gemini-3-flash"),
        ("gemini-auto", "gemini-auto"),
    ],
)
def test_the_known_models_have_better_ones(store: Store, name: str, better: str) -> None:
    assert best(store, name) == better


def test_a_better_model_comes_whole(catalog: Catalog) -> None:
    better = catalog.better(catalog.resolve("gemini-2.5-pro"))
    assert better == catalog.resolve("gemini-3.1-pro-preview")


def test_the_end_of_the_chain_is_the_best(store: Store, path: Path) -> None:
    chain(path, "gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-pro-preview", "gemini-3-flash-preview")
    assert best(store, "gemini-2.5-flash") == "gemini-3-flash-preview"


def test_what_is_switched_off_is_passed_over(store: Store, path: Path) -> None:
    chain(path, "gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-pro-preview")
    switch_off(path, "gemini-2.5-pro")
    assert best(store, "gemini-2.5-flash") == "gemini-3-pro-preview"
    switch_off(path, "gemini-3-pro-preview")
    assert best(store, "gemini-2.5-flash") == "gemini-2.5-flash"


def test_a_better_model_that_is_not_there_is_none(store: Store, path: Path) -> None:
    chain(path, "gemini-2.5-flash", "gemini-9-ultra")
    assert best(store, "gemini-2.5-flash") == "gemini-2.5-flash"


def test_a_chain_that_bites_its_tail_ends(store: Store, path: Path) -> None:
    chain(path, "gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-pro-preview", "gemini-2.5-flash")
    assert best(store, "gemini-2.5-flash") == "gemini-3-pro-preview"
    chain(path, "gemini-2.5-flash", "gemini-2.5-flash")
    assert best(store, "gemini-2.5-flash") == "gemini-2.5-flash"


def test_a_model_that_is_not_listed_has_no_better_one(store: Store) -> None:
    catalog = Catalog(store, "passthrough")
    model = catalog.resolve("gemini-9-ultra")
    assert catalog.better(model) is model


def test_a_better_model_is_known_within_a_second(catalog: Catalog, path: Path, within) -> None:  # type: ignore[no-untyped-def]
    model = catalog.resolve("gemini-auto")
    chain(path, "gemini-auto", "gemini-2.5-pro")
    assert within(1.0, lambda: catalog.better(model).id == "gemini-2.5-pro")
