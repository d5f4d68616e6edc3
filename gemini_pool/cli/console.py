"""What all commands share: saying things, and times as people read them."""

import sys
from datetime import UTC, datetime


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def remark(line: str) -> None:
    """Something for the eyes alone, so that a command's output can be used by another."""
    sys.stderr.write(line + "\n")


def moment(seconds: float) -> str:
    """Epoch seconds as `2026-01-31 12:30`, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
