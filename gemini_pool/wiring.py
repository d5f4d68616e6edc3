"""Every long-lived object, built once and handed to whoever needs it."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from gemini_pool.jobs.films import Films
from gemini_pool.jobs.scheduler import Jobs
from gemini_pool.jobs.workbench import Workbench
from gemini_pool.media.depot import Depot
from gemini_pool.media.intake import Gather
from gemini_pool.media.shelf import Shelf
from gemini_pool.parts import (
    build_client,
    build_gather,
    build_jobs,
    build_manager,
    build_runner,
    build_transport,
    film_recorder,
)
from gemini_pool.pool.admission import Admission, places
from gemini_pool.pool.callers import Callers
from gemini_pool.pool.load import Load
from gemini_pool.pool.manager import AccountManager
from gemini_pool.pool.policy import pacific_day
from gemini_pool.pool.runner import Runner
from gemini_pool.pool.slots import KeySlots
from gemini_pool.settings import MEGABYTE, Settings
from gemini_pool.startup import open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.audit import Audit
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.conversations import Conversations
from gemini_pool.store.db import Store
from gemini_pool.store.files import Files
from gemini_pool.store.journal import CallJournal
from gemini_pool.store.key_windows import KeyUsage, KeyWindows
from gemini_pool.store.keys import Keys
from gemini_pool.store.live import Live
from gemini_pool.store.log_lines import LogLines
from gemini_pool.store.preferences import Preferences
from gemini_pool.store.secrets import open_vault
from gemini_pool.store.statistics import Statistics
from gemini_pool.store.tally import Tally
from gemini_pool.store.videos import Videos
from gemini_pool.store.works import Works
from gemini_pool.upstream.client import UpstreamClient
from gemini_pool.upstream.transport import Transport

EXTENSION = "gemini_pool"


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
    key_windows: KeyWindows
    key_usage: KeyUsage
    key_slots: KeySlots
    preferences: Preferences
    journal: CallJournal
    statistics: Statistics
    audit: Audit
    log_lines: LogLines
    load: Load
    files: Files
    depot: Depot
    shelf: Shelf
    gather: Gather
    conversations: Conversations
    videos: Videos
    films: Films
    client: UpstreamClient
    live: Live
    works: Works
    workbench: Workbench
    jobs: Jobs
    behind: WriteBehind
    transport: Transport
    store: Store

    def close(self) -> None:
        """Leave what is not done to others, write what is waiting, and close what is open."""
        self.films.stop()
        self.behind.flush()
        self.transport.close()
        self.load.close()
        self.store.close()


def build_services(settings: Settings) -> Services:
    """All objects for these settings; migrates and adds the environment's accounts, calls nobody."""
    store, behind = open_store(settings), WriteBehind()
    statistics, audit, tally = Statistics(store), Audit(store), Tally(store, behind, day=pacific_day)
    journal = CallJournal(store, behind, statistics.count)
    accounts = Accounts(store, open_vault(settings.encryption_key, settings.data_path))
    accounts.add_missing(settings.all_seats)
    manager = build_manager(settings, accounts, tally)
    key_windows = KeyWindows(store)
    key_usage = KeyUsage(key_windows, behind)
    files = Files(store, most_bytes=settings.max_key_files_mb * MEGABYTE)
    depot = Depot(settings.data_path / "files", most_bytes=settings.max_file_mb * MEGABYTE)
    conversations = Conversations(store, ttl=settings.session_ttl)
    transport = build_transport(settings)
    load = Load(settings.data_path / "load", places(settings.threads))
    admission = Admission(places(settings.threads), told=load.tell)
    shelf = Shelf(settings.data_path)
    gather = build_gather(settings, shelf, files, depot)
    catalog = Catalog(store, settings.unknown_model)
    videos = Videos(store)
    live = Live(store)
    works = Works(store, live)
    client = build_client(settings, transport, accounts, manager, shelf)
    runner = build_runner(settings, manager, client, conversations, admission)
    return Services(
        settings=settings,
        accounts=accounts,
        manager=manager,
        admission=admission,
        callers=Callers(),
        runner=runner,
        catalog=catalog,
        keys=Keys(store, settings.api_keys),
        key_windows=key_windows,
        key_usage=key_usage,
        key_slots=KeySlots(settings.data_path / "key-slots.lock"),
        preferences=Preferences(store, behind),
        journal=journal,
        statistics=statistics,
        audit=audit,
        log_lines=LogLines(store, behind),
        load=load,
        files=files,
        depot=depot,
        shelf=shelf,
        gather=gather,
        conversations=conversations,
        videos=videos,
        client=client,
        live=live,
        works=works,
        workbench=Workbench(works),
        films=Films(videos, runner, shelf, catalog.resolve, gather, film_recorder(journal, key_usage)),
        jobs=build_jobs(
            settings, conversations, journal, statistics, audit, tally, files, depot, shelf, videos
        ),
        behind=behind,
        transport=transport,
        store=store,
    )


def services() -> Services:
    """The services of the application that handles the current request."""
    return cast(Services, current_app.extensions[EXTENSION])
