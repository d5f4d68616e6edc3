"""The entry for gunicorn: `gunicorn -c gunicorn.conf.py wsgi:app`."""

import os

from gemini_pool.app import create_app
from gemini_pool.wiring import effective_settings

app = create_app(effective_settings(os.environ))
