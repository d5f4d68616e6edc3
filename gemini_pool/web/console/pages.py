"""The pages of the console, all behind one door. A new subject is one line in PAGES."""

from flask import Blueprint, Flask

from gemini_pool.web.admin import require_admin
from gemini_pool.web.console import (
    activity,
    data,
    first_steps,
    frame,
    keys,
    models,
    overview,
    security,
    settings,
    welcome,
)
from gemini_pool.wiring import EXTENSION

PAGES = (
    overview.bp,
    keys.bp,
    models.bp,
    activity.bp,
    settings.bp,
    security.bp,
    data.bp,
    first_steps.bp,
)
# What one page says on the next one goes with the browser, and nothing else is kept there.
SAID_COOKIE = "said"


def install(app: Flask) -> None:
    """The frame and every page of it."""
    frame.install(app)
    app.secret_key = app.extensions[EXTENSION].vault.mark("what one page says on the next")
    app.config.update(SESSION_COOKIE_NAME=SAID_COOKIE, SESSION_COOKIE_SAMESITE="Lax")
    app.register_blueprint(welcome.bp)
    console = Blueprint("console", __name__)
    console.before_request(require_admin)
    for page in PAGES:
        console.register_blueprint(page)
    app.register_blueprint(console)
