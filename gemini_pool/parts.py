"""How the larger parts of the service are put together from settings."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gemini_pool.dialogue import Attachment, FileSource, MadeFile, Turn, Waiting
from gemini_pool.errors import Busy, PoolError, StoreError
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
from gemini_pool.media.cfbed import ImageHost
from gemini_pool.media.fetch import Fetcher
from gemini_pool.media.intake import NONE_CAME, Gather, Gathered, Intake
from gemini_pool.media.shelf import Shelf
from gemini_pool.pool.admission import Admission
from gemini_pool.pool.answer import Outcome
from gemini_pool.pool.budget import Tries
from gemini_pool.pool.manager import AccountManager, Strategy
from gemini_pool.pool.policy import Policy
from gemini_pool.pool.runner import Pace, Runner
from gemini_pool.pool.slots import Slots
from gemini_pool.roster import Credentials, QuotaKind
from gemini_pool.settings import MEGABYTE, Settings
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.conversations import Conversations
from gemini_pool.store.journal import CallJournal, CallRecord
from gemini_pool.store.key_windows import KeyUsage
from gemini_pool.store.statistics import MOST_DAYS
from gemini_pool.store.tally import Tally
from gemini_pool.stores import Stores
from gemini_pool.upstream.calls import USER_AGENT, Locale
from gemini_pool.upstream.client import FirstByte, UpstreamClient
from gemini_pool.upstream.dialler import Dialler
from gemini_pool.upstream.downloads import Publish
from gemini_pool.upstream.tokens import Tokens
from gemini_pool.upstream.transport import Patience, Transport

log = logging.getLogger(__name__)

HOUR = 3600
EVENT_DAYS = 1
WORK_DAYS = 30
RUN_DAYS = 14
# Health checks come late by so small a part of their interval, lest pools ask in step.
JITTER_PARTS = 10


def build_transport(settings: Settings, *, proxy: str) -> Transport:
    """What calls to the service go over, by way of the proxy if one is given."""
    return Transport(
        Dialler(proxy=proxy, timeout=settings.connect_timeout),
        patience=Patience(settings.first_byte_timeout, settings.read_timeout),
        most_idle=settings.threads,
    )


def build_manager(settings: Settings, accounts: Accounts, tally: Tally) -> AccountManager:
    """Who shares out the accounts, and is told by all processes what they were used for."""
    manager = AccountManager(
        accounts,
        _policy(settings),
        slots=Slots(settings.data_path / "slots.lock"),
        counter=tally,
        strategy=Strategy(settings.strategy),
    )
    tally.listen(manager.counted)
    return manager


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
        most_open=settings.max_concurrent,
    )


def build_health(
    settings: Settings,
    stores: Stores,
    client: UpstreamClient,
    transport: Transport,
    stopping: threading.Event,
) -> HealthChecks:
    """What looks whether the accounts answer."""
    terms = Terms(
        interval=settings.health_interval,
        timeout=settings.health_timeout,
        retries=settings.health_retries,
        at_once=settings.health_at_once,
        disables=settings.health_disables,
        network_errors=settings.health_network_errors,
    )
    means = Means(stores.journal.answered_since, client.prove, partial(_reach, transport, settings.auth_url))
    return HealthChecks(stores.accounts, stores.health, means, _policy(settings), terms, stopping=stopping)


def _reach(transport: Transport, url: str) -> Waiting[None]:
    """Ask the service something that needs no account; UpstreamError."""
    reply = yield from transport.get(f"{url}/", {})
    if reply.status >= 500:
        raise Busy(f"The service answers with status {reply.status}.")


def build_jobs(settings: Settings, stores: Stores, health: HealthChecks, stopping: threading.Event) -> Jobs:
    """What one process of all does in the background."""
    prunes: dict[str, Prune] = {
        "conversations": stores.conversations.prune,
        "calls": older_than(settings.journal_days, stores.journal),
        "tallies": tallies_older_than(TALLY_DAYS, stores.tally),
        "statistics": older_than(MOST_DAYS, stores.statistics),
        "changes by admins": older_than(TALLY_DAYS, stores.audit),
        "live events": older_than(EVENT_DAYS, stores.live),
        "work that ended": older_than(WORK_DAYS, stores.works),
        "runs of jobs": older_than(RUN_DAYS, stores.job_book),
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
    interval = settings.health_interval
    jobs = (
        Job(
            "health",
            "Check the accounts",
            interval if settings.health_enabled else None,
            health.round,
            interval / JITTER_PARTS,
        ),
        Job("sweep", "Delete what is old", SWEEP_SECONDS, partial(sweep, prunes), JITTER_SECONDS),
        Job(
            "media_sweep",
            "Delete old pictures and films",
            MEDIA_SWEEP_SECONDS,
            partial(sweep, {"pictures and films": made}),
        ),
    )
    return Jobs(Leader(settings.data_path / LOCK_FILE), jobs, stores.job_book, stopping=stopping)


def build_runner(
    settings: Settings,
    manager: AccountManager,
    client: UpstreamClient,
    memory: Conversations,
    admission: Admission,
) -> Runner:
    """What answers prompts, for as long as there is a place for answers."""
    pace = Pace(settings.keep_alive, admission.check)
    return Runner(manager, client, memory, _tries(settings), pace)


def _tries(settings: Settings) -> Tries:
    return Tries(
        sessions=settings.new_session_tries,
        retries=settings.request_retries,
        switches=settings.switch_tries,
        seconds=settings.request_deadline,
    )


def build_client(
    settings: Settings, transport: Transport, accounts: Accounts, manager: AccountManager, shelf: Shelf
) -> UpstreamClient:
    """What asks the service, and keeps what it makes on the shelf."""

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
        shelf=shelf,
        publish=_publish(settings),
    )


def build_gather(settings: Settings, stores: Stores) -> Gather:
    """What has the files of a call brought to our disk, which must hold them meanwhile."""
    most = settings.max_file_mb * MEGABYTE
    fetcher = Fetcher(most_bytes=most, seconds=settings.fetch_seconds)
    intake = Intake(settings.data_path / "files" / "arriving", fetcher, stores.shelf, most_bytes=most)

    def gather(
        turns: Sequence[Turn],
        sources: Sequence[Sequence[FileSource]],
        scope: str,
        came: Mapping[str, Attachment] = NONE_CAME,
    ) -> Gathered:
        def uploaded(source: FileSource) -> Attachment:
            if source.file_id in came:
                return came[source.file_id]
            file = stores.files.get(source.file_id, scope)
            return Attachment(file.name, file.mime_type, stores.depot.path(file.id), file.bytes, file.digest)

        return intake.gather(turns, sources, uploaded)

    return gather


def film_recorder(journal: CallJournal, usage: KeyUsage) -> Callable[[CallRecord], None]:
    """What keeps how an order of a film ended: as a call, and as a use of its key unless it was deleted."""

    def record(call: CallRecord) -> None:
        journal.record(call)
        if call.outcome != Outcome.CLIENT_CLOSED.value:
            usage.count(call.key_id, tokens=call.prompt_tokens + call.completion_tokens, at=call.at)

    return record


def _publish(settings: Settings) -> Publish:
    if not (settings.upload_endpoint and settings.upload_token):
        return lambda _: ""
    host = ImageHost(
        endpoint=settings.upload_endpoint,
        token=settings.upload_token,
        public_base=settings.image_base_url,
    )

    def publish(file: MadeFile) -> str:
        try:
            return host.upload(file.path, file.name, file.mime_type)
        except PoolError as error:
            log.warning("%s could not be put on the image host, and is linked here: %s", file.name, error)
            return ""

    return publish
