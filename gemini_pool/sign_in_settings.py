"""The knobs of signing in: when accounts get new cookies, by which browser, with codes from where."""

from dataclasses import dataclass

from gemini_pool.knobs import knob
from gemini_pool.readers import SEVERAL, SWITCH, TEXT, address, choice, whole


@dataclass(frozen=True)
class SignInSettings:
    """A part of Settings."""

    auto_refresh: bool = knob(
        "AUTO_REFRESH_COOKIE", "1", SWITCH, "Sign accounts in again by themselves, if their mailbox is known."
    )
    refresh_minutes: int = knob(
        "REFRESH_INTERVAL_MINUTES", "30", whole(1, 1440), "Minutes between two looks for accounts to sign in."
    )
    refresh_window: int = knob(
        "REFRESH_WINDOW_HOURS", "1", whole(0, 48), "Hours before its end that a sign-in is renewed."
    )
    refresh_batch: int = knob("REFRESH_BATCH", "5", whole(1, 100), "Accounts signed in before a pause.")
    refresh_pause: int = knob("REFRESH_PAUSE_SECONDS", "60", whole(0, 86400), "Seconds of that pause.")
    refresh_backoff: int = knob(
        "REFRESH_BACKOFF_MINUTES",
        "15",
        whole(1, 1440),
        "Minutes until a sign-in that failed is tried again; twice as long after each further failure.",
    )

    sign_in_url: str = knob(
        "LOGIN_URL",
        "",
        address("https", "http"),
        "Where a sign-in begins; by default the page `/login` of GEMINI_LOGIN_URL.",
    )
    sign_in_name: str = knob(
        "SIGN_IN_NAME", "", TEXT, "Name given at a first sign-in; by default what stands before the @."
    )
    sign_in_seconds: int = knob(
        "SIGN_IN_SECONDS",
        "300",
        whole(30, 3600),
        "Seconds that one sign-in may take, the code's way included.",
    )
    sign_in_resends: int = knob(
        "SIGN_IN_RESENDS", "2", whole(0, 5), "Times another code is asked for when none comes."
    )
    code_seconds: int = knob(
        "SIGN_IN_CODE_SECONDS", "60", whole(1, 600), "Seconds a code is waited for each time."
    )
    code_senders: tuple[str, ...] = knob(
        "GOOGLE_MAIL",
        "google.com,gemini.google",
        SEVERAL,
        "Who sends codes: addresses, or domains with all below them. No other letter is read for a code.",
    )
    mail_api: str = knob(
        "MAIL_API",
        "",
        address("https", "http"),
        "Mail service of mailboxes that name none of their own.",
    )
    mail_admin_key: str = knob("MAIL_ADMIN_KEY", "", TEXT, "The admin key of that service.", sealed=True)
    temp_mail_url: str = knob(
        "TEMP_MAIL_URL",
        "",
        address("https", "http"),
        "Worker behind pages of temporary mailboxes, where it has another address than the page.",
    )

    browser_binary: str = knob(
        "BROWSER_BINARY", "", TEXT, "The browser's program; by default Debian's chromium, or what is found."
    )
    browser_driver: str = knob(
        "BROWSER_DRIVER",
        "",
        TEXT,
        "The browser's driver; by default Debian's chromedriver, or what is found.",
    )
    browser_remote: str = knob(
        "BROWSER_REMOTE_URL",
        "",
        address("http", "https"),
        "A remote WebDriver to use instead of a browser here.",
    )
    browser_proxy: str = knob(
        "BROWSER_PROXY",
        "",
        address("http", "https", "socks5"),
        "Proxy of the browser, without a password; by default PROXY.",
    )
    force_headed: bool = knob("FORCE_HEADED", "0", SWITCH, "Show the browser's window whatever else says.")
    force_headless: bool = knob(
        "FORCE_HEADLESS", "0", SWITCH, "Never show it, even where there is a display."
    )
    browser_window: str = knob(
        "BROWSER_WINDOW",
        "auto",
        choice("auto", "shown", "hidden"),
        "Whether the browser's window is shown (`serve --headed`) or not (`serve --headless`); auto: where "
        "there is a display.",
    )
    browser_profiles: bool = knob(
        "BROWSER_PROFILES",
        "0",
        SWITCH,
        "Keep a browser profile for each account under DATA_DIR; what is in it is not encrypted by us.",
    )
    browsers_at_once: int = knob(
        "BROWSERS_AT_ONCE", "1", whole(1, 8), "Browsers that run at one time; each takes some 500 MB."
    )
    browser_mb: int = knob(
        "BROWSER_MAX_MB", "1500", whole(200, 16384), "A browser that takes more memory than this is ended."
    )
