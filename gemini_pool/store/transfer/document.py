"""The program's own file: accounts, models, settings and keys as JSON, by the names that an older program's
clients know; and what of such a file can be taken over."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gemini_pool.knobs import SettingsError
from gemini_pool.roster import QuotaKind
from gemini_pool.settings import check, knobs
from gemini_pool.store.catalog import ModelEntry
from gemini_pool.store.peers import REMOTE, PeerKind
from gemini_pool.store.profiles import OPEN, SECRETS, Profile
from gemini_pool.store.transfer.found import LEFT_OUT, NO_VALUE, WRONG_MODEL, Problem

FORMAT = "gemini_pool"
VERSION = 1
# Settings that the older program's file holds at its top level.
SAVED = {
    "log_level": "LOG_LEVEL",
    "image_base_url": "IMAGE_BASE_URL",
    "upload_endpoint": "UPLOAD_ENDPOINT",
    "upload_api_token": "UPLOAD_API_TOKEN",
    "proxy": "PROXY",
    "tempmail_worker_url": "TEMP_MAIL_URL",
}
NOT_OURS = ("admin_password_hash", "admin_secret_key", "api_tokens", "api_token")
MODEL_TEXTS = {"name": "name", "description": "about", "api_model_id": "upstream_id", "better": "better"}
MODEL_NUMBERS = ("context_length", "max_tokens")


def written(
    accounts: Iterable[Profile],
    models: Iterable[ModelEntry],
    settings: Mapping[str, str],
    keys: list[dict[str, Any]] | None,
    peers: list[dict[str, Any]] | None = None,
    *,
    secrets: bool,
    at: float,
) -> dict[str, Any]:
    """Everything as JSON values. Without `secrets` cookies, mailboxes' passwords and settings that are secret
    are left out, and the file says so; with them they stand there in the clear."""
    shown = {name: value for name, value in settings.items() if secrets or not is_secret(name)}
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": _iso(at),
        "secrets": secrets,
        "accounts": [_account(one, secrets) for one in accounts],
        "models": [_model(one) for one in models],
        "settings": shown,
        **{theirs: shown[ours] for theirs, ours in SAVED.items() if ours in shown},
        **({} if keys is None else {"keys": keys}),
        **({} if peers is None else {"peers": peers}),
    }


def models_in(
    document: Mapping[str, Any], there: Iterable[ModelEntry], fault: Callable[[ModelEntry], str | None]
) -> Iterator[ModelEntry | Problem]:
    """The models of a file; what it does not say of one that is there stays. `fault(entry)` names the field
    for which an entry cannot be kept, or is None."""
    known = {entry.id: entry for entry in there}
    for number, one in enumerate(_list(document, "models"), start=1):
        model_id = one.get("id") if isinstance(one, Mapping) else None
        if not isinstance(model_id, str):
            yield Problem(1, number, WRONG_MODEL, "id")
            continue
        base = known.get(model_id) or ModelEntry(model_id, kind=_guessed(model_id))
        entry = _with(base, one)
        wrong = "number" if entry is None else fault(entry)
        if entry is None or wrong:
            yield Problem(1, number, WRONG_MODEL, wrong or "")
        else:
            yield entry


def settings_in(document: Mapping[str, Any]) -> Iterator[tuple[str, str] | Problem]:
    """The settings of a file that can be saved, by name."""
    given = document.get("settings")
    wanted = dict(given) if isinstance(given, Mapping) else {}
    for theirs, ours in SAVED.items():
        wanted.setdefault(ours, document.get(theirs))
    for name, value in wanted.items():
        if not isinstance(value, str) or not value:
            continue
        try:
            usable = not check(name, value).at_start
        except SettingsError:
            usable = False
        yield (name, value) if usable else Problem(1, None, NO_VALUE, name)
    for name in NOT_OURS:
        if document.get(name):
            yield Problem(1, None, LEFT_OUT, name)


def is_secret(name: str) -> bool:
    """Whether the setting of this name is one."""
    return any(knob.secret for knob in knobs().values() if knob.name == name)


def keys_in(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return tuple(one for one in _list(document, "keys") if isinstance(one, Mapping))


def peers_in(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The other instances of a file; an older program has one, in two settings."""
    older = {
        "name": REMOTE,
        "url": document.get("remote_sync_url"),
        "token": document.get("remote_sync_api_key"),
        "kind": PeerKind.BUSINESS_GEMINI.value,
        "enabled": True,
    }
    listed = [one for one in _list(document, "peers") if isinstance(one, Mapping)]
    return (*listed, *([older] if older["url"] and older["token"] else []))


def _account(profile: Profile, secrets: bool) -> dict[str, Any]:
    account = profile.given.flat()
    mailbox = account.pop("mailbox")
    expires_at = account.pop("expires_at")
    return {
        "team_id": account.pop("config_id"),
        "available": account.pop("enabled"),
        **{name: value for name, value in account.items() if secrets or name not in SECRETS},
        **({} if expires_at is None else {"expires_at": _iso(expires_at)}),
        **{name: value for name, value in mailbox.items() if secrets or name in OPEN},
    }


def _model(entry: ModelEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "description": entry.about,
        "api_model_id": entry.upstream_id,
        "context_length": entry.context_length,
        "max_tokens": entry.max_tokens,
        "price_per_1k_tokens": entry.price,
        "enabled": entry.enabled,
        "account_index": None,
        "kind": entry.kind.value,
        "aliases": list(entry.aliases),
        "better": entry.better,
    }


def _with(base: ModelEntry, given: Mapping[str, Any]) -> ModelEntry | None:
    """A model with what a file says of it; None when a number is none."""
    changes: dict[str, Any] = {}
    for theirs, ours in MODEL_TEXTS.items():
        if isinstance(given.get(theirs), str):
            changes[ours] = given[theirs]
    if given.get("price_per_1k_tokens") is not None:
        changes["price"] = str(given["price_per_1k_tokens"])
    for name in MODEL_NUMBERS:
        value = given.get(name, 0)
        if not isinstance(value, int):
            return None
        if name in given:
            changes[name] = value
    if isinstance(given.get("enabled"), bool):
        changes["enabled"] = given["enabled"]
    if given.get("kind") in list(QuotaKind):
        changes["kind"] = QuotaKind(given["kind"])
    aliases = given.get("aliases")
    if isinstance(aliases, list):
        changes["aliases"] = tuple(alias for alias in aliases if isinstance(alias, str))
    return replace(base, **changes)


def _guessed(model_id: str) -> QuotaKind:
    """Older programs tell by the name what a model makes."""
    if "video" in model_id or "veo" in model_id:
        return QuotaKind.VIDEOS
    return QuotaKind.IMAGES if "image" in model_id else QuotaKind.TEXT


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name)
    return value if isinstance(value, list) else []


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
