"""How what is done in the background is put together: looking after accounts, and deleting what is old."""

import threading
from collections.abc import Sequence
from functools import partial

from gemini_pool.dialogue import Waiting
from gemini_pool.errors import Busy
from gemini_pool.jobs.health import HealthChecks, Means
from gemini_pool.jobs.health_rules import Terms
from gemini_pool.jobs.leader import LOCK_FILE, Leader
from gemini_pool.jobs.running import Job
from gemini_pool.jobs.scheduler import Jobs
from gemini_pool.jobs.sweep import (
    JITTER_SECONDS,
    MEDIA_SWEEP_SECONDS,
    SWEEP_SECONDS,
    TALLY_DAYS,
    Prune,
    older_than,
    sweep,
    tallies_older_than,
)
from gemini_pool.keeping import PLANNER, prune_profiles
from gemini_pool.pool.policy import Policy
from gemini_pool.settings import MEGABYTE, Settings
from gemini_pool.store.statistics import MOST_DAYS
from gemini_pool.stores import Stores
from gemini_pool.upstream.client import UpstreamClient
from gemini_pool.upstream.transport import Transport

HOUR = 3600
EVENT_DAYS = 1
RUN_DAYS = 14
WORK_DAYS = 30
# Health checks come late by so small a part of their interval, lest pools ask in step.
JITTER_PARTS = 10


def build_health(
    stores: Stores, client: UpstreamClient, transport: Transport, policy: Policy, stopping: threading.Event
) -> HealthChecks:
    """What looks whether the accounts answer. Those that must be signed in anew are planned for at once."""
    settings = stores.settings
    terms = Terms(
        interval=settings.health_interval,
        timeout=settings.health_timeout,
        retries=settings.health_retries,
        at_once=settings.health_at_once,
        disables=settings.health_disables,
        network_errors=settings.health_network_errors,
    )
    means = Means(stores.journal.answered_since, client.prove, partial(_reach, transport, settings.auth_url))
    return HealthChecks(
        stores.accounts,
        stores.health,
        means,
        policy,
        terms,
        stopping=stopping,
        wants_sign_in=partial(stores.job_book.want, PLANNER),
    )


def _reach(transport: Transport, url: str) -> Waiting[None]:
    """Ask the service something that needs no account; UpstreamError."""
    reply = yield from transport.get(f"{url}/", {})
    if reply.status >= 500:
        raise Busy(f"The service answers with status {reply.status}.")


def health_job(settings: Settings, health: HealthChecks) -> Job:
    """The rounds of checks; where they are switched off, only when somebody asks for one."""
    interval = settings.health_interval
    every = interval if settings.health_enabled else None
    return Job("health", "Check the accounts", every, health.round, interval / JITTER_PARTS)


def build_jobs(stores: Stores, more: Sequence[Job], stopping: threading.Event) -> Jobs:
    """What one process of all does in the background: `more`, and to delete what is old."""
    settings = stores.settings
    prunes: dict[str, Prune] = {
        "conversations": stores.conversations.prune,
        "calls": older_than(settings.journal_days, stores.journal),
        "tallies": tallies_older_than(TALLY_DAYS, stores.tally),
        "statistics": older_than(MOST_DAYS, stores.statistics),
        "changes by admins": older_than(TALLY_DAYS, stores.audit),
        "live events": older_than(EVENT_DAYS, stores.live),
        "work that ended": older_than(WORK_DAYS, stores.works),
        "sign-ins": older_than(WORK_DAYS, stores.sign_ins),
        "alerts": older_than(WORK_DAYS, stores.alerts),
        "runs of jobs": older_than(RUN_DAYS, stores.job_book),
        "browser profiles": partial(prune_profiles, stores),
        "files": older_than(settings.file_days, stores.files),
        "orders of films": older_than(settings.file_days, stores.videos),
        "files on disk": older_than(settings.file_days, stores.depot),
    }
    made = partial(
        stores.shelf.prune,
        images_seconds=settings.image_hours * HOUR,
        videos_seconds=settings.video_hours * HOUR,
        most_bytes=settings.media_max_mb * MEGABYTE,
    )
    sweeps = (
        Job("sweep", "Delete what is old", SWEEP_SECONDS, partial(sweep, prunes), JITTER_SECONDS),
        Job(
            "media_sweep",
            "Delete old pictures and films",
            MEDIA_SWEEP_SECONDS,
            partial(sweep, {"pictures and films": made}),
        ),
    )
    return Jobs(Leader(settings.data_path / LOCK_FILE), (*more, *sweeps), stores.job_book, stopping=stopping)
