"""Every store of this DATA_DIR, opened once: what is written down, and where files lie."""

from dataclasses import dataclass
from functools import partial

from gemini_pool.media.depot import Depot
from gemini_pool.media.shelf import Shelf
from gemini_pool.pool.policy import pacific_day
from gemini_pool.pool.slots import KeySlots
from gemini_pool.settings import MEGABYTE, Settings
from gemini_pool.startup import open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.alerts import AlertBook
from gemini_pool.store.audit import Audit
from gemini_pool.store.batches import WriteBehind
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.conversations import Conversations
from gemini_pool.store.db import Store
from gemini_pool.store.files import Files
from gemini_pool.store.health import Health
from gemini_pool.store.job_book import JobBook
from gemini_pool.store.journal import CallJournal
from gemini_pool.store.key_windows import KeyUsage, KeyWindows
from gemini_pool.store.keys import Keys
from gemini_pool.store.live import Live
from gemini_pool.store.log_lines import LogLines
from gemini_pool.store.orders import SIGN_INS, Orders
from gemini_pool.store.peers import Peers
from gemini_pool.store.preferences import Preferences
from gemini_pool.store.saved import SavedSettings
from gemini_pool.store.secrets import Vault, open_vault
from gemini_pool.store.sign_ins import SignIns
from gemini_pool.store.statistics import Statistics
from gemini_pool.store.sync_tokens import SyncTokens
from gemini_pool.store.tally import Tally
from gemini_pool.store.videos import Videos
from gemini_pool.store.works import Works


@dataclass(frozen=True, slots=True)
class KeyCounts:
    """What keys have used, and what they have open: what their limits are held against, by all processes."""

    windows: KeyWindows
    usage: KeyUsage
    slots: KeySlots


@dataclass(frozen=True)
class Stores:
    """What is kept, and `behind`, which writes what need not be waited for."""

    settings: Settings
    store: Store
    vault: Vault
    behind: WriteBehind
    accounts: Accounts
    catalog: Catalog
    keys: Keys
    key_counts: KeyCounts
    preferences: Preferences
    conversations: Conversations
    journal: CallJournal
    statistics: Statistics
    tally: Tally
    audit: Audit
    log_lines: LogLines
    live: Live
    works: Works
    orders: Orders
    sign_ins: SignIns
    job_book: JobBook
    peers: Peers
    sync_tokens: SyncTokens
    alerts: AlertBook
    health: Health
    saved: SavedSettings
    files: Files
    videos: Videos
    depot: Depot
    shelf: Shelf


def open_stores(settings: Settings) -> Stores:
    """All stores; migrates, and adds the accounts of the environment."""
    store, behind = open_store(settings), WriteBehind()
    vault = open_vault(settings.encryption_key, settings.data_path)
    statistics, windows, live = Statistics(store), KeyWindows(store), Live(store)
    accounts, book = Accounts(store, vault), JobBook(store, live)
    accounts.add_missing(settings.all_seats)
    return Stores(
        settings=settings,
        store=store,
        vault=vault,
        behind=behind,
        accounts=accounts,
        catalog=Catalog(store, settings.unknown_model),
        keys=Keys(store, settings.api_keys),
        key_counts=KeyCounts(
            windows, KeyUsage(windows, behind), KeySlots(settings.data_path / "key-slots.lock")
        ),
        preferences=Preferences(store, behind),
        conversations=Conversations(store, ttl=settings.session_ttl),
        journal=CallJournal(store, behind, statistics.count),
        statistics=statistics,
        tally=Tally(store, behind, day=pacific_day),
        audit=Audit(store),
        log_lines=LogLines(store, behind),
        live=live,
        works=Works(store, live),
        orders=Orders(store, live, vault, partial(book.want, SIGN_INS)),
        sign_ins=SignIns(store, settings.data_path),
        job_book=book,
        peers=Peers(store, vault),
        sync_tokens=SyncTokens(store),
        alerts=AlertBook(store, live),
        health=Health(store),
        saved=SavedSettings(store, vault),
        files=Files(store, most_bytes=settings.max_key_files_mb * MEGABYTE),
        videos=Videos(store),
        depot=Depot(settings.data_path / "files", most_bytes=settings.max_file_mb * MEGABYTE),
        shelf=Shelf(settings.data_path),
    )
