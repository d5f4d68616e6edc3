"""`keys`: make, list and revoke API keys."""

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


def _keys() -> Keys:
    return Keys(open_store(read_settings(os.environ)), ())


def _create(options: argparse.Namespace) -> None:
    say(_keys().create(options.name))
    remark("This is the only time the key is shown. It works at once, also in a running service.")


def _list(_: argparse.Namespace) -> None:
    for key in _keys().list():
        state = "active " if key.active else "revoked"
        say(f"{key.id:>4}  {key.prefix}…  {moment(key.created_at)}  {state}  {key.name}")


def _revoke(options: argparse.Namespace) -> None:
    if not _keys().revoke(options.id):
        raise SettingsError(f"There is no key {options.id}; `keys list` shows those there are.")
    say(f"Key {options.id} is revoked.")
