"""What admins did: kept at once, read page by page."""

import pytest

from gemini_pool.store.audit import Audit
from gemini_pool.store.db import Store


@pytest.fixture
def audit(store: Store) -> Audit:
    ticks = iter(range(1000, 2000))
    return Audit(store, clock=lambda: float(next(ticks)))


def actions(audit: Audit, **asked: object) -> list[str]:
    return [change.action for change in audit.page(**asked)]  # type: ignore[arg-type]


def test_a_change_comes_back_as_it_was_recorded(audit: Audit) -> None:
    audit.record("admin", "203.0.113.9", "account.delete", "account 3", "Deleted amber.")
    (change,) = audit.page()
    assert (change.at, change.admin, change.address) == (1000.0, "admin", "203.0.113.9")
    assert (change.action, change.target, change.detail) == ("account.delete", "account 3", "Deleted amber.")


def test_pages_follow_each_other_newest_first(audit: Audit) -> None:
    for number in range(5):
        audit.record("admin", "", f"act {number}")
    first = audit.page(limit=2)
    assert [change.action for change in first] == ["act 4", "act 3"]
    assert actions(audit, before_id=first[-1].id, limit=2) == ["act 2", "act 1"]


def test_a_text_is_found_wherever_it_stands_and_as_it_stands(audit: Audit) -> None:
    audit.record("admin", "203.0.113.9", "one", "key 1", "Made it 100% free.")
    audit.record("clara", "203.0.113.9", "two", "key 2")
    assert actions(audit, text="CLARA") == ["two"]
    assert actions(audit, text="key 1") == ["one"]
    assert actions(audit, text="100%") == ["one"]
    assert actions(audit, text="1%0") == []
    assert actions(audit, text="203.0.113") == ["two", "one"]


def test_old_changes_are_deleted_and_their_ids_are_not_used_again(audit: Audit) -> None:
    audit.record("admin", "", "old")
    audit.record("admin", "", "new")
    assert audit.prune(1001.0) == 1
    assert audit.prune(2000.0) == 1
    audit.record("admin", "", "next")
    assert [(change.id, change.action) for change in audit.page()] == [(3, "next")]


def test_a_change_makes_nobody_read_anew(audit: Audit, store: Store) -> None:
    before = store.revision()
    audit.record("admin", "", "one")
    assert store.revision() == before
