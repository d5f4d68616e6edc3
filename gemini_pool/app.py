"""The Flask application: services, blueprints, edge. Assembles; starts no thread and calls nobody."""

from flask import Flask

from gemini_pool.settings import MEGABYTE, Settings
from gemini_pool.web import audio, edge, files, images, media, openai, system, videos
from gemini_pool.web.console import pages
from gemini_pool.web.console.frame import TEMPLATES
from gemini_pool.wiring import EXTENSION, Services, build_services


def create_app(settings: Settings, services: Services | None = None) -> Flask:
    """The application for these settings."""
    app = Flask("gemini_pool", static_folder=None, template_folder=str(TEMPLATES))
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_mb * MEGABYTE
    app.extensions[EXTENSION] = services or build_services(settings)
    edge.install(app)
    app.register_blueprint(openai.bp)
    app.register_blueprint(files.bp)
    app.register_blueprint(images.bp)
    app.register_blueprint(audio.bp)
    app.register_blueprint(videos.bp)
    app.register_blueprint(media.bp)
    app.register_blueprint(system.bp)
    pages.install(app)
    return app
