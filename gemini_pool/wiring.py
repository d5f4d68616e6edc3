"""Every long-lived object, built once and handed to whoever needs it."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import cast

from flask import current_app

from gemini_pool.errors import StoreError
from gemini_pool.jobs.leader import LOCK_FILE, Leader
from gemini_pool.jobs.scheduler import Job, Jobs
from gemini_pool.jobs.sweep import JITTER_SECONDS, SWEEP_SECONDS, Prune, sweep
from gemini_pool.pool.manager import AccountManager, Strategy
from gemini_pool.pool.policy import Policy
from gemini_pool.pool.runner import Runner
from gemini_pool.roster import Credentials
from gemini_pool.settings import Settings
from gemini_pool.startup import open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.journal import CallJournal
from gemini_pool.store.keys import Keys
from gemini_pool.store.secrets import open_vault
from gemini_pool.upstream.client import USER_AGENT, Locale, UpstreamClient
from gemini_pool.upstream.tokens import Tokens
from gemini_pool.upstream.transport import Transport

log = logging.getLogger(__name__)

EXTENSION = "gemini_pool"


@dataclass(frozen=True)
class Services:
    """What a request can use."""

    settings: Settings
    accounts: Accounts
    manager: AccountManager
    runner: Runner
    catalog: Catalog
    keys: Keys
    journal: CallJournal
    jobs: Jobs


def build_services(settings: Settings) -> Services:
    """All objects for these settings; migrates and adds the environment's accounts, calls nobody."""
    store = open_store(settings)
    accounts = Accounts(store, open_vault(settings.encryption_key, settings.data_path))
    accounts.add_missing(settings.all_seats)
    policy = Policy(settings.failure_threshold, settings.cooldown_seconds)
    manager = AccountManager(accounts, policy, strategy=Strategy(settings.strategy))
    return Services(
        settings=settings,
        accounts=accounts,
        manager=manager,
        runner=_runner(settings, manager, _client(settings, accounts, manager)),
        catalog=Catalog(store, settings.unknown_model),
        keys=Keys(store, settings.api_keys),
        journal=CallJournal(store),
        jobs=Jobs(Leader(settings.data_path / LOCK_FILE), _jobs(settings)),
    )


def services() -> Services:
    """The services of the application that handles the current request."""
    return cast(Services, current_app.extensions[EXTENSION])


def _jobs(settings: Settings) -> tuple[Job, ...]:
    stores: dict[str, Prune] = {}  # what each keeps -> what deletes the old of it
    return (Job("sweep", SWEEP_SECONDS, partial(sweep, stores), JITTER_SECONDS),)


def _runner(settings: Settings, manager: AccountManager, client: UpstreamClient) -> Runner:
    return Runner(manager, client, tries=settings.switch_tries + 1, deadline=settings.request_deadline)


def _client(settings: Settings, accounts: Accounts, manager: AccountManager) -> UpstreamClient:
    def rotated(account_id: int, credentials: Credentials) -> None:
        manager.renew(account_id, credentials)
        try:
            accounts.renew(account_id, credentials)
        except StoreError:  # the answer at hand must not fail for it
            log.warning("new cookies of account %d could not be written", account_id, exc_info=True)

    transport = Transport(
        proxy=settings.proxy,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        connections=settings.threads,
    )
    tokens = Tokens(
        transport,
        auth_url=settings.auth_url,
        login_url=settings.login_url,
        user_agent=USER_AGENT,
        rotated=rotated,
    )
    locale = Locale(settings.language, settings.time_zone)
    return UpstreamClient(transport, tokens, api_url=settings.api_url, locale=locale)
