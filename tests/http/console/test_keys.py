"""The pages of keys."""

import re
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from pages import Person, beside, text_of
from signing_in import PASSWORD

from gemini_pool.store.journal import CallRecord

MakeApp = Callable[..., Flask]
KEY = re.compile(r"sk-gp-[\w-]{32}")
CALL = CallRecord(
    at=0,
    request_id="req_1",
    key_id=1,
    key_name="Laptop",
    account_id=1,
    model="gemini-auto",
    endpoint="/v1/chat/completions",
    outcome="ok",
    error="",
    first_ms=300,
    total_ms=900,
    prompt_tokens=10,
    completion_tokens=20,
)


@pytest.fixture
def person(make_app: MakeApp) -> Person:
    return Person(make_app("amber", ADMIN_PASSWORD=PASSWORD, BASE_URL="https://pool.example.com"))


def made(person: Person, **fields: str) -> str:
    """The text of a new key."""
    found = KEY.search(person.send("/keys", {"name": "Laptop", **fields}).text)
    assert found
    return found[0]


def test_a_key_is_shown_once_with_what_to_do_with_it(person: Person) -> None:
    answer = person.send("/keys", {"name": "Laptop"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    key = KEY.search(answer.text)
    assert key
    text = text_of(answer)
    assert f'curl https://pool.example.com/v1/chat/completions \\ -H "Authorization: Bearer {key[0]}"' in text
    assert f'export OPENAI_API_KEY="{key[0]}"' in text
    for program in ("Python", "Cherry Studio", "Open WebUI", "Cursor"):
        assert program in text
    for page in ("/keys", "/keys/1", "/activity?tab=audit", "/activity?tab=events"):
        assert key[0] not in person.see(page).text
    asked = person.browser.client.get("/v1/models", headers={"authorization": f"Bearer {key[0]}"})
    assert asked.status_code == 200
    assert person.deeds() == ["key.made"]


def test_a_key_that_may_not_use_every_model_is_shown_with_one_that_it_may(person: Person) -> None:
    text = text_of(person.send("/keys", {"name": "Laptop", "models": "gemini-2.5-pro"}))
    assert '"model": "gemini-2.5-pro"' in text


def test_the_limits_of_a_new_key_hold(person: Person) -> None:
    fields = {"per_minute": "3", "tokens_per_day": "900", "networks": "192.0.2.7, 2001:db8::/32"}
    made(person, expires_days="2", upgrade="1", image_format="url", description="mine", **fields)
    key = person.services.keys.get(1)
    assert key
    assert key.limits.per_minute == 3
    assert [str(one) for one in key.limits.networks] == ["192.0.2.7/32", "2001:db8::/32"]
    assert (key.upgrade, key.image_format, key.description) == (True, "url", "mine")
    assert key.expires_at == pytest.approx(time.time() + 2 * 86400, abs=60)
    listed = text_of(person.see("/keys"))
    assert "3 a minute 900 tokens a day 2 networks" in listed
    assert "Expires in " in listed


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"name": " "}, "name", "Say whom the key is for."),
        ({"networks": "nonsense"}, "networks", "Write addresses and networks as"),
        ({"per_minute": "many"}, "per_minute", "Give a whole number."),
        ({"concurrent": "1001"}, "concurrent", "At most 1000."),
        ({"expires_days": "-1"}, "expires_days", "At least 0."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_rest_stays(
    person: Person, fields: dict[str, str], field: str, told: str
) -> None:
    answer = person.send("/keys", {"name": "Laptop", "description": "<i>kept</i>", **fields})
    assert answer.status_code == 400
    assert told in beside(answer, field)
    assert "&lt;i&gt;kept&lt;/i&gt;" in answer.text
    assert person.services.keys.list() == []


def test_a_key_is_changed_and_keeps_what_was_left_empty(person: Person) -> None:
    made(person, expires_days="9", models="gemini-auto", per_minute="3")
    before = person.services.keys.get(1)
    said = person.after("/keys/1", {"name": "Phone", "models": ["gemini-auto", "gemini-2.5-pro"]})
    key = person.services.keys.get(1)
    assert before
    assert key
    assert "its limits hold from now on" in said
    assert (key.name, key.limits.per_minute, key.expires_at) == ("Phone", 0, before.expires_at)
    assert key.limits.models == {"gemini-auto", "gemini-2.5-pro"}
    person.after("/keys/1", {"name": "Phone", "expires_days": "0"})
    key = person.services.keys.get(1)
    assert key
    assert key.expires_at is None
    assert person.deeds() == ["key.made", "key.changed", "key.changed"]


def test_a_key_is_revoked_and_deleted(person: Person) -> None:
    text = made(person)
    assert "nobody can use it any more" in person.after("/keys/1/revoke")
    assert person.services.keys.find(text) is None
    assert "Revoked" in text_of(person.see("/keys"))
    assert "The key Laptop is deleted." in person.after("/keys/1/delete")
    assert person.see("/keys/1").status_code == 404
    assert person.deeds() == ["key.made", "key.revoked", "key.deleted"]


def test_a_form_without_its_proof_changes_nothing(person: Person) -> None:
    answer = person.send("/keys", {"name": "Laptop", "csrf_token": "x"})
    assert (answer.status_code, person.services.keys.list()) == (403, [])
    assert "Nothing was changed." in text_of(answer)


def test_a_key_tells_what_it_was_used_for(person: Person) -> None:
    made(person)
    now, journal = time.time(), person.services.journal
    assert "No calls in this time." in text_of(person.see("/keys/1"))
    for _ in range(3):
        journal.record(replace(CALL, at=now - 60))
    broken = replace(CALL, outcome="error", error="Busy", error_message="No <b>luck</b>.", model="other")
    journal.record(replace(broken, at=now - 50))
    person.services.behind.flush()
    page = person.see("/keys/1?period=24h")
    text = text_of(page)
    assert "Calls 4 Answered 75.0 % Median time of an answer" in text
    assert "gemini-auto 3 100 %" in text
    assert "No <b>luck</b>." in text
    assert "<b>luck" not in page.text
    assert text_of(person.see("/keys/1?period=nonsense")).count("Calls 4")


def test_keys_are_sought_and_sorted(person: Person) -> None:
    for name in ("Beta", "alpha", "Gamma"):
        made(person, name=name)
    order = lambda path: re.findall(r'<a href="/keys/\d+">(\w+)</a>', person.see(path).text)  # noqa: E731
    assert order("/keys") == ["Gamma", "alpha", "Beta"]
    assert order("/keys?sort=name") == ["alpha", "Beta", "Gamma"]
    assert order("/keys?sort=-name&q=A&page=77") == ["Gamma", "Beta", "alpha"]
    assert "No key is called so." in text_of(person.see("/keys?q=delta"))


def test_a_name_stays_text_everywhere(person: Person) -> None:
    name = '"><script>alert(1)</script>'
    person.send("/keys", {"name": name})
    for page in ("/keys", "/keys/1", "/activity", "/activity?tab=audit"):
        assert "<script>alert" not in person.see(page).text
