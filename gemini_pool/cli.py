"""The command line: `python -m gemini_pool COMMAND`."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gemini_pool.demo import run_demo
from gemini_pool.errors import PoolError
from gemini_pool.readme import write_settings
from gemini_pool.settings import CHECKOUT, SettingsError, as_markdown, check, read_settings
from gemini_pool.simulator.server import serve as serve_simulator
from gemini_pool.startup import effective_settings, open_store
from gemini_pool.store.keys import Keys
from gemini_pool.store.saved import SavedSettings


def main(arguments: Sequence[str]) -> int:
    """Run a command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (PoolError, SettingsError, OSError) as error:
        sys.stderr.write(f"gemini_pool: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gemini_pool", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="a pool over simulated accounts, ready to be asked")
    demo.add_argument("--port", type=int, default=8000)
    demo.set_defaults(run=lambda options: run_demo(options.port))

    serve = commands.add_parser("serve", help="the service itself, under gunicorn")
    serve.set_defaults(run=_serve)

    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.set_defaults(run=_migrate)

    _add_keys(commands.add_parser("keys", help="make, list and revoke API keys"))
    _add_settings(commands.add_parser("settings", help="list all settings, or save one"))

    simulator = commands.add_parser("simulator", help="play Gemini Business on this machine")
    simulator.add_argument("--port", type=int, default=9000)
    simulator.set_defaults(run=lambda options: serve_simulator("127.0.0.1", options.port))
    return parser


def _add_keys(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a key; it is shown once")
    create.add_argument("name", help="whom it is for")
    create.set_defaults(run=_create_key)
    actions.add_parser("list", help="all keys").set_defaults(run=_list_keys)
    revoke = actions.add_parser("revoke", help="end a key")
    revoke.add_argument("id", type=int)
    revoke.set_defaults(run=_revoke_key)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_list_settings)
    parser.add_argument("--write", type=Path, metavar="README", help="renew the table in a Markdown file")
    actions = parser.add_subparsers(metavar="ACTION")
    save = actions.add_parser("set", help="save a value; the environment still comes first")
    save.add_argument("name")
    save.add_argument("value", help="an empty value forgets the setting")
    save.set_defaults(run=_save_setting)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _serve(_: argparse.Namespace) -> None:
    """Become gunicorn, so that signals reach it and not a parent."""
    effective_settings(os.environ)  # a wrong value is told here, before anything else speaks
    os.chdir(CHECKOUT)
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"])  # noqa: S606


def _migrate(_: argparse.Namespace) -> None:
    store = open_store(read_settings(os.environ))
    _say(f"The database is up to date (revision {store.revision()}).")


def _keys() -> Keys:
    return Keys(open_store(read_settings(os.environ)), ())


def _create_key(options: argparse.Namespace) -> None:
    _say(_keys().create(options.name))
    sys.stderr.write("This is the only time the key is shown. It works at once, also in a running service.\n")


def _list_keys(_: argparse.Namespace) -> None:
    for key in _keys().list():
        made = datetime.fromtimestamp(key.created_at, UTC).strftime("%Y-%m-%d %H:%M")
        _say(f"{key.id:>4}  {key.prefix}…  {made}  {'active ' if key.active else 'revoked'}  {key.name}")


def _revoke_key(options: argparse.Namespace) -> None:
    if not _keys().revoke(options.id):
        raise SettingsError(f"There is no key {options.id}; `keys list` shows those there are.")
    _say(f"Key {options.id} is revoked.")


def _list_settings(options: argparse.Namespace) -> None:
    if options.write:
        write_settings(options.write)
    else:
        _say("\n".join(as_markdown()))


def _save_setting(options: argparse.Namespace) -> None:
    check(options.name, options.value)
    SavedSettings(open_store(read_settings(os.environ))).save(options.name, options.value)
    _say(f"{options.name} is saved. A running service reads it at its next start.")
