"""What the administrator's room is furnished with, built once like the rest.

Answering calls needs nothing of it; the console and its API stand on it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from gemini_pool.dialogue import Silence, patiently
from gemini_pool.jobs.sync import Sync
from gemini_pool.jobs.workbench import Workbench
from gemini_pool.news import build_sync, build_webhooks
from gemini_pool.observe.alerts import Webhooks
from gemini_pool.parts import build_transport
from gemini_pool.pool.load import Load
from gemini_pool.roster import Account, Credentials
from gemini_pool.settings import Settings
from gemini_pool.store.backups import Backups
from gemini_pool.store.db import Cached
from gemini_pool.store.door import Door, open_door
from gemini_pool.store.live import Happened
from gemini_pool.store.portable_keys import PortableKeys
from gemini_pool.store.profiles import Profile
from gemini_pool.store.transfer.everything import Transfer
from gemini_pool.stores import Stores
from gemini_pool.upstream.client import UpstreamClient
from gemini_pool.upstream.trial import Tried, try_out

# Pages that listen take a thread each of the few that are kept back from answers.
MOST_LISTENERS = 3


@dataclass(frozen=True)
class Office:
    """`profiles` are the accounts with all that is kept of them; `try_out` tries one, step by step; `reach`
    takes a proxy and tells in how many milliseconds the service answers through it; `reload` has all workers
    read the settings anew; `prove` tries credentials that are no account's yet, and gives them as they are
    then."""

    door: Door
    profiles: Cached[list[Profile]]
    load: Load
    listeners: threading.BoundedSemaphore
    workbench: Workbench
    transfer: Transfer
    backups: Backups
    try_out: Callable[[Account], Iterator[Silence | Tried]]
    holds_token: Callable[[Account], bool]
    reach: Callable[[str], int]
    reload: Callable[[], None]
    prove: Callable[[Credentials], Credentials]
    sync: Sync
    webhooks: Webhooks


def furnish(
    stores: Stores,
    client: UpstreamClient,
    load: Load,
    reload: Callable[[], None],
    prove: Callable[[Credentials], Credentials],
) -> Office:
    """The office."""
    settings, store, accounts = stores.settings, stores.store, stores.accounts
    door = open_door(store, stores.vault, stores.behind, settings.data_path, settings.admin_secrets)
    door.admins.honour_environment()
    backups = Backups(store, settings.data_path)
    accounts.listen(partial(stores.live.tell, Happened.ACCOUNT))
    profiles = Cached(store, accounts.profiles)
    accounts.listen(lambda _: profiles.outdate())  # who changed something here sees it at once
    return Office(
        door=door,
        profiles=profiles,
        load=load,
        listeners=threading.BoundedSemaphore(MOST_LISTENERS),
        workbench=Workbench(stores.works),
        transfer=build_transfer(stores, backups),
        backups=backups,
        try_out=partial(try_out, client),
        holds_token=client.holds_token,
        reach=partial(_reach, settings),
        reload=reload,
        prove=prove,
        sync=build_sync(stores),
        webhooks=build_webhooks(settings),
    )


def build_transfer(stores: Stores, backups: Backups) -> Transfer:
    """What takes everything out, and in."""
    return Transfer(
        stores.accounts, stores.catalog, stores.saved, backups, PortableKeys(stores.store), peers=stores.peers
    )


def _reach(settings: Settings, proxy: str) -> int:
    """How many milliseconds the service takes to answer through a proxy, or directly; Unreachable."""
    transport = build_transport(settings, proxy=proxy)
    began = time.monotonic()
    try:
        patiently(transport.get(f"{settings.auth_url}/", {}))
    finally:
        transport.close()
    return round((time.monotonic() - began) * 1000)
