"""How the larger parts of the service are put together from settings."""

import logging
from collections.abc import Callable, Mapping, Sequence

from gemini_pool.dialogue import Attachment, FileSource, MadeFile, Turn
from gemini_pool.errors import PoolError, StoreError
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
from gemini_pool.store.tally import Tally
from gemini_pool.stores import Stores
from gemini_pool.upstream.calls import USER_AGENT, Calls, Locale
from gemini_pool.upstream.client import FirstByte, UpstreamClient
from gemini_pool.upstream.dialler import Dialler
from gemini_pool.upstream.downloads import Publish
from gemini_pool.upstream.proof import Proof
from gemini_pool.upstream.tokens import Rotated, Tokens
from gemini_pool.upstream.transport import Patience, Transport

log = logging.getLogger(__name__)


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
        build_policy(settings),
        slots=Slots(settings.data_path / "slots.lock"),
        counter=tally,
        strategy=Strategy(settings.strategy),
    )
    tally.listen(manager.counted)
    return manager


def build_policy(settings: Settings) -> Policy:
    """What failures cost."""
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

    return UpstreamClient(
        transport,
        _tokens(settings, transport, rotated),
        api_url=settings.api_url,
        locale=_locale(settings),
        first_byte=FirstByte(settings.first_byte_timeout, settings.first_byte_timeout_media),
        ready_seconds=settings.ready_seconds,
        shelf=shelf,
        publish=_publish(settings),
    )


def _tokens(settings: Settings, transport: Transport, rotated: Rotated) -> Tokens:
    return Tokens(
        transport,
        auth_url=settings.auth_url,
        login_url=settings.login_url,
        user_agent=USER_AGENT,
        rotated=rotated,
    )


def _locale(settings: Settings) -> Locale:
    return Locale(settings.language, settings.time_zone)


def build_proof(settings: Settings, transport: Transport) -> Proof:
    """What tries credentials before they are an account's."""
    tokens = _tokens(settings, transport, lambda *_: None)
    return Proof(transport, tokens, Calls(settings.api_url, _locale(settings)))


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
