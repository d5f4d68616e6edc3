"""Every long-lived object, built once and handed to whoever needs it."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import cast

from flask import current_app

from gemini_pool.errors import StoreError
from gemini_pool.jobs.leader import LOCK_FILE, Leader
from gemini_pool.jobs.scheduler import Job, Jobs
from gemini_pool.jobs.sweep import (
    JITTER_SECONDS,
    MEDIA_SWEEP_SECONDS,
    SWEEP_SECONDS,
    TALLY_DAYS,
    Prune,
    calls_older_than,
    sweep,
    tallies_older_than,
)
from gemini_pool.media.shelf import Shelf
from gemini_pool.pool.admission import Admission, places
from gemini_pool.pool.budget import Tries
from gemini_pool.pool.callers import Callers
from gemini_pool.pool.manager import AccountManager, Strategy
from gemini_pool.pool.policy import Policy, pacific_day
from gemini_pool.pool.runner import Pace, Runner
from gemini_pool.pool.slots import Slots
from gemini_pool.roster import Credentials, QuotaKind
from gemini_pool.settings import Settings
from gemini_pool.startup import open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.conversations import Conversations
from gemini_pool.store.journal import CallJournal
from gemini_pool.store.keys import Keys
from gemini_pool.store.preferences import Preferences
from gemini_pool.store.secrets import open_vault
from gemini_pool.store.tally import Tally
from gemini_pool.upstream.calls import USER_AGENT, Locale
from gemini_pool.upstream.client import FirstByte, UpstreamClient
from gemini_pool.upstream.dialler import Dialler
from gemini_pool.upstream.tokens import Tokens
from gemini_pool.upstream.transport import Patience, Transport

log = logging.getLogger(__name__)

EXTENSION = "gemini_pool"
HOUR = 3600
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Services:
    """What a request can use."""

    settings: Settings
    accounts: Accounts
    manager: AccountManager
    admission: Admission
    callers: Callers
    runner: Runner
    catalog: Catalog
    keys: Keys
    preferences: Preferences
    journal: CallJournal
    shelf: Shelf
    jobs: Jobs
    behind: WriteBehind
    transport: Transport

    def close(self) -> None:
        """Write what is waiting, and close what is open."""
        self.behind.flush()
        self.transport.close()


def build_services(settings: Settings) -> Services:
    """All objects for these settings; migrates and adds the environment's accounts, calls nobody."""
    store = open_store(settings)
    behind = WriteBehind()
    journal = CallJournal(store, behind)
    accounts = Accounts(store, open_vault(settings.encryption_key, settings.data_path))
    accounts.add_missing(settings.all_seats)
    tally = Tally(store, behind, day=pacific_day)
    manager = AccountManager(
        accounts,
        _policy(settings),
        slots=Slots(settings.data_path / "slots.lock", settings.max_concurrent),
        counter=tally,
        strategy=Strategy(settings.strategy),
    )
    tally.listen(manager.counted)
    conversations = Conversations(store, ttl=settings.session_ttl)
    transport = build_transport(settings)
    admission = Admission(places(settings.threads))
    shelf = Shelf(settings.data_path)
    return Services(
        settings=settings,
        accounts=accounts,
        manager=manager,
        admission=admission,
        callers=Callers(),
        runner=Runner(
            manager,
            _client(settings, transport, accounts, manager),
            conversations,
            _tries(settings),
            Pace(settings.keep_alive, admission.check),
        ),
        catalog=Catalog(store, settings.unknown_model),
        keys=Keys(store, settings.api_keys),
        preferences=Preferences(store, behind),
        journal=journal,
        shelf=shelf,
        jobs=Jobs(
            Leader(settings.data_path / LOCK_FILE),
            (_sweep(settings, conversations, journal, tally), _media_sweep(settings, shelf)),
        ),
        behind=behind,
        transport=transport,
    )


def build_transport(settings: Settings) -> Transport:
    """What calls to the service go over, by way of the proxy if there is one."""
    return Transport(
        Dialler(proxy=settings.proxy, timeout=settings.connect_timeout),
        patience=Patience(settings.first_byte_timeout, settings.read_timeout),
        most_idle=settings.threads,
    )


def services() -> Services:
    """The services of the application that handles the current request."""
    return cast(Services, current_app.extensions[EXTENSION])


def _policy(settings: Settings) -> Policy:
    return Policy(
        settings.failure_threshold,
        settings.cooldown_seconds,
        recovers=settings.error_policy == "recover",
        allowances={
            QuotaKind.TEXT: settings.daily_text,
            QuotaKind.IMAGES: settings.daily_images,
            QuotaKind.VIDEOS: settings.daily_videos,
        },
    )


def _sweep(settings: Settings, conversations: Conversations, journal: CallJournal, tally: Tally) -> Job:
    stores: dict[str, Prune] = {
        "conversations": conversations.prune,
        "calls": calls_older_than(settings.journal_days, journal),
        "tallies": tallies_older_than(TALLY_DAYS, tally),
    }
    return Job("sweep", SWEEP_SECONDS, partial(sweep, stores), JITTER_SECONDS)


def _media_sweep(settings: Settings, shelf: Shelf) -> Job:
    prune = partial(
        shelf.prune,
        images_seconds=settings.image_hours * HOUR,
        videos_seconds=settings.video_hours * HOUR,
        most_bytes=settings.media_max_mb * MEGABYTE,
    )
    return Job("media sweep", MEDIA_SWEEP_SECONDS, partial(sweep, {"pictures and films": prune}))


def _tries(settings: Settings) -> Tries:
    return Tries(
        sessions=settings.new_session_tries,
        retries=settings.request_retries,
        switches=settings.switch_tries,
        seconds=settings.request_deadline,
    )


def _client(
    settings: Settings, transport: Transport, accounts: Accounts, manager: AccountManager
) -> UpstreamClient:
    def rotated(account_id: int, credentials: Credentials) -> None:
        manager.renew(account_id, credentials)
        try:
            accounts.renew(account_id, credentials)
        except StoreError:  # the answer at hand must not fail for it
            log.warning("new cookies of account %d could not be written", account_id, exc_info=True)

    tokens = Tokens(
        transport,
        auth_url=settings.auth_url,
        login_url=settings.login_url,
        user_agent=USER_AGENT,
        rotated=rotated,
    )
    return UpstreamClient(
        transport,
        tokens,
        api_url=settings.api_url,
        locale=Locale(settings.language, settings.time_zone),
        first_byte=FirstByte(settings.first_byte_timeout, settings.first_byte_timeout_media),
        ready_seconds=settings.ready_seconds,
    )
