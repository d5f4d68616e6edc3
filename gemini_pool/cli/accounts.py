"""`accounts`: see how they are, add them or give them new cookies, switch them on and off."""

import argparse
import os
import sys
import time
from pathlib import Path

from gemini_pool.cli.console import moment, say
from gemini_pool.knobs import SettingsError
from gemini_pool.readers import SEATS
from gemini_pool.roster import Account, QuotaKind
from gemini_pool.settings import read_settings
from gemini_pool.startup import open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.secrets import open_vault


def add_to(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("list", help="all accounts, their state and its reason").set_defaults(run=_list)
    put = actions.add_parser("put", help="add accounts, or renew the cookies of those that are there")
    put.add_argument("file", help="a JSON array as in ACCOUNTS_CONFIG; - reads standard input")
    put.set_defaults(run=_put)
    enable = actions.add_parser("enable", help="use an account, also one that was taken out or rests")
    enable.set_defaults(run=lambda options: _switch(options.id, enabled=True))
    disable = actions.add_parser("disable", help="leave an account alone until it is enabled")
    disable.set_defaults(run=lambda options: _switch(options.id, enabled=False))
    for action in (enable, disable):
        action.add_argument("id", type=int)


def _accounts() -> Accounts:
    settings = read_settings(os.environ)
    return Accounts(open_store(settings), open_vault(settings.encryption_key, settings.data_path))


def _list(_: argparse.Namespace) -> None:
    now = time.time()
    for account in _accounts().accounts():
        state = account.state(now).value
        say(f"{account.id:>4}  {state:<13}  {account.name}{_until(account, now)}{_why(account, now)}")


def _until(account: Account, now: float) -> str:
    until = max(account.free_at(kind) for kind in QuotaKind)
    return f"  until {moment(until)} UTC" if until > now and not account.hard_out(now) else ""


def _why(account: Account, now: float) -> str:
    return f"  ({account.reason})" if account.reason and not account.usable(QuotaKind.TEXT, now) else ""


def _put(options: argparse.Namespace) -> None:
    text = sys.stdin.read() if options.file == "-" else Path(options.file).read_text()
    try:
        seats = SEATS.read(text)
    except ValueError as fault:
        raise SettingsError(f"{options.file}: the text {fault}; accepted: {SEATS.accepted}") from None
    added, renewed = _accounts().put(seats)
    say(f"{added} added, {renewed} renewed.")


def _switch(account_id: int, *, enabled: bool) -> None:
    if not _accounts().switch(account_id, enabled=enabled):
        raise SettingsError(f"There is no account {account_id}; `accounts list` shows those there are.")
    say(f"Account {account_id} is {'enabled' if enabled else 'disabled'}.")
