"""The admin API over a pool of three, and a program that is signed in."""

from collections.abc import Callable

import pytest
from flask import Flask
from programs import Program
from signing_in import PASSWORD

from gemini_pool.wiring import EXTENSION, Services


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app("amber", "bruno", "clara", ADMIN_PASSWORD=PASSWORD)


@pytest.fixture
def program(app: Flask) -> Program:
    return Program(app)


@pytest.fixture
def services(app: Flask) -> Services:
    found: Services = app.extensions[EXTENSION]
    return found
