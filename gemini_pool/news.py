"""How what is told to others is put together: new cookies to other instances, trouble to people."""

import time
from collections.abc import Callable

from gemini_pool.jobs.alerts import ALERT_SECONDS, Alerts
from gemini_pool.jobs.conditions import Picture, Seen, SignIns
from gemini_pool.jobs.running import Job
from gemini_pool.jobs.sync import SYNC_SECONDS, Sync
from gemini_pool.observe.alerts import Webhooks
from gemini_pool.readers import read_webhook
from gemini_pool.settings import Settings
from gemini_pool.store.profiles import Profile
from gemini_pool.stores import Stores

ALL_WELL = SignIns()


def build_sync(stores: Stores) -> Sync:
    """What brings new cookies to other instances."""
    return Sync(stores.peers, stores.accounts.profile)


def build_webhooks(settings: Settings) -> Webhooks:
    """Who is told of trouble."""
    return Webhooks(tuple(map(read_webhook, settings.alert_urls)))


def build_alerts(
    stores: Stores,
    webhooks: Webhooks,
    profiles: Callable[[], list[Profile]],
) -> Alerts:
    """What looks at the pool, and tells of trouble."""
    settings = stores.settings

    def picture() -> Picture:
        known = {
            number: SignIns(trouble.failures, trouble.message, trouble.person)
            for number, trouble in stores.sign_ins.troubles().items()
        }
        seen = tuple(
            Seen(one.account, known.get(one.account.id, ALL_WELL), _is_renewable(one, settings))
            for one in profiles()
        )
        return Picture(time.time(), seen, settings.alert_few, settings.alert_failures)

    def page(account_id: int) -> str:
        if not settings.base_url:
            return ""
        return f"{settings.base_url}/accounts/{account_id}" if account_id else settings.base_url

    return Alerts(picture, stores.alerts, webhooks, stores.vault.mark, page)


def news_jobs(sync: Sync, alerts: Alerts) -> tuple[Job, ...]:
    """The jobs of this room."""
    return (
        Job("sync", "Bring new cookies to other instances", SYNC_SECONDS, sync.run, quiet=True),
        Job("alerts", "Tell of trouble", ALERT_SECONDS, alerts.run, quiet=True),
    )


def _is_renewable(profile: Profile, settings: Settings) -> bool:
    """Whether new cookies come without a person: signed in here, or where another instance does it."""
    return settings.sync_only or (settings.auto_refresh and bool(profile.given.mailbox))
