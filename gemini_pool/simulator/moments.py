"""How the service writes a moment."""

from datetime import UTC, datetime


def written(epoch: float) -> str:
    """`2026-01-31T23:59:59Z` for seconds since the epoch."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
