"""What a process that goes on for long logs, and where to."""

import logging
import time

from gemini_pool.observe.log_ring import LogRing, Sink


def start_logging(level: str, keep: Sink) -> None:
    """Log to stderr, and have lines kept that people may look for; `level` is that of our own."""
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.WARNING,  # of libraries: at DEBUG they tell what is nobody's business
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%SZ",
    )
    ours = logging.getLogger("gemini_pool")
    ours.setLevel(level.upper())
    ours.addHandler(LogRing(keep))
