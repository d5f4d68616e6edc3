"""Every long-lived object, built once and handed to whoever needs it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from gemini_pool.background import build_health, build_jobs, health_job
from gemini_pool.dialogue import patiently
from gemini_pool.jobs.films import Films
from gemini_pool.jobs.health import HealthChecks
from gemini_pool.jobs.scheduler import Jobs
from gemini_pool.keeping import keeping_jobs
from gemini_pool.media.intake import Gather
from gemini_pool.news import build_alerts, news_jobs
from gemini_pool.office import Office, furnish
from gemini_pool.parts import (
    build_client,
    build_gather,
    build_manager,
    build_policy,
    build_proof,
    build_runner,
    build_transport,
    film_recorder,
)
from gemini_pool.pool.admission import Admission, places
from gemini_pool.pool.callers import Callers
from gemini_pool.pool.load import Load
from gemini_pool.pool.manager import AccountManager
from gemini_pool.pool.runner import Runner
from gemini_pool.settings import Settings
from gemini_pool.stores import Stores, open_stores
from gemini_pool.upstream.transport import Transport

EXTENSION = "gemini_pool"


@dataclass(frozen=True)
class Services(Stores):
    """What a request can use: the stores, and who works with them."""

    manager: AccountManager
    admission: Admission
    callers: Callers
    runner: Runner
    gather: Gather
    films: Films
    health_checks: HealthChecks
    jobs: Jobs
    office: Office
    transport: Transport

    def close(self) -> None:
        """Leave what is not done to others, write what is waiting, and close what is open."""
        self.films.stop()
        self.behind.flush()
        self.transport.close()
        self.office.load.close()
        self.store.close()


def build_services(settings: Settings, reload: Callable[[], None] = lambda: None) -> Services:
    """All objects for these settings; migrates and adds the environment's accounts, calls nobody.

    `reload` has whoever runs us start all workers anew, without the loss of an answer.
    """
    stores = open_stores(settings)
    manager = build_manager(settings, stores.accounts, stores.tally)
    transport = build_transport(settings, proxy=settings.proxy)
    load = Load(settings.data_path / "load", places(settings.threads))
    admission = Admission(places(settings.threads), told=load.tell)
    client = build_client(settings, transport, stores.accounts, manager, stores.shelf)
    runner = build_runner(settings, manager, client, stores.conversations, admission)
    gather = build_gather(settings, stores)
    films = Films(
        stores.videos,
        runner,
        stores.shelf,
        stores.catalog.resolve,
        gather,
        film_recorder(stores.journal, stores.key_counts.usage),
    )
    proof = build_proof(settings, transport)
    office = furnish(stores, client, load, reload, lambda credentials: patiently(proof.of(credentials)))
    stopping = threading.Event()
    health_checks = build_health(stores, client, transport, build_policy(settings), stopping)
    background = (
        health_job(settings, health_checks),
        *keeping_jobs(stores, proof, stores.peers.queue.enqueue, stopping),
        *news_jobs(office.sync, build_alerts(stores, office.webhooks, office.profiles.get)),
    )
    return Services(
        **vars(stores),
        manager=manager,
        admission=admission,
        callers=Callers(),
        runner=runner,
        gather=gather,
        films=films,
        health_checks=health_checks,
        jobs=build_jobs(stores, background, stopping),
        office=office,
        transport=transport,
    )


def services() -> Services:
    """The services of the application that handles the current request."""
    return cast(Services, current_app.extensions[EXTENSION])
