"""Moments as the API tells them: ISO 8601 in UTC, to the second."""

from datetime import UTC, datetime


def told(moment: float | None) -> str | None:
    """Epoch seconds as `2026-11-21T16:00:00Z`; 0 is "never", as None is."""
    if not moment:
        return None
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
