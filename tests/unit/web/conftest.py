"""Words of a page without a page."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from flask import Flask
from flask_babel import force_locale

from gemini_pool.web.console import frame


@pytest.fixture(scope="session")
def framed() -> Flask:
    """An application with the frame and no services."""
    app = Flask("gemini_pool", template_folder=str(frame.TEMPLATES), static_folder=None)
    frame.install(app)
    return app


@pytest.fixture
def speaking(framed: Flask) -> Callable[[str], AbstractContextManager[None]]:
    """`with speaking("zh_CN"):` what is said within is said in that language."""

    @contextmanager
    def speak(language: str) -> Iterator[None]:
        with framed.test_request_context("/"), force_locale(language):
            yield

    return speak
