"""`accounts`: see how they are, add them or give them new cookies, switch them on and off, delete them."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from gemini_pool.cli.console import moment, remark, say
from gemini_pool.knobs import SettingsError
from gemini_pool.readers import SEATS
from gemini_pool.roster import Account, QuotaKind
from gemini_pool.settings import read_settings
from gemini_pool.startup import open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.secrets import open_vault
from gemini_pool.store.tally import Tallied, totals


def add_to(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("list", help="all accounts, what they have done and how they are").set_defaults(
        run=_list
    )
    put = actions.add_parser("put", help="add accounts, or renew the cookies of those that are there")
    put.add_argument("file", help="a JSON array as in ACCOUNTS_CONFIG; - reads standard input")
    put.set_defaults(run=_put)
    enable = actions.add_parser("enable", help="use an account, also one that was taken out or rests")
    enable.set_defaults(run=lambda options: _switch(options.id, enabled=True))
    disable = actions.add_parser("disable", help="leave an account alone until it is enabled")
    disable.set_defaults(run=lambda options: _switch(options.id, enabled=False))
    delete = actions.add_parser("delete", help="forget an account; the environment does not bring it back")
    delete.set_defaults(run=lambda options: _delete(options.id))
    for action in (enable, disable, delete):
        action.add_argument("id", type=int)


def _accounts() -> Accounts:
    settings = read_settings(os.environ)
    return Accounts(open_store(settings), open_vault(settings.encryption_key, settings.data_path))


def _list(_: argparse.Namespace) -> None:
    now = time.time()
    accounts, done = _accounts().accounts(), totals(open_store(read_settings(os.environ)))
    if accounts:
        remark(f"{'id':>4}  {'state':<13}  answers  failures  {'last used, UTC':<16}  name")
    for account in accounts:
        state, numbers = account.state(now).value, _numbers(done.get(account.id, ()))
        more = _until(account, now) + _why(account, now)
        say(f"{account.id:>4}  {state:<13}  {numbers}  {account.name}{more}")


def _numbers(done: Sequence[Tallied]) -> str:
    """What an account has done, of whatever kind."""
    answers, failures = sum(one.answers for one in done), sum(one.failures for one in done)
    last_used = moment(max(one.last_used for one in done)) if done else "never"
    return f"{answers:>7}  {failures:>8}  {last_used:<16}"


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
        raise _no_account(account_id)
    say(f"Account {account_id} is {'enabled' if enabled else 'disabled'}.")


def _delete(account_id: int) -> None:
    if not _accounts().delete([account_id]):
        raise _no_account(account_id)
    say(f"Account {account_id} is deleted.")


def _no_account(account_id: int) -> SettingsError:
    return SettingsError(f"There is no account {account_id}; `accounts list` shows those there are.")
