"""Every knob of the program: read once, frozen, refused by name when wrong.

The environment comes first, then what was saved in the store, then the default. This room knows what a
setting is called, what it takes and what it means; it does not know what the rest does with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from gemini_pool.admin_settings import AdminSettings
from gemini_pool.health_settings import HealthSettings
from gemini_pool.knobs import Knob, SettingsError, knob, valued
from gemini_pool.media_settings import MediaSettings
from gemini_pool.news_settings import NewsSettings
from gemini_pool.readers import (
    FERNET_KEYS,
    HEADER_TEXT,
    SEATS,
    SEVERAL,
    SWITCH,
    TEXT,
    Seat,
    address,
    choice,
    seat_origin,
    whole,
)
from gemini_pool.roster import Credentials
from gemini_pool.sign_in_settings import SignInSettings

# Settings that have a room of their own.
PARTS = (HealthSettings, SignInSettings, NewsSettings, MediaSettings, AdminSettings)
CHECKOUT = Path(__file__).resolve().parent.parent
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Settings(AdminSettings, MediaSettings, NewsSettings, SignInSettings, HealthSettings):
    """All settings by name. Seconds where the name says so; an empty default means "not set"."""

    host: str = knob("HOST", "0.0.0.0", TEXT, "Address to listen on.")  # noqa: S104 - a server
    port: int = knob("PORT", "8000", whole(1, 65535), "Port to listen on.")
    workers: int = knob("WEB_CONCURRENCY", "2", whole(1, 64), "Worker processes; one a core.")
    threads: int = knob(
        "THREADS",
        "200",
        whole(2, 2000),
        "Threads a worker, each for one answer at a time; 8 are kept back for the console and health checks.",
    )
    drain: int = knob(
        "DRAIN_SECONDS",
        "630",
        whole(1, 86400),
        "How long answers under way may go on when the service is stopped or reloaded.",
    )
    data_dir: str = knob(
        "DATA_DIR", "", TEXT, "Folder of the database, the key file and all files; the checkout by default."
    )
    log_level: str = knob("LOG_LEVEL", "info", choice("debug", "info", "warning", "error"), "What is logged.")

    api_keys: tuple[str, ...] = knob(
        "API_KEY",
        "",
        SEVERAL,
        "API keys that callers may use besides those made with `keys create`.",
        secret=True,
    )
    allow_anonymous: bool = knob(
        "ALLOW_ANONYMOUS", "0", SWITCH, "Answer callers without a key. For a closed network only."
    )
    encryption_key: str = knob(
        "API_KEY_ENCRYPTION_KEY", "", FERNET_KEYS,
        "Fernet key (several with commas, the first encrypts) for cookies at rest; "
        "a file under DATA_DIR is made by default.", secret=True,
    )  # fmt: skip
    max_body_mb: int = knob("MAX_BODY_MB", "20", whole(1, 1024), "Largest request body but uploads, in MB.")

    seats: tuple[Seat, ...] = knob(
        "ACCOUNTS_CONFIG",
        "",
        SEATS,
        "Accounts to add when the store lacks them; later edits stay.",
        secret=True,
    )
    secure_c_ses: str = knob(
        "SECURE_C_SES", "", HEADER_TEXT, "A single account: its cookie `__Secure-C_SES`.", secret=True
    )
    host_c_oses: str = knob(
        "HOST_C_OSES", "", HEADER_TEXT, "A single account: its cookie `__Host-C_OSES`.", secret=True
    )
    csesidx: str = knob("CSESIDX", "", HEADER_TEXT, "A single account: `csesidx` of the page's address.")
    config_id: str = knob(
        "CONFIG_ID", "", HEADER_TEXT, "A single account: the id after `/cid/` in the page's address."
    )

    api_url: str = knob(
        "GEMINI_API_URL",
        "https://biz-discoveryengine.googleapis.com",
        address("https", "http"),
        "The chat API.",
    )
    auth_url: str = knob(
        "GEMINI_AUTH_URL",
        "https://business.gemini.google",
        address("https", "http"),
        "Where tokens come from.",
    )
    login_url: str = knob(
        "GEMINI_LOGIN_URL",
        "https://auth.business.gemini.google",
        address("https", "http"),
        "The sign-in pages.",
    )
    proxy: str = knob(
        "PROXY",
        "",
        address("http", "https", "socks5", "socks5h"),
        "Proxy for all calls upstream.",
        sealed=True,
    )
    language: str = knob("UPSTREAM_LANGUAGE", "en-US", TEXT, "Language code sent with each prompt.")
    time_zone: str = knob("UPSTREAM_TIME_ZONE", "Etc/GMT", TEXT, "Time zone sent with each prompt.")
    connect_timeout: int = knob("CONNECT_TIMEOUT", "10", whole(1, 300), "Seconds to reach the service.")
    first_byte_timeout: int = knob(
        "FIRST_BYTE_TIMEOUT",
        "20",
        whole(1, 3600),
        "Seconds in which an answer must begin; then another account is tried.",
    )
    first_byte_timeout_media: int = knob(
        "FIRST_BYTE_TIMEOUT_MEDIA", "120", whole(1, 3600), "The same for models that make pictures and films."
    )
    read_timeout: int = knob(
        "READ_TIMEOUT", "300", whole(1, 3600), "Longest silence between bytes, in seconds."
    )
    keep_alive: int = knob(
        "KEEP_ALIVE_SECONDS", "10", whole(1, 300), "A stream that is silent for so long gets a comment line."
    )
    ready_seconds: int = knob(
        "READY_SECONDS",
        "600",
        whole(0, 86400),
        "How long after an answer an account is kept ready (token renewed, a session to spare); 0: never.",
    )

    strategy: str = knob(
        "ACCOUNT_STRATEGY",
        "round_robin",
        choice("round_robin", "first_available"),
        "How an account is chosen.",
    )
    error_policy: str = knob(
        "ERROR_POLICY",
        "recover",
        choice("recover", "disable"),
        "An account that keeps failing rests and is tried again, or stays out until it is enabled by hand.",
    )
    max_concurrent: int = knob(
        "MAX_CONCURRENT_PER_ACCOUNT",
        "0",
        whole(0, 1000),
        "Requests an account may have open at one time, over all workers; 0: no bound.",
    )
    daily_text: int = knob(
        "DAILY_TEXT_ANSWERS", "0", whole(0, 1_000_000), "Text answers an account may give a day; 0: no bound."
    )
    daily_images: int = knob(
        "DAILY_IMAGE_ANSWERS", "0", whole(0, 1_000_000), "The same for answers of models that make pictures."
    )
    daily_videos: int = knob(
        "DAILY_VIDEO_ANSWERS", "0", whole(0, 1_000_000), "The same for answers of models that make films."
    )
    new_session_tries: int = knob(
        "MAX_NEW_SESSION_TRIES",
        "5",
        whole(1, 100),
        "Accounts that may fail a request before they are asked (no token, no session).",
    )
    request_retries: int = knob(
        "MAX_REQUEST_RETRIES", "3", whole(0, 100), "Times a prompt that failed is asked again, elsewhere."
    )
    switch_tries: int = knob(
        "MAX_ACCOUNT_SWITCH_TRIES", "5", whole(0, 100), "Further accounts tried for one request, each once."
    )
    request_deadline: int = knob(
        "REQUEST_DEADLINE_SECONDS", "120", whole(1, 3600), "No further account is tried after this time."
    )
    failure_threshold: int = knob(
        "ACCOUNT_FAILURE_THRESHOLD", "3", whole(1, 100), "Failures in a row that make an account rest."
    )
    session_ttl: int = knob(
        "SESSION_CACHE_TTL_SECONDS",
        "3600",
        whole(0, 604_800),
        "How long a conversation can go on in its session upstream; later it is told anew.",
    )
    cooldown_seconds: int = knob(
        "RATE_LIMIT_COOLDOWN_SECONDS",
        "600",
        whole(1, 86400),
        "Rest after a limit when the service names no time.",
    )
    unknown_model: str = knob(
        "UNKNOWN_MODEL",
        "reject",
        choice("reject", "default", "passthrough"),
        "What a model we do not list gets.",
    )

    scheduler: bool = knob("SCHEDULER", "1", SWITCH, "Run background jobs in one of these workers.")
    journal_days: int = knob("JOURNAL_DAYS", "30", whole(1, 3650), "Days that finished calls are kept.")

    # The names of the settings that the environment gives: nothing that is saved changes them.
    fixed: frozenset[str] = frozenset()

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir) if self.data_dir else CHECKOUT

    @property
    def all_seats(self) -> tuple[Seat, ...]:
        """The accounts of ACCOUNTS_CONFIG and the single one."""
        if not self.secure_c_ses:
            return self.seats
        single = Credentials(self.secure_c_ses, self.csesidx, self.config_id, self.host_c_oses)
        return (*self.seats, Seat(seat_origin(single), "single", single, None))


def knobs() -> dict[str, Knob]:
    """Field name of Settings -> what is known of the setting, in the order people should read them."""
    inherited = {f.name for part in PARTS for f in fields(part)}
    ordered = sorted(fields(Settings), key=lambda f: f.name in inherited)
    return {f.name: f.metadata["knob"] for f in ordered if "knob" in f.metadata}


def read_settings(environ: Mapping[str, str], saved: Mapping[str, str] | None = None) -> Settings:
    """The settings of this start; SettingsError names the first value that cannot be used."""
    stored = saved or {}
    values = {
        name: valued(k, environ.get(k.name) or stored.get(k.name) or k.default) for name, k in knobs().items()
    }
    fixed = frozenset(k.name for k in knobs().values() if environ.get(k.name))
    settings = Settings(**values, fixed=fixed)
    if settings.secure_c_ses and not (settings.csesidx and settings.config_id):
        missing = "CSESIDX" if not settings.csesidx else "CONFIG_ID"
        raise SettingsError(
            f"{missing}: is not set although SECURE_C_SES is; accepted: the account's own value"
        )
    return settings


def check(name: str, text: str) -> Knob:
    """The setting called `name`; SettingsError unless `text` could be saved as its value."""
    known = {k.name: k for k in knobs().values()}
    if name not in known:
        raise SettingsError(f"{name}: is not a setting; accepted: {', '.join(known)}")
    if not known[name].savable:
        raise SettingsError(f"{name}: cannot be saved; accepted: the environment variable of this name")
    valued(known[name], text)
    return known[name]


def as_markdown() -> Iterator[str]:
    """The README's table of settings, line by line."""
    yield "| Variable | Default | Accepted | Meaning |"
    yield "|---|---|---|---|"
    for k in knobs().values():
        default = f"`{k.default}`" if k.default else ""
        accepted = k.reader.accepted.replace("|", "\\|")  # a bar would end the cell
        yield f"| `{k.name}` | {default} | {accepted} | {k.about} |"
