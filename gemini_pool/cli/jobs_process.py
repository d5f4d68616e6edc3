"""`jobs` at work: see `cli.late`."""

import argparse
import os
import signal
import sys
import threading

from gemini_pool.cli import window
from gemini_pool.observe.logs import start_logging
from gemini_pool.startup import effective_settings
from gemini_pool.store.db import Cached
from gemini_pool.wiring import Services, build_services

LOOK_EVERY_SECONDS = 1.0
# How long a job that is under way may take to come to an end; then it is cut off, and begun anew later.
LAST_WORDS_SECONDS = 10.0


def run(options: argparse.Namespace) -> None:
    """Run jobs until SIGTERM or Ctrl-C; begin anew when settings are saved."""
    window.set_for(options)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    services = build_services(effective_settings(os.environ))
    start_logging(services.settings.log_level, services.log_lines.keep)
    services.jobs.start()
    _wait(services, ending)
    services.jobs.stop(LAST_WORDS_SECONDS)
    services.close()
    if not ending.is_set():
        os.execv(sys.executable, [sys.executable, "-m", "gemini_pool", *sys.argv[1:]])  # noqa: S606


def _wait(services: Services, ending: threading.Event) -> None:
    """Until it is to end, or other settings were saved than those it began with."""
    saved = Cached(services.store, services.saved.all)
    began_with = saved.get()
    while not ending.wait(LOOK_EVERY_SECONDS) and saved.get() == began_with:
        pass
