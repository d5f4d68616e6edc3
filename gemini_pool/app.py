"""The Flask application: services, blueprints, edge. Assembles; starts no thread and calls nobody."""

from flask import Flask

from gemini_pool.settings import CHECKOUT, MEGABYTE, Settings
from gemini_pool.web import admin, audio, edge, files, images, media, openai, safety, system, videos
from gemini_pool.web.api import administrator, auth
from gemini_pool.web.console import welcome
from gemini_pool.wiring import EXTENSION, Services, build_services


def create_app(settings: Settings, services: Services | None = None) -> Flask:
    """The application for these settings."""
    app = Flask("gemini_pool", static_folder=None, template_folder=str(CHECKOUT / "templates"))
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_mb * MEGABYTE
    app.extensions[EXTENSION] = services or build_services(settings)
    edge.install(app)
    admin.install(app)
    safety.install(app)
    app.register_blueprint(openai.bp)
    app.register_blueprint(files.bp)
    app.register_blueprint(images.bp)
    app.register_blueprint(audio.bp)
    app.register_blueprint(videos.bp)
    app.register_blueprint(media.bp)
    app.register_blueprint(system.bp)
    app.register_blueprint(auth.bp)
    app.register_blueprint(administrator.bp)
    app.register_blueprint(welcome.bp)
    return app
