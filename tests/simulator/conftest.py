from collections.abc import Iterator

import pytest

from gemini_pool.simulator.server import Simulator
from gemini_pool.simulator.world import World

from .caller import Caller


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def world(simulator: Simulator) -> World:
    return simulator.world


@pytest.fixture
def amber(simulator: Simulator) -> Caller:
    return Caller(simulator.url, simulator.world.accounts["amber"])


@pytest.fixture
def bruno(simulator: Simulator) -> Caller:
    return Caller(simulator.url, simulator.world.accounts["bruno"])
