"""`password`: for the operator who forgot the console's password, or has not set one yet."""

import argparse
import os
import sys
from getpass import getpass

from gemini_pool.cli.console import remark, say
from gemini_pool.knobs import SettingsError
from gemini_pool.settings import read_settings
from gemini_pool.startup import open_console, setup_code


def add_to(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    code = actions.add_parser("code", help="show the code that the first visit of the console asks for")
    code.set_defaults(run=_code)
    change = actions.add_parser("set", help="set the console's password, from the terminal or standard input")
    change.add_argument("--no-totp", action="store_true", help="switch the second factor off as well")
    change.set_defaults(run=_set)


def _code(_: argparse.Namespace) -> None:
    code = setup_code(read_settings(os.environ))
    if not code:
        raise SettingsError("A password is set; `password set` sets another one.")
    say(code)


def _set(options: argparse.Namespace) -> None:
    door = open_console(read_settings(os.environ))
    if fault := door.admins.fault(password := _typed()):
        raise SettingsError(fault)
    door.admins.set_password(password, drop_totp=options.no_totp)
    door.throttle.open_all()
    remark("The password is set, also in a running service. Whoever was signed in must sign in again.")


def _typed() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("New password: ")
    if password != getpass("Once more: "):
        raise SettingsError("The two are not the same; nothing was changed.")
    return password
