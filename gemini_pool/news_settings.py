"""The knobs of what is told to others: new cookies to other instances, trouble to people."""

from dataclasses import dataclass

from gemini_pool.knobs import knob
from gemini_pool.readers import ALERT_ADDRESSES, SWITCH, whole


@dataclass(frozen=True)
class NewsSettings:
    """A part of Settings."""

    sync_only: bool = knob(
        "SYNC_ONLY_MODE",
        "0",
        SWITCH,
        "Sign no account in here: another instance does, and sends new cookies.",
    )
    alert_urls: tuple[str, ...] = knob(
        "ALERT_URLS",
        "",
        ALERT_ADDRESSES,
        "Who is told of trouble: webhooks (JSON), a Telegram bot, Bark, ntfy.",
        sealed=True,
    )
    alert_few: int = knob(
        "ALERT_FEW_ACCOUNTS",
        "1",
        whole(0, 1000),
        "Tell when no more accounts than this can answer; 0: never.",
    )
    alert_failures: int = knob(
        "ALERT_REFRESH_FAILURES",
        "3",
        whole(1, 100),
        "Tell when an account's sign-in failed so often in a row.",
    )
