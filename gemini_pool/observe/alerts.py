"""The door to people who are told of trouble: webhooks, one kind a row. A new one is a function and a row."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

import requests

from gemini_pool.readers import Webhook

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
GOOD = range(200, 300)
TELEGRAM = "https://api.telegram.org"


@dataclass(frozen=True, slots=True)
class Alert:
    """What people are told. `at` in epoch seconds; `account` is an id and a name, `url` a page of the
    console, where there are such. Nothing of it is secret."""

    event: str
    title: str
    message: str
    at: float
    account: tuple[int, str] | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A POST with JSON."""

    url: str
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bases:
    """Where the services are that an address does not name wholly; others are for a local stand-in."""

    telegram: str = TELEGRAM
    scheme: str = "https"


def as_json(hook: Webhook, alert: Alert, _: Bases) -> Request:
    """The alert itself, for whatever reads it."""
    moment = datetime.fromtimestamp(alert.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    body: dict[str, object] = {
        "event": alert.event,
        "title": alert.title,
        "message": alert.message,
        "at": moment,
    }
    if alert.account:
        body["account"] = {"id": alert.account[0], "name": alert.account[1]}
    if alert.url:
        body["url"] = alert.url
    return Request(hook.text, body)


def telegram(hook: Webhook, alert: Alert, bases: Bases) -> Request:
    """A message of a bot, whose token and chat the address names."""
    lines = (alert.title, alert.message, alert.url)
    body = {
        "chat_id": hook.host,
        "text": "\n".join(filter(None, lines)),
        "disable_web_page_preview": True,
    }
    return Request(f"{bases.telegram}/bot{hook.secret}/sendMessage", body)


def bark(hook: Webhook, alert: Alert, bases: Bases) -> Request:
    """A notification on the phone that a key stands for."""
    body = {
        "device_key": hook.path,
        "title": alert.title,
        "body": alert.message,
        "group": "gemini_pool",
        **({"url": alert.url} if alert.url else {}),
    }
    return Request(f"{bases.scheme}://{hook.host}/push", body)


def ntfy(hook: Webhook, alert: Alert, bases: Bases) -> Request:
    """A message to a topic, with a token where the topic wants one."""
    body = {
        "topic": hook.path,
        "title": alert.title,
        "message": alert.message,
        **({"click": alert.url} if alert.url else {}),
    }
    headers = {"authorization": f"Bearer {hook.secret}"} if hook.secret else {}
    return Request(f"{bases.scheme}://{hook.host}/", body, headers)


KINDS: Mapping[str, Callable[[Webhook, Alert, Bases], Request]] = MappingProxyType(
    {"https": as_json, "http": as_json, "telegram": telegram, "bark": bark, "ntfy": ntfy}
)


class Webhooks:
    """The addresses of ALERT_URLS."""

    def __init__(self, hooks: tuple[Webhook, ...], bases: Bases | None = None) -> None:
        self.hooks = hooks
        self._bases = bases or Bases()

    def send(self, hook: Webhook, alert: Alert) -> str:
        """Tell one address. Empty when it took it; else why not, in words that hold no secret."""
        request = KINDS[hook.kind](hook, alert, self._bases)
        try:
            return _sent(request)
        except requests.exceptions.SSLError:
            return "Its certificate is not valid."
        except (requests.RequestException, OSError) as error:  # its own words hold the address
            return f"It could not be reached ({type(error).__name__})."

    def test(self) -> list[tuple[Webhook, str]]:
        """Tell all addresses that this is a test; what each came to."""
        alert = Alert(
            "test",
            "Test of alerts",
            "This is how gemini_pool tells you of trouble. All is well.",
            time.time(),
        )
        return [(hook, self.send(hook, alert)) for hook in self.hooks]


def _sent(request: Request) -> str:
    with requests.Session() as session:
        session.trust_env = False  # a `.netrc` must not put in a password of its own
        with session.post(
            request.url,
            data=json.dumps(request.body).encode(),
            headers={"content-type": "application/json", "user-agent": "gemini_pool", **request.headers},
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,  # what it answers is not read
        ) as reply:
            return "" if reply.status_code in GOOD else f"It answered with status {reply.status_code}."
