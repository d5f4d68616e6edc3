"""Everything in and out, and backups."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from pages import Person, text_of
from signing_in import PASSWORD

MakeApp = Callable[..., Flask]
AT = "/settings/data"
COOKIE = "CSE.a-cookie-that-nobody-may-see"
FILE = {
    "accounts": [
        {"secure_c_ses": COOKIE, "csesidx": "998877", "team_id": "1111-2222", "id": "<b>new</b>@example.org"}
    ]
}


@pytest.fixture
def person(make_app: MakeApp) -> Person:
    return Person(make_app("amber", ADMIN_PASSWORD=PASSWORD))


def file(content: object = FILE) -> dict[str, Any]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return {"file": (io.BytesIO(data), "pool.json")}


def look(person: Person, **fields: str) -> tuple[Any, str]:
    page = person.send(f"{AT}/preview", {**file(), **fields})
    found = re.search(r'name="digest" value="(\w+)"', page.text)
    return page, found[1] if found else ""


def names(person: Person) -> list[str]:
    return [account.name for account in person.services.accounts.accounts()]


def test_a_file_is_looked_into_and_then_taken_over(person: Person) -> None:
    page, digest = look(person, mode="merge")
    assert "The file holds one account 1 would be added, 0 updated" in text_of(page)
    assert "<b>new" not in page.text
    assert COOKIE not in page.text
    assert names(person) == ["amber"]
    said = person.after(f"{AT}/import", {**file(), "mode": "merge", "digest": digest})
    assert "Taken over: 1 accounts added" in said
    assert len(names(person)) == 2
    assert "gemini_pool-" in said
    assert person.deeds() == ["accounts.imported"]


def test_replacing_deletes_what_the_file_lacks(person: Person) -> None:
    page, digest = look(person, mode="replace")
    assert "1 deleted" in text_of(page)
    person.after(f"{AT}/import", {**file(), "mode": "replace", "digest": digest})
    assert "amber" not in names(person)


def test_only_the_file_that_was_looked_into_is_taken_over(person: Person) -> None:
    _, digest = look(person)
    changed = {"accounts": [{**FILE["accounts"][0], "csesidx": "1"}]}
    answer = person.send(f"{AT}/import", {**file(changed), "digest": digest})
    assert answer.status_code == 400
    assert "This is not the file that you looked into." in text_of(answer)
    assert names(person) == ["amber"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "Choose a file first"),
        (b"\xff\xfe\x00", "This file is no text."),
        (b"hello", "holds 0 accounts"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(person: Person, content: bytes, told: str) -> None:
    assert told in text_of(person.send(f"{AT}/preview", file(content)))


def test_a_backup_is_made_and_listed(person: Person) -> None:
    assert "No backups yet." in text_of(person.see(AT))
    assert re.search(r"gemini_pool-\S+\.db now", person.after(f"{AT}/backup"))
    assert person.deeds() == ["backup.made"]


def test_the_export_is_a_click_away(person: Person) -> None:
    page = person.see(AT).text
    for address in ("/api/config/export", "/api/config/export?secrets=1"):
        assert f'href="{address}"' in page
        assert person.see(address).status_code == 200
