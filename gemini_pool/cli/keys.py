"""`keys`: make, list, change, revoke and delete API keys, and bound what they may do."""

import argparse
import os
import time
from collections.abc import Iterator
from functools import partial
from typing import cast

from gemini_pool.cli.console import moment, remark, say
from gemini_pool.dialogue import IMAGE_FORMATS
from gemini_pool.knobs import SettingsError
from gemini_pool.settings import read_settings
from gemini_pool.startup import open_store
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.db import Store
from gemini_pool.store.keys import KeyListing, Keys
from gemini_pool.store.limits import KeyChanges, KeyFields

DAY_SECONDS = 86_400
NUMBERS = {
    "--per-minute": "requests a minute",
    "--per-day": "requests a day (UTC)",
    "--concurrent": "answers at one time",
    "--tokens-per-day": "tokens a day (UTC), as they are estimated",
}
ANY = "any"  # takes a bound away that is no number
SETTING = "setting"  # leaves the form of pictures to IMAGE_FORMAT


def add_to(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a key; it is shown once")
    create.add_argument("name", help="whom it is for")
    _add_fields(create)
    create.set_defaults(run=_create)
    actions.add_parser("list", help="all keys").set_defaults(run=_list)
    change = actions.add_parser("change", help="change what is named here and leave the rest")
    change.add_argument("id", type=int)
    change.add_argument("--name", dest="new_name", help="whom it is for")
    _add_fields(change)
    change.set_defaults(run=_change)
    revoke = actions.add_parser("revoke", help="end a key")
    revoke.add_argument("id", type=int)
    revoke.set_defaults(run=_revoke)
    delete = actions.add_parser("delete", help="end a key and forget it; its calls stay in the journal")
    delete.add_argument("id", type=int)
    delete.set_defaults(run=_delete)
    upgrade = actions.add_parser("upgrade", help="answer a key with better models than it asks for, or not")
    upgrade.add_argument("id", type=int)
    upgrade.add_argument("switch", choices=("on", "off"))
    upgrade.set_defaults(run=_upgrade)


def _add_fields(parser: argparse.ArgumentParser) -> None:
    """What is not named must not appear, for a value of None has a meaning of its own."""
    add = partial(parser.add_argument, default=argparse.SUPPRESS)
    add("--description", metavar="TEXT", help="what it is for")
    add(
        "--expires-days",
        dest="expires_at",
        type=_expiry,
        metavar="N",
        help="days from now on that it may be used; 0: for ever",
    )
    add("--models", type=_several, metavar="NAME,NAME", help=f"the models it may ask for; `{ANY}`: all")
    for option, of in NUMBERS.items():
        add(option, type=int, metavar="N", help=f"{of}; 0: no bound")
    add(
        "--from",
        dest="networks",
        type=_several,
        metavar="NET,NET",
        help=f"addresses and networks it may be used from; `{ANY}`: all",
    )
    add(
        "--image-format",
        choices=(*IMAGE_FORMATS, SETTING),
        help=f"how pictures are shown where a request does not say it; `{SETTING}`: as IMAGE_FORMAT says",
    )


def _create(options: argparse.Namespace) -> None:
    _, text = Keys(_store(), ()).create(options.name, **_fields(options))
    say(text)
    remark("This is the only time the key is shown. It works at once, also in a running service.")


def _list(_: argparse.Namespace) -> None:
    for key in Keys(_store(), ()).list():
        state = "revoked" if not key.active else "expired" if key.expired(time.time()) else "active "
        terms = ", ".join(_terms(key))
        shown = f"  ({terms})" if terms else ""
        say(f"{key.id:>4}  {key.prefix}…  {moment(key.created_at)}  {state}  {key.name}{shown}")


def _change(options: argparse.Namespace) -> None:
    fields = cast(KeyChanges, _fields(options))
    if options.new_name is not None:
        fields["name"] = options.new_name
    if not fields:
        raise SettingsError("Nothing to change; `keys change --help` lists what can be.")
    _done(options.id, Keys(_store(), ()).change(options.id, **fields), "is changed")


def _revoke(options: argparse.Namespace) -> None:
    _done(options.id, Keys(_store(), ()).revoke(options.id), "is revoked")


def _delete(options: argparse.Namespace) -> None:
    _done(options.id, Keys(_store(), ()).delete(options.id), "is deleted")


def _upgrade(options: argparse.Namespace) -> None:
    on = options.switch == "on"
    changed = Keys(_store(), ()).change(options.id, upgrade=on)
    _done(options.id, changed, f"is answered by {'better models than' if on else 'the models'} it asks for")


def _done(key_id: int, found: bool, what: str) -> None:
    if not found:
        raise SettingsError(f"There is no key {key_id}; `keys list` shows those there are.")
    say(f"Key {key_id} {what}.")


def _store() -> Store:
    return open_store(read_settings(os.environ))


def _fields(options: argparse.Namespace) -> KeyFields:
    """What was named on the command line."""
    named = {name: value for name, value in vars(options).items() if name in KeyFields.__annotations__}
    if "models" in named:
        named["models"] = _models(named["models"])
    if named.get("image_format") == SETTING:
        named["image_format"] = ""
    return cast(KeyFields, named)


def _expiry(days: str) -> float | None:
    """For argparse, which says what is wrong with a ValueError's value."""
    if int(days) < 0:
        raise ValueError
    return time.time() + int(days) * DAY_SECONDS if int(days) else None


def _several(text: str) -> list[str]:
    return [] if text == ANY else [part.strip() for part in text.split(",") if part.strip()]


def _models(names: list[str]) -> list[str]:
    """UnknownModel for one that callers could not ask for: a key that may use nothing is of no use."""
    catalog = Catalog(_store(), read_settings(os.environ).unknown_model)
    return [catalog.resolve(name).id for name in names]


def _terms(key: KeyListing) -> Iterator[str]:
    limits = key.limits
    if key.upgrade:
        yield "upgrade on"
    for number, of in (
        (limits.per_minute, "a minute"),
        (limits.per_day, "a day"),
        (limits.concurrent, "at once"),
        (limits.tokens_per_day, "tokens a day"),
    ):
        if number:
            yield f"{number} {of}"
    if limits.models:
        yield "models " + " ".join(sorted(limits.models))
    if limits.networks:
        yield "from " + " ".join(map(str, limits.networks))
    if key.image_format:
        yield f"pictures as {key.image_format}"
    if key.expires_at is not None:
        yield f"until {moment(key.expires_at)}"
