"""Which browser signs in, and how it is started: pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gemini_pool.sign_in_errors import BrowserFailed

# What a service has no use for, and what a machine without a screen, a sound card or much /dev/shm lacks.
FLAGS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    "--window-size=1280,900",
)
# All that a browser needs of our environment; the rest holds our secrets.
KEPT_VARIABLES = (
    "PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH",
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR",
)  # fmt: skip
# A browser leaves names to a SOCKS proxy anyway, and knows no word for that.
PROXY_SCHEMES = ("http", "https", "socks4", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class BrowserChoice:
    """`binary`, `driver`: paths, "" for Debian's or what Selenium finds; `remote`: the address of a WebDriver
    that runs elsewhere, instead of both. `most_mb`: memory of the whole browser. `profile`: a folder that
    outlives the run, so that live cookies renew themselves; None for a fresh one."""

    binary: str = ""
    driver: str = ""
    remote: str = ""
    proxy: str = ""
    headless: bool = True
    most_mb: int = 1500
    profile: Path | None = None
    language: str = "en-US"


def is_headless(
    environ: Mapping[str, str],
    platform: str,
    *,
    force_headed: bool = False,
    force_headless: bool = False,
    flag: bool | None = None,
) -> bool:
    """Whether the browser has no window. The settings decide before the command line's flag (True for
    headless); without any of them it is seen on macOS, and elsewhere where there is a display."""
    if force_headed or force_headless:
        return not force_headed
    if flag is not None:
        return flag
    return platform != "darwin" and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def arguments(choice: BrowserChoice, profile: Path | None, *, root: bool) -> list[str]:
    """The browser's command line. BrowserFailed for a proxy that it cannot use."""
    given = [*FLAGS, f"--lang={choice.language}"]
    if choice.headless:
        given.append("--headless=new")
    if root:  # Chromium's sandbox refuses to work for root
        given.append("--no-sandbox")
    if profile is not None:
        given.append(f"--user-data-dir={profile}")
    if choice.proxy:
        given.append(f"--proxy-server={_proxy(choice.proxy)}")
    return given


def environment(environ: Mapping[str, str], run: Path, temporary: Path) -> dict[str, str]:
    """The variables of driver and browser: what they write for themselves lands in these folders."""
    kept = {name: environ[name] for name in KEPT_VARIABLES if name in environ}
    if "DISPLAY" in kept and "XAUTHORITY" not in kept and "HOME" in environ:
        kept["XAUTHORITY"] = f"{environ['HOME']}/.Xauthority"
    return {**kept, "HOME": str(run), "TMPDIR": str(temporary)}


def _proxy(address: str) -> str:
    parts = urlsplit(address)
    if parts.username or parts.password:
        raise BrowserFailed(
            "The browser takes no proxy with a user name or password: set BROWSER_PROXY to one without, such "
            "as a forwarder on this machine."
        )
    if parts.scheme not in PROXY_SCHEMES or not parts.hostname:
        raise BrowserFailed(
            f"The browser cannot use a proxy of the kind {parts.scheme or 'given'}: set BROWSER_PROXY to "
            "http://host:port or socks5://host:port."
        )
    return f"{parts.scheme.removesuffix('h')}://{parts.netloc}"
