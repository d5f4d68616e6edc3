"""The pages of the console, all behind one door. A new subject is one line in PAGES."""

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException

from gemini_pool.web.console import frame, overview

PAGES = (overview.bp,)


def install(app: Flask) -> None:
    """The frame and every page of it."""
    frame.install(app)
    console = Blueprint("console", __name__)
    console.register_error_handler(HTTPException, frame.error_page)
    for page in PAGES:
        console.register_blueprint(page)
    app.register_blueprint(console)
