"""Every knob of the program: read once, frozen, refused by name when wrong.

The environment comes first, then what was saved in the store, then the default. This room knows what a
setting is called, what it takes and what it means; it does not know what the rest does with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from gemini_pool.readers import (
    FERNET_KEYS,
    HEADER_TEXT,
    SEATS,
    SEVERAL,
    SWITCH,
    TEXT,
    Reader,
    Seat,
    address,
    choice,
    seat_origin,
    whole,
)
from gemini_pool.roster import Credentials

CHECKOUT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """A value that cannot be used; the message is one line: the name, the fault, what is accepted."""


@dataclass(frozen=True)
class Knob:
    """What is known of one setting besides its value."""

    name: str
    default: str
    reader: Reader[Any]
    about: str
    secret: bool = False

    @property
    def savable(self) -> bool:
        """Not a secret, which would lie in the clear, and not the place of the store itself."""
        return not self.secret and self.name != "DATA_DIR"


def knob(name: str, default: str, reader: Reader[Any], about: str, *, secret: bool = False) -> Any:
    return field(metadata={"knob": Knob(name, default, reader, about, secret)}, repr=not secret)


@dataclass(frozen=True)
class Settings:
    """All settings by name. Seconds where the name says so; an empty default means "not set"."""

    host: str = knob("HOST", "0.0.0.0", TEXT, "Address to listen on.")  # noqa: S104 - a server
    port: int = knob("PORT", "8000", whole(1, 65535), "Port to listen on.")
    workers: int = knob("WEB_CONCURRENCY", "2", whole(1, 64), "Worker processes; one a core.")
    threads: int = knob(
        "THREADS", "200", whole(2, 2000), "Threads a worker: open streams and calls at one time."
    )
    data_dir: str = knob(
        "DATA_DIR", "", TEXT, "Folder of the database and the key file; the checkout by default."
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
    max_body_mb: int = knob("MAX_BODY_MB", "20", whole(1, 1024), "Largest request body, in MB.")

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
        secret=True,
    )
    language: str = knob("UPSTREAM_LANGUAGE", "en-US", TEXT, "Language code sent with each prompt.")
    time_zone: str = knob("UPSTREAM_TIME_ZONE", "Etc/GMT", TEXT, "Time zone sent with each prompt.")
    connect_timeout: int = knob("CONNECT_TIMEOUT", "10", whole(1, 300), "Seconds to reach the service.")
    read_timeout: int = knob(
        "READ_TIMEOUT", "300", whole(1, 3600), "Longest silence between bytes, in seconds."
    )

    strategy: str = knob(
        "ACCOUNT_STRATEGY",
        "round_robin",
        choice("round_robin", "first_available"),
        "How an account is chosen.",
    )
    switch_tries: int = knob(
        "MAX_ACCOUNT_SWITCH_TRIES", "5", whole(0, 100), "Further accounts tried after a failure, each once."
    )
    request_deadline: int = knob(
        "REQUEST_DEADLINE_SECONDS", "120", whole(1, 3600), "No further account is tried after this time."
    )
    failure_threshold: int = knob(
        "ACCOUNT_FAILURE_THRESHOLD", "3", whole(1, 100), "Failures in a row that make an account rest."
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
    return {f.name: f.metadata["knob"] for f in fields(Settings)}


def read_settings(environ: Mapping[str, str], saved: Mapping[str, str] | None = None) -> Settings:
    """The settings of this start; SettingsError names the first value that cannot be used."""
    stored = saved or {}
    values = {
        name: _value(k, environ.get(k.name) or stored.get(k.name) or k.default) for name, k in knobs().items()
    }
    settings = Settings(**values)
    if settings.secure_c_ses and not (settings.csesidx and settings.config_id):
        missing = "CSESIDX" if not settings.csesidx else "CONFIG_ID"
        raise SettingsError(
            f"{missing}: is not set although SECURE_C_SES is; accepted: the account's own value"
        )
    return settings


def check(name: str, text: str) -> None:
    """SettingsError unless `text` could be saved as the value of the setting called `name`."""
    known = {k.name: k for k in knobs().values()}
    if name not in known:
        raise SettingsError(f"{name}: is not a setting; accepted: {', '.join(known)}")
    if not known[name].savable:
        raise SettingsError(f"{name}: cannot be saved; accepted: the environment variable of this name")
    _value(known[name], text)


def _value(k: Knob, text: str) -> Any:
    if not text:
        return () if k.reader in (SEVERAL, SEATS) else ""
    try:
        return k.reader.read(text.strip())
    except ValueError as fault:
        shown = "the value" if k.secret else repr(text[:80])
        accepted = k.reader.accepted.replace("`", "")
        raise SettingsError(f"{k.name}: {shown} {fault}; accepted: {accepted}") from None


def as_markdown() -> Iterator[str]:
    """The README's table of settings, line by line."""
    yield "| Variable | Default | Accepted | Meaning |"
    yield "|---|---|---|---|"
    for k in knobs().values():
        default = f"`{k.default}`" if k.default else ""
        accepted = k.reader.accepted.replace("|", "\\|")  # a bar would end the cell
        yield f"| `{k.name}` | {default} | {accepted} | {k.about} |"
