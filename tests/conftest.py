"""What every kind of test can ask for: a simulator, an application over it, a pool in its own processes."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from many import fill
from running import KEY, RunningPool, environment

from gemini_pool.app import create_app
from gemini_pool.settings import read_settings
from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World
from gemini_pool.startup import DATABASE_FILE
from gemini_pool.store.db import Store
from gemini_pool.wiring import EXTENSION

THREE = ("amber", "bruno", "clara")
# Its routes take longer to make than all else: tests of callers do without, those of administrators say so.
NO_CONSOLE = {"CONSOLE": "0"}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """The service, with the whole cast healthy until a test says otherwise."""
    with Simulator() as running:
        yield running


@pytest.fixture
def world(simulator: Simulator) -> World:
    """What the simulated service knows and did."""
    return simulator.world


@pytest.fixture(scope="session")
def many_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a pool with a million calls and a thousand accounts; nobody changes it."""
    folder = tmp_path_factory.mktemp("many")
    fill(folder)
    return folder


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without anything in it, which takes longer to make than to copy."""
    path = tmp_path_factory.mktemp("migrated") / DATABASE_FILE
    store = Store(path)
    store.migrate()
    store.close()
    return path


@pytest.fixture
def make_app(simulator: Simulator, tmp_path: Path, migrated: Path) -> Iterator[Callable[..., Flask]]:
    """Make an application over accounts of the cast: `make_app("amber", MAX_BODY_MB="1")`."""
    with ExitStack() as stack:

        def make(*names: str, **environ: str) -> Flask:
            database = tmp_path / DATABASE_FILE
            if not database.exists():
                shutil.copyfile(migrated, database)
            lean = {} if not names or any(name.startswith("ADMIN_") for name in environ) else NO_CONSOLE
            app = create_app(read_settings(environment(simulator, tmp_path, names) | lean | environ))
            stack.callback(app.extensions[EXTENSION].close)
            return app

        yield make


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The application over one healthy account, amber."""
    return make_app("amber")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Flask's client, without a key."""
    return app.test_client()


@pytest.fixture
def keyed() -> dict[str, str]:
    """The header a caller sends."""
    return {"authorization": f"Bearer {KEY}"}


@pytest.fixture
def start_pool(simulator: Simulator, tmp_path: Path) -> Iterator[Callable[..., RunningPool]]:
    """Start gunicorn over accounts of the cast: `start_pool("amber", "bruno", THREADS="20")`."""
    with ExitStack() as stack:

        def start(*names: str, **environ: str) -> RunningPool:
            data = tmp_path / "data"
            data.mkdir(exist_ok=True)
            settings = environment(simulator, data, names or THREE) | environ
            return stack.enter_context(RunningPool(settings, tmp_path))

        yield start
