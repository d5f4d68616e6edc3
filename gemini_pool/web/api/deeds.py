"""What an administrator changed, written down: who, from where, what. Never a secret."""

from flask import g

from gemini_pool.wiring import services


def wrote(action: str, target: str = "", detail: str = "") -> None:
    """Enter a change by whoever sent the current request."""
    admin = g.admin
    services().audit.record(admin.kind, admin.address, action, target, detail)
