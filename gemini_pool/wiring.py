"""Every long-lived object, built once and handed to whoever needs it."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from gemini_pool.jobs.films import Films
from gemini_pool.jobs.scheduler import Jobs
from gemini_pool.media.depot import Depot
from gemini_pool.media.intake import Gather
from gemini_pool.media.shelf import Shelf
from gemini_pool.parts import (
    KeyCounts,
    build_client,
    build_gather,
    build_jobs,
    build_key_counts,
    build_manager,
    build_runner,
    build_transport,
    film_recorder,
)
from gemini_pool.pool.admission import Admission, places
from gemini_pool.pool.callers import Callers
from gemini_pool.pool.manager import AccountManager
from gemini_pool.pool.policy import pacific_day
from gemini_pool.pool.runner import Runner
from gemini_pool.settings import MEGABYTE, Settings
from gemini_pool.startup import open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.conversations import Conversations
from gemini_pool.store.db import Store
from gemini_pool.store.files import Files
from gemini_pool.store.journal import CallJournal
from gemini_pool.store.keys import Keys
from gemini_pool.store.preferences import Preferences
from gemini_pool.store.secrets import open_vault
from gemini_pool.store.tally import Tally
from gemini_pool.store.videos import Videos
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
    key_counts: KeyCounts
    preferences: Preferences
    journal: CallJournal
    files: Files
    depot: Depot
    shelf: Shelf
    gather: Gather
    conversations: Conversations
    videos: Videos
    films: Films
    jobs: Jobs
    behind: WriteBehind
    transport: Transport
    store: Store

    def close(self) -> None:
        """Leave what is not done to others, write what is waiting, and close what is open."""
        self.films.stop()
        self.behind.flush()
        self.transport.close()
        self.store.close()


def build_services(settings: Settings) -> Services:
    """All objects for these settings; migrates and adds the environment's accounts, calls nobody."""
    store, behind = open_store(settings), WriteBehind()
    journal, tally = CallJournal(store, behind), Tally(store, behind, day=pacific_day)
    accounts = Accounts(store, open_vault(settings.encryption_key, settings.data_path))
    accounts.add_missing(settings.all_seats)
    manager = build_manager(settings, accounts, tally)
    key_counts = build_key_counts(settings, store, behind)
    files = Files(store, most_bytes=settings.max_key_files_mb * MEGABYTE)
    depot = Depot(settings.data_path / "files", most_bytes=settings.max_file_mb * MEGABYTE)
    conversations, transport = Conversations(store, ttl=settings.session_ttl), build_transport(settings)
    admission, shelf = Admission(places(settings.threads)), Shelf(settings.data_path)
    gather = build_gather(settings, shelf, files, depot)
    catalog = Catalog(store, settings.unknown_model)
    videos = Videos(store)
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
        key_counts=key_counts,
        preferences=Preferences(store, behind),
        journal=journal,
        files=files,
        depot=depot,
        shelf=shelf,
        gather=gather,
        conversations=conversations,
        videos=videos,
        films=Films(videos, runner, shelf, catalog.resolve, gather, film_recorder(journal, key_counts.usage)),
        jobs=build_jobs(
            settings,
            conversations=conversations,
            journal=journal,
            tally=tally,
            files=files,
            depot=depot,
            shelf=shelf,
            videos=videos,
        ),
        behind=behind,
        transport=transport,
        store=store,
    )


def services() -> Services:
    """The services of the application that handles the current request."""
    return cast(Services, current_app.extensions[EXTENSION])
