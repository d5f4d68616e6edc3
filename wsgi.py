"""The entry for gunicorn: `gunicorn -c gunicorn.conf.py wsgi:app`."""

import os
import sys

from gemini_pool.app import create_app
from gemini_pool.errors import StoreError
from gemini_pool.knobs import SettingsError
from gemini_pool.observe.logs import start_logging
from gemini_pool.startup import effective_settings
from gemini_pool.wiring import build_services
from gemini_pool.worker import Worker

BOOT_ERROR = 3  # tells gunicorn that another worker would fail as well

try:
    settings = effective_settings(os.environ)
    services = build_services(settings, Worker.reload_all)
    app = create_app(settings, services)
except (SettingsError, StoreError) as error:
    sys.stderr.write(f"gemini_pool: {error}\n")
    sys.exit(BOOT_ERROR)

start_logging(settings.log_level, services.log_lines.keep)
services.office.load.tell(0)  # there is one more process with places for answers

if settings.scheduler:  # here, for only a server runs jobs: commands and tests make applications too
    services.jobs.start()
services.films.start()  # orders that were left over when a process ended
