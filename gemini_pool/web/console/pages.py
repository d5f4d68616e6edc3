"""The pages of the console, all behind one door. A new subject is one line in PAGES."""

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException

from gemini_pool.web.admin import require_admin
from gemini_pool.web.console import chat, frame, overview, welcome

PAGES = (overview.bp, chat.bp)


def install(app: Flask) -> None:
    """The frame and every page of it."""
    frame.install(app)
    app.register_blueprint(welcome.bp)
    console = Blueprint("console", __name__)
    console.before_request(require_admin)
    console.register_error_handler(HTTPException, frame.error_page)
    for page in PAGES:
        console.register_blueprint(page)
    app.register_blueprint(console)
