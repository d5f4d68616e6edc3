"""How keeping accounts signed in is put together."""

import os
import shutil
import sys
import threading
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode

from gemini_pool.dialogue import Silence
from gemini_pool.jobs.planner import Planner
from gemini_pool.jobs.refresh import Keep, Refresher, Seeker
from gemini_pool.jobs.running import Job
from gemini_pool.jobs.sign_ins import Desk, Pace
from gemini_pool.settings import Settings
from gemini_pool.signin.choice import BrowserChoice, is_headless
from gemini_pool.signin.mailbox import MailDefaults, open_mailbox
from gemini_pool.signin.order import Order, SignedIn
from gemini_pool.store.orders import SIGN_INS
from gemini_pool.stores import Stores
from gemini_pool.upstream.proof import Proof

MINUTE, HOUR = 60.0, 3600.0
JITTER_SECONDS = 30.0
PLANNER = "refresh"
PROFILES = "profiles"
# What the setting says, for those values that say something.
HIDDEN = MappingProxyType({"shown": False, "hidden": True})
# How long a person at the browser's window may take for what the service asks of people.
PEOPLE_SECONDS = 600.0


def mail_defaults(settings: Settings) -> MailDefaults:
    """The operator's own mail service."""
    return MailDefaults(settings.mail_api, settings.mail_admin_key, settings.temp_mail_url)


def build_refresher(stores: Stores, proof: Proof, told: Callable[[int], None]) -> Refresher:
    """What signs accounts in. `told` hears of those that have new cookies."""
    return Refresher(stores.accounts, partial(_sign_in, stores.settings), proof.of, told)


def keeping_jobs(
    stores: Stores, proof: Proof, told: Callable[[int], None], stopping: threading.Event
) -> tuple[Job, ...]:
    """The jobs of this room. `told` hears of accounts that have new cookies."""
    settings = stores.settings
    if settings.sync_only:
        return ()
    refresher = build_refresher(stores, proof, told)
    pace = Pace(
        settings.refresh_batch,
        settings.refresh_pause,
        settings.browsers_at_once,
        settings.refresh_backoff * MINUTE,
    )
    desk = Desk(stores.orders, stores.sign_ins, refresher, pace, partial(_sweep, _folder(settings)), stopping)
    planner = Planner(
        stores.orders, stores.sign_ins.troubles, stores.accounts.profiles, settings.refresh_window * HOUR
    )
    work = Job(SIGN_INS, "Sign in the accounts that are ordered", None, desk.work)
    if not settings.auto_refresh:
        return (work,)
    every = settings.refresh_minutes * MINUTE
    return Job(PLANNER, "Order the sign-ins that are due", every, planner.plan, JITTER_SECONDS), work


def prune_profiles(stores: Stores) -> int:
    """Delete the browser profiles of accounts that are gone, all of them where none are kept; how many."""
    settings = stores.settings
    kept = {str(one.id) for one in stores.accounts.accounts()} if settings.browser_profiles else set()
    folder = settings.data_path / PROFILES
    gone = [one for one in folder.iterdir() if one.name not in kept] if folder.is_dir() else []
    for profile in gone:
        shutil.rmtree(profile, ignore_errors=True)
    return len(gone)


def _sweep(folder: Path) -> None:
    # A sixth of a second and hundreds of modules of Selenium's, of which most processes never have need.
    from gemini_pool.signin.runs import sweep  # noqa: PLC0415

    sweep(folder)


def _sign_in(settings: Settings, seeker: Seeker, keep: Keep) -> Generator[Silence | str, None, SignedIn]:
    """Sign somebody in with the settings' browser."""
    mailbox = partial(open_mailbox, seeker.mailbox, mail_defaults(settings), renewed=seeker.renewed)
    address, home = seeker.email or mailbox().address, f"{settings.auth_url}/"
    order = Order(
        address=address,
        name=settings.sign_in_name or address.partition("@")[0],
        entry_url=settings.sign_in_url or f"{settings.login_url}/login?{urlencode({'continueUrl': home})}",
        home_url=home,
        config_id=seeker.config_id,
        code_senders=settings.code_senders,
        resends=settings.sign_in_resends,
        code_seconds=settings.code_seconds,
        seconds=settings.sign_in_seconds,
        people_seconds=PEOPLE_SECONDS if seeker.visible else 0.0,
        open_mailbox=mailbox,
    )
    from gemini_pool.signin.attempt import attempt  # noqa: PLC0415 - as above

    return (yield from attempt(order, _browser(settings, seeker), _folder(settings), keep))


def _browser(settings: Settings, seeker: Seeker) -> BrowserChoice:
    headless = is_headless(
        os.environ,
        sys.platform,
        force_headed=settings.force_headed,
        force_headless=settings.force_headless,
        flag=False if seeker.visible else HIDDEN.get(settings.browser_window),
    )
    kept = settings.browser_profiles and seeker.account_id is not None
    return BrowserChoice(
        binary=settings.browser_binary,
        driver=settings.browser_driver,
        remote=settings.browser_remote,
        proxy=settings.browser_proxy or settings.proxy,
        headless=headless,
        most_mb=settings.browser_mb,
        profile=settings.data_path / PROFILES / str(seeker.account_id) if kept else None,
        language=settings.language,
    )


def _folder(settings: Settings) -> Path:
    return settings.data_path / "browsers"
