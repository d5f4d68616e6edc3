"""The page of models, and the one on which a model is edited."""

from collections.abc import Callable

import pytest
from flask import Flask
from pages import Person, beside, text_of
from signing_in import PASSWORD

MakeApp = Callable[..., Flask]
ID = "vendor/model one"
AT = "/models/edit?id=vendor/model%20one"


@pytest.fixture
def person(make_app: MakeApp) -> Person:
    return Person(make_app("amber", ADMIN_PASSWORD=PASSWORD))


def ids(person: Person) -> list[str]:
    return [one.id for one in person.services.catalog.rows()]


def add(person: Person, **fields: str) -> str:
    new = {"id": ID, "kind": "text", "enabled": "1", "context_length": "10", "max_tokens": "5"}
    return person.after("/models/edit", new | fields)


def test_a_model_is_added_edited_and_deleted_whatever_is_in_its_name(person: Person) -> None:
    assert "The model is saved" in add(person, aliases="one, uno", api_model_id="m-1")
    assert ID in text_of(person.see("/models"))
    assert 'value="one, uno"' in person.see(AT).text
    person.after("/models/edit", {"was": ID, "kind": "images", "name": "<b>One</b>", "better": "gemini-auto"})
    entry = next(one for one in person.services.catalog.rows() if one.id == ID)
    assert (entry.kind, entry.name, entry.aliases, entry.better) == (
        "images",
        "<b>One</b>",
        (),
        "gemini-auto",
    )
    assert (entry.enabled, entry.upstream_id) == (False, None)
    assert "<b>One" not in person.see("/models").text
    assert f"The model {ID} is deleted." in person.after("/models/delete", {"id": ID})
    assert ID not in ids(person)
    assert person.deeds() == ["model.added", "model.edited", "model.deleted"]


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"id": ""}, "id", "Give a name of 1 to 200 characters"),
        ({"id": "gemini-auto"}, "id", "that no other model has"),
        ({"aliases": "gemini-auto"}, "aliases", "is another model's name already"),
        ({"max_tokens": "-1"}, "max_tokens", "At least 0."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    person: Person, fields: dict[str, str], field: str, told: str
) -> None:
    answer = person.send("/models/edit", {"id": "new", "kind": "text", "api_model_id": "typed"} | fields)
    assert answer.status_code == 400
    assert told in beside(answer, field)
    assert 'value="typed"' in answer.text
    assert "new" not in ids(person)


def test_a_model_is_switched_off_and_on(person: Person) -> None:
    assert "is switched off" in person.after("/models/switch", {"id": "gemini-auto", "enabled": "0"})
    assert "gemini-auto" not in [one.id for one in person.services.catalog.list()]
    assert "can be asked for" in person.after("/models/switch", {"id": "gemini-auto", "enabled": "1"})


def test_models_change_places_with_their_neighbours(person: Person) -> None:
    first, second, *rest = ids(person)
    assert person.send("/models/move", {"id": first, "to": "down"}).headers["location"] == "/models#m1"
    assert ids(person) == [second, first, *rest]
    person.send("/models/move", {"id": first, "to": "up"})
    person.send("/models/move", {"id": first, "to": "up"})
    assert ids(person) == [first, second, *rest]


def test_a_model_that_is_not_there_is_not_found(person: Person) -> None:
    assert person.see("/models/edit?id=nothing").status_code == 404
    for path in ("/models/switch", "/models/move", "/models/delete", "/models/edit"):
        assert person.send(path, {"id": "nothing", "was": "nothing", "kind": "text"}).status_code == 404
