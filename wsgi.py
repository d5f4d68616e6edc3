"""The entry for gunicorn: `gunicorn -c gunicorn.conf.py wsgi:app`."""

import logging
import os
import time

from gemini_pool.app import create_app
from gemini_pool.startup import effective_settings

settings = effective_settings(os.environ)
logging.Formatter.converter = time.gmtime
logging.basicConfig(
    level=logging.WARNING,  # of libraries: at DEBUG they tell what is nobody's business
    format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    datefmt="%Y-%m-%dT%H:%M:%SZ",
)
logging.getLogger("gemini_pool").setLevel(settings.log_level.upper())
app = create_app(settings)
