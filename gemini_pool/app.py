"""The Flask application: services, blueprints, edge. Assembles; starts no thread and calls nobody."""

from flask import Flask

from gemini_pool.settings import MEGABYTE, Settings
from gemini_pool.web import admin, audio, edge, files, images, limits, media, openai, safety, system, videos
from gemini_pool.web.api import (
    accounts,
    activity,
    administrator,
    alerts,
    auth,
    calls,
    config,
    document,
    events,
    health,
    jobs,
    keys,
    mailboxes,
    models,
    peers,
    received,
    refreshing,
    statistics,
    status,
    transfer,
    trying,
    works,
)
from gemini_pool.web.api import settings as settings_api
from gemini_pool.web.console import pages
from gemini_pool.web.console.frame import TEMPLATES
from gemini_pool.wiring import EXTENSION, Services, build_services

FOR_CALLERS = (openai.bp, files.bp, images.bp, audio.bp, videos.bp, media.bp, system.bp)
FOR_PROGRAMS = (
    auth.bp,
    administrator.bp,
    accounts.bp,
    trying.bp,
    refreshing.bp,
    mailboxes.bp,
    transfer.bp,
    models.bp,
    keys.bp,
    calls.bp,
    statistics.bp,
    activity.bp,
    settings_api.bp,
    config.bp,
    status.bp,
    works.bp,
    jobs.bp,
    peers.bp,
    received.bp,
    alerts.bp,
    health.bp,
    events.bp,
    document.bp,
)


def create_app(settings: Settings, services: Services | None = None) -> Flask:
    """The application for these settings."""
    app = Flask("gemini_pool", static_folder=None, template_folder=str(TEMPLATES))
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_mb * MEGABYTE
    app.extensions[EXTENSION] = services or build_services(settings)
    edge.install(app)
    limits.install(app)
    admin.install(app)
    safety.install(app)
    for bp in (*FOR_CALLERS, *(FOR_PROGRAMS if settings.console else ())):
        app.register_blueprint(bp)
    if settings.console:
        pages.install(app)
    return app
