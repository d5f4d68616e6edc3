"""Callers of the simulator, each with an account of the cast."""

import pytest

from gemini_pool.simulator.server import Simulator

from .caller import Caller


@pytest.fixture
def amber(simulator: Simulator) -> Caller:
    return Caller(simulator.url, simulator.world.accounts["amber"])


@pytest.fixture
def bruno(simulator: Simulator) -> Caller:
    return Caller(simulator.url, simulator.world.accounts["bruno"])
