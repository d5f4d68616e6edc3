"""The knobs of health checks."""

from dataclasses import dataclass

from gemini_pool.knobs import knob
from gemini_pool.readers import SWITCH, whole


@dataclass(frozen=True)
class HealthSettings:
    """A part of Settings."""

    health_enabled: bool = knob(
        "HEALTH_CHECK_ENABLED", "1", SWITCH, "Check accounts by themselves, at the start and again and again."
    )
    health_interval: int = knob(
        "HEALTH_CHECK_INTERVAL",
        "300",
        whole(10, 86400),
        "Seconds between two rounds of checks; accounts that answered since the last one are not asked.",
    )
    health_timeout: int = knob(
        "HEALTH_CHECK_TIMEOUT", "30", whole(1, 300), "Seconds that one check may take."
    )
    health_retries: int = knob(
        "HEALTH_CHECK_RETRY_COUNT", "2", whole(0, 10), "Times a check that failed is tried again at once."
    )
    health_at_once: int = knob(
        "HEALTH_CHECK_CONCURRENT_LIMIT", "5", whole(1, 50), "Accounts that are checked at one time."
    )
    health_disables: bool = knob(
        "HEALTH_CHECK_AUTO_DISABLE",
        "1",
        SWITCH,
        "Take an account that fails its check out of the pool, until a later check passes.",
    )
    health_network_errors: int = knob(
        "HEALTH_CHECK_NETWORK_ERROR_THRESHOLD",
        "3",
        whole(1, 100),
        "Rounds in a row in which an account alone cannot be reached before that counts as failed.",
    )
