"""The pages of the console, all behind one door. A new subject is one line in PAGES."""

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException

from gemini_pool.errors import CallerError
from gemini_pool.web.admin import csrf_token, require_admin
from gemini_pool.web.console import account, accounts, adding, extractor, frame, overview, welcome, works
from gemini_pool.wiring import EXTENSION, Services

PAGES = (
    overview.bp,
    accounts.bp,
    account.bp,
    adding.bp,
    extractor.bp,
    works.bp,
)


def install(app: Flask) -> None:
    """The frame and every page of it."""
    frame.install(app)
    app.jinja_env.globals["csrf_token"] = csrf_token  # macros see globals alone
    _let_pages_tell(app)
    app.register_blueprint(welcome.bp)
    console = Blueprint("console", __name__)
    console.before_request(require_admin)
    console.register_error_handler(HTTPException, frame.error_page)
    console.register_error_handler(CallerError, frame.refusal)
    for page in PAGES:
        console.register_blueprint(page)
    app.register_blueprint(console)


def _let_pages_tell(app: Flask) -> None:
    """What one page has the next one say (`flash`) travels in a cookie that all workers can read."""
    s: Services = app.extensions[EXTENSION]
    app.secret_key = s.vault.mark("what one page has the next one say")
    app.config.update(SESSION_COOKIE_NAME="told", SESSION_COOKIE_SAMESITE="Lax")
