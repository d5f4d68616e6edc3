"""What is held in memory of the store, and who waits while it is read anew."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from vaults import VAULT

from gemini_pool.store.db import LOOK_EVERY_SECONDS, Cached, Store
from gemini_pool.store.saved import SavedSettings


class Reading:
    """Reads the saved settings; once `go_on` is cleared, only when it is set."""

    def __init__(self, store: Store) -> None:
        self._settings = SavedSettings(store, VAULT)
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def __call__(self) -> dict[str, str]:
        self.asked.set()
        assert self.go_on.wait(10)
        return self._settings.all()


@pytest.fixture
def reading(store: Store) -> Reading:
    return Reading(store)


@pytest.fixture
def cached(store: Store, path: Path, reading: Reading) -> Cached[dict[str, str]]:
    """What was read before another process saved a setting; the next reading waits to be let go on."""
    cached = Cached(store, reading)
    SavedSettings(Store(path), VAULT).save("PORT", "8001")
    threading.Event().wait(LOOK_EVERY_SECONDS)
    reading.asked.clear()
    reading.go_on.clear()
    return cached


def test_who_comes_while_it_is_read_anew_gets_the_new(
    cached: Cached[dict[str, str]], reading: Reading
) -> None:
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(cached.get)
        assert reading.asked.wait(10)
        second = threads.submit(cached.get)
        threading.Timer(0.1, reading.go_on.set).start()
        assert [first.result(10), second.result(10)] == [{"PORT": "8001"}] * 2


def test_nobody_waits_for_long_while_the_database_hangs(
    cached: Cached[dict[str, str]], reading: Reading
) -> None:
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(cached.get)
        assert reading.asked.wait(10)
        assert threads.submit(cached.get).result(5) == {}
        reading.go_on.set()
        assert first.result(10) == {"PORT": "8001"}
