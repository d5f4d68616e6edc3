"""The command line: `python -m gemini_pool COMMAND`. A group of commands is one file here."""

import argparse
import os
import sys
from collections.abc import Sequence

from gemini_pool.cli import (
    accounts,
    doctor,
    file_types,
    keys,
    late,
    password,
    settings,
    transfer,
    window,
)
from gemini_pool.cli.console import say
from gemini_pool.demo import run_demo
from gemini_pool.errors import PoolError
from gemini_pool.knobs import SettingsError
from gemini_pool.settings import CHECKOUT, read_settings
from gemini_pool.simulator.server import serve as serve_simulator
from gemini_pool.startup import effective_settings, open_store


def main(arguments: Sequence[str]) -> int:
    """Run a command; the exit status, which a command may give."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except (PoolError, SettingsError, OSError) as error:
        sys.stderr.write(f"gemini_pool: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gemini_pool", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="a pool over simulated accounts, ready to be asked")
    demo.add_argument("--port", type=int, default=8000)
    demo.set_defaults(run=lambda options: run_demo(options.port))

    serve = commands.add_parser("serve", help="the service itself, under gunicorn")
    window.add_to(serve)
    serve.set_defaults(run=_serve)

    late.add_jobs(commands.add_parser("jobs", help="the background jobs, in a process that serves nobody"))

    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.set_defaults(run=_migrate)

    accounts.add_to(commands.add_parser("accounts", help="see, add, renew, switch and delete accounts"))
    transfer.add_import(commands.add_parser("import", help="take over accounts, in whatever form they are"))
    transfer.add_export(commands.add_parser("export", help="write accounts, models and settings as JSON"))
    transfer.add_backup(commands.add_parser("backup", help="copy the database, also while it is used"))
    keys.add_to(commands.add_parser("keys", help="make, list, revoke and upgrade API keys"))
    password.add_to(commands.add_parser("password", help="the console's password, or its first code"))
    late.add_sign_in(
        commands.add_parser("sign-in", help="sign an account in anew, by browser, and tell of it")
    )
    doctor.add_to(commands.add_parser("doctor", help="walk the real service with an account, and tell of it"))
    settings.add_to(commands.add_parser("settings", help="list all settings, or save one"))
    file_types.add_to(commands.add_parser("file-types", help="show the kinds of file that are told apart"))

    simulator = commands.add_parser("simulator", help="play Gemini Business on this machine")
    simulator.add_argument("--port", type=int, default=9000)
    simulator.set_defaults(run=lambda options: serve_simulator("127.0.0.1", options.port))
    return parser


def _serve(options: argparse.Namespace) -> None:
    """Become gunicorn, so that signals reach it and not a parent."""
    window.set_for(options)
    effective_settings(os.environ)  # a wrong value is told here, before anything else speaks
    os.chdir(CHECKOUT)
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"])  # noqa: S606


def _migrate(_: argparse.Namespace) -> None:
    store = open_store(read_settings(os.environ))
    say(f"The database is up to date (revision {store.revision()}).")
