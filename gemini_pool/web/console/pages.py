"""The pages of the console, all behind one door. A new subject is one line in PAGES."""

from flask import Blueprint, Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from gemini_pool.web.admin import csrf_token, require_admin
from gemini_pool.web.console import (
    account,
    account_health,
    accounts,
    activity,
    adding,
    alerts,
    chat,
    data,
    enrolling,
    extractor,
    first_steps,
    frame,
    jobs,
    keys,
    mailbox,
    models,
    overview,
    peers,
    security,
    settings,
    sign_ins,
    welcome,
    works,
)
from gemini_pool.wiring import EXTENSION, Services

PAGES = (
    overview.bp,
    accounts.bp,
    account.bp,
    mailbox.bp,
    sign_ins.bp,
    adding.bp,
    enrolling.bp,
    extractor.bp,
    works.bp,
    chat.bp,
    keys.bp,
    models.bp,
    activity.bp,
    jobs.bp,
    alerts.bp,
    settings.bp,
    peers.bp,
    security.bp,
    data.bp,
    account_health.bp,
    first_steps.bp,
)

FOR_PROGRAMS = ("/v1/", "/api/", "/static/", "/image/", "/video/", "/health")


def install(app: Flask) -> None:
    """The frame and every page of it."""
    frame.install(app)
    app.jinja_env.globals["csrf_token"] = csrf_token  # macros see globals alone
    _let_pages_tell(app)
    app.register_blueprint(welcome.bp)
    console = Blueprint("console", __name__)
    console.before_request(require_admin)
    for page in PAGES:
        console.register_blueprint(page)
    app.register_blueprint(console)


def _let_pages_tell(app: Flask) -> None:
    """What one page has the next one say (`flash`) travels in a cookie that all workers can read."""
    s: Services = app.extensions[EXTENSION]
    app.secret_key = s.vault.mark("what one page has the next one say")
    app.config.update(SESSION_COOKIE_NAME="told", SESSION_COOKIE_SAMESITE="Lax")
    app.session_interface = _PagesAlone()


class _PagesAlone(SecureCookieSessionInterface):
    """Programs are told nothing so, and their requests do not pay for it."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path.startswith(FOR_PROGRAMS):
            return self.make_null_session(app)
        return super().open_session(app, request)
