"""Which model a key was last answered with."""

from pathlib import Path

import pytest

from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.db import Store
from gemini_pool.store.preferences import Preferences


class Counting(WriteBehind):
    """Counts how often it was woken."""

    woken = 0

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def behind() -> Counting:
    return Counting()


@pytest.fixture
def preferences(store: Store, behind: Counting) -> Preferences:
    return Preferences(store, behind)


def test_a_key_that_was_never_answered_has_none(preferences: Preferences) -> None:
    assert preferences.of(1) is None


def test_what_was_kept_is_known_at_once_and_survives_reopening(
    preferences: Preferences, behind: Counting, path: Path
) -> None:
    preferences.keep(1, "gemini-2.5-pro")
    preferences.keep(2, "gemini-auto")
    assert (preferences.of(1), preferences.of(2)) == ("gemini-2.5-pro", "gemini-auto")
    behind.flush()
    preferences.keep(1, "gemini-3.1-pro-preview")
    behind.flush()
    for one in (preferences, Preferences(Store(path), WriteBehind())):
        assert (one.of(1), one.of(2)) == ("gemini-3.1-pro-preview", "gemini-auto")


def test_keeping_writes_nothing_by_itself(preferences: Preferences, store: Store) -> None:
    before = store.revision()
    preferences.keep(1, "gemini-2.5-pro")
    assert store.revision() == before


def test_what_is_known_is_not_written_again(preferences: Preferences, behind: Counting, store: Store) -> None:
    preferences.keep(1, "gemini-2.5-pro")
    behind.flush()
    before, woken = store.revision(), behind.woken
    for _ in range(100):
        preferences.keep(1, "gemini-2.5-pro")
    behind.flush()
    assert (store.revision(), behind.woken) == (before, woken)


def test_the_last_one_counts_wherever_the_first_is_by_then(
    preferences: Preferences, behind: Counting, path: Path
) -> None:
    preferences.keep(1, "first")
    preferences.keep(1, "second")
    preferences.keep(1, "first")
    behind.flush()
    preferences.keep(1, "second")
    behind.flush()
    preferences.keep(1, "first")  # before a look at the store could have told of the second
    behind.flush()
    assert Preferences(Store(path), WriteBehind()).of(1) == "first"


def test_what_is_kept_while_it_is_being_written_is_written_next(
    behind: Counting, path: Path, store: Store
) -> None:
    class Interrupted(Preferences):
        def _read(self) -> dict[int, str]:
            found = super()._read()
            if found == {1: "first"}:  # the first is on disk, and its writing not yet over
                self.keep(1, "second")
            return found

    preferences = Interrupted(store, behind)
    preferences.keep(1, "first")
    behind.flush()
    assert preferences.of(1) == "second"
    behind.flush()
    assert Preferences(Store(path), WriteBehind()).of(1) == "second"


def test_another_process_knows_within_a_second(
    preferences: Preferences,
    behind: Counting,
    path: Path,
    within,  # type: ignore[no-untyped-def]
) -> None:
    other = Preferences(Store(path), WriteBehind())
    preferences.keep(1, "gemini-2.5-pro")
    behind.flush()
    assert within(1.0, lambda: other.of(1) == "gemini-2.5-pro")


def test_it_is_written_without_being_asked(store: Store, path: Path, within) -> None:  # type: ignore[no-untyped-def]
    Preferences(store, WriteBehind()).keep(1, "gemini-2.5-pro")
    assert within(0.75, lambda: Preferences(Store(path), WriteBehind()).of(1))


def test_what_cannot_be_written_waits(preferences: Preferences, behind: Counting, path: Path) -> None:
    preferences.keep(1, "gemini-2.5-pro")
    moved = path.rename(path.with_name("away.db"))
    path.mkdir()  # nothing that can be opened
    behind.flush()
    assert preferences.of(1) == "gemini-2.5-pro"
    path.rmdir()
    moved.rename(path)
    behind.flush()
    assert Preferences(Store(path), WriteBehind()).of(1) == "gemini-2.5-pro"
