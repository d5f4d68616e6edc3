"""Every long-lived object, built once and handed to whoever needs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from flask import current_app

from gemini_pool.dialogue import Attachment, FileSource, Turn
from gemini_pool.jobs.scheduler import Jobs
from gemini_pool.media.depot import Depot
from gemini_pool.media.intake import Gathered, Intake
from gemini_pool.media.shelf import Shelf
from gemini_pool.parts import (
    build_client,
    build_intake,
    build_jobs,
    build_manager,
    build_transport,
    build_tries,
)
from gemini_pool.pool.admission import Admission, places
from gemini_pool.pool.callers import Callers
from gemini_pool.pool.manager import AccountManager
from gemini_pool.pool.policy import pacific_day
from gemini_pool.pool.runner import Pace, Runner
from gemini_pool.settings import MEGABYTE, Settings
from gemini_pool.startup import open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.conversations import Conversations
from gemini_pool.store.files import Files
from gemini_pool.store.journal import CallJournal
from gemini_pool.store.keys import Keys
from gemini_pool.store.preferences import Preferences
from gemini_pool.store.secrets import open_vault
from gemini_pool.store.tally import Tally
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
    preferences: Preferences
    journal: CallJournal
    files: Files
    depot: Depot
    shelf: Shelf
    intake: Intake
    conversations: Conversations
    jobs: Jobs
    behind: WriteBehind
    transport: Transport

    def gather(
        self,
        turns: Sequence[Turn],
        sources: Sequence[Sequence[FileSource]],
        scope: str,
        came: Mapping[str, Attachment] = MappingProxyType({}),
    ) -> Gathered:
        """The turns with their files, of which those that were uploaded must be of this scope; `came` are
        those, by id, that came with the request itself. Whoever has them closes them; BadRequest, TooLarge or
        NoSuchFile."""

        def uploaded(source: FileSource) -> Attachment:
            if source.file_id in came:
                return came[source.file_id]
            file = self.files.get(source.file_id, scope)
            path = self.depot.path(file.id)
            return Attachment(file.name, file.mime_type, path, file.bytes, file.digest)

        return self.intake.gather(turns, sources, uploaded)

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
    manager = build_manager(settings, accounts, tally)
    files = Files(store, most_bytes=settings.max_key_files_mb * MEGABYTE)
    depot = Depot(settings.data_path / "files", most_bytes=settings.max_file_mb * MEGABYTE)
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
            build_client(settings, transport, accounts, manager, shelf),
            conversations,
            build_tries(settings),
            Pace(settings.keep_alive, admission.check),
        ),
        catalog=Catalog(store, settings.unknown_model),
        keys=Keys(store, settings.api_keys),
        preferences=Preferences(store, behind),
        journal=journal,
        files=files,
        depot=depot,
        shelf=shelf,
        intake=build_intake(settings, shelf),
        conversations=conversations,
        jobs=build_jobs(
            settings,
            conversations=conversations,
            journal=journal,
            tally=tally,
            files=files,
            depot=depot,
            shelf=shelf,
        ),
        behind=behind,
        transport=transport,
    )


def services() -> Services:
    """The services of the application that handles the current request."""
    return cast(Services, current_app.extensions[EXTENSION])
