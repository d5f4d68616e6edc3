"""`keys`: make, list and revoke API keys, and say which are answered by better models."""

import argparse
import os

from gemini_pool.cli.console import moment, remark, say
from gemini_pool.knobs import SettingsError
from gemini_pool.settings import read_settings
from gemini_pool.startup import open_store
from gemini_pool.store.keys import Keys


def add_to(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a key; it is shown once")
    create.add_argument("name", help="whom it is for")
    create.set_defaults(run=_create)
    actions.add_parser("list", help="all keys").set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="end a key")
    revoke.add_argument("id", type=int)
    revoke.set_defaults(run=_revoke)
    upgrade = actions.add_parser("upgrade", help="answer a key with better models than it asks for, or not")
    upgrade.add_argument("id", type=int)
    upgrade.add_argument("switch", choices=("on", "off"))
    upgrade.set_defaults(run=_upgrade)


def _keys() -> Keys:
    return Keys(open_store(read_settings(os.environ)), ())


def _create(options: argparse.Namespace) -> None:
    say(_keys().create(options.name))
    remark("This is the only time the key is shown. It works at once, also in a running service.")


def _list(_: argparse.Namespace) -> None:
    for key in _keys().list():
        state = "active " if key.active else "revoked"
        upgrade = "  (upgrade on)" if key.upgrade else ""
        say(f"{key.id:>4}  {key.prefix}…  {moment(key.created_at)}  {state}  {key.name}{upgrade}")


def _revoke(options: argparse.Namespace) -> None:
    if not _keys().revoke(options.id):
        raise _no_key(options.id)
    say(f"Key {options.id} is revoked.")


def _upgrade(options: argparse.Namespace) -> None:
    on = options.switch == "on"
    if not _keys().switch_upgrade(options.id, on):
        raise _no_key(options.id)
    say(f"Key {options.id} is answered by {'better models than' if on else 'the models'} it asks for.")


def _no_key(key_id: int) -> SettingsError:
    return SettingsError(f"There is no key {key_id}; `keys list` shows those there are.")
