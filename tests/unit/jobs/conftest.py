"""The book in which jobs are written down."""

import shutil
from pathlib import Path

import pytest

from gemini_pool.startup import DATABASE_FILE
from gemini_pool.store.db import Store
from gemini_pool.store.job_book import JobBook
from gemini_pool.store.live import Live


@pytest.fixture
def store(tmp_path: Path, migrated: Path) -> Store:
    shutil.copyfile(migrated, tmp_path / DATABASE_FILE)
    return Store(tmp_path / DATABASE_FILE)


@pytest.fixture
def book(store: Store) -> JobBook:
    return JobBook(store, Live(store))


@pytest.fixture
def read_book(store: Store) -> JobBook:
    """The same book as another process sees it."""
    return JobBook(store, Live(store))
