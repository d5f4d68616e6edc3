"""Hands the lines of the log to whoever keeps the newest of them."""

import logging
import re
from typing import Protocol

LONGEST_MESSAGE = 4_000
LONGEST_TRACE = 16_000
# How a line begins that tells of a request.
REQUEST = re.compile(r"request ([\w.-]{8,64})[ :]")


class Sink(Protocol):
    """Keeps a line without waiting for anything, and without logging anything itself."""

    def __call__(
        self, *, at: float, level: int, logger: str, message: str, process: int, request_id: str, trace: str
    ) -> None: ...


class LogRing(logging.Handler):
    """For the package's own logger: what libraries say may be nobody's business."""

    def __init__(self, sink: Sink, level: int = logging.INFO) -> None:
        super().__init__(level)
        self._sink = sink
        self._traces = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # its arguments do not fit its words
            self.handleError(record)
            return
        named = REQUEST.match(message)
        self._sink(
            at=record.created,
            level=record.levelno,
            logger=record.name,
            message=message[:LONGEST_MESSAGE],
            process=record.process or 0,
            request_id=named[1] if named else "",
            trace=self._trace(record),
        )

    def _trace(self, record: logging.LogRecord) -> str:
        """Where an exception came from; of a long one the end, where it was raised."""
        if not record.exc_info or not record.exc_info[0]:
            return ""
        return self._traces.formatException(record.exc_info)[-LONGEST_TRACE:]
