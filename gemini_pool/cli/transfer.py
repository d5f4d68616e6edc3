"""`import`, `export` and `backup`: accounts and all else in and out."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from gemini_pool.cli.console import remark, say
from gemini_pool.settings import Settings, read_settings
from gemini_pool.startup import open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.backups import Backups
from gemini_pool.store.catalog import Catalog
from gemini_pool.store.peers import Peers
from gemini_pool.store.portable_keys import PortableKeys
from gemini_pool.store.saved import SavedSettings
from gemini_pool.store.secrets import open_vault
from gemini_pool.store.transfer.everything import Intent, Transfer
from gemini_pool.store.transfer.plan import Action, Step

SAID = {
    Action.ADD: "is new",
    Action.UPDATE: "is account {id}, and changes {changes}",
    Action.UNCHANGED: "is account {id}, and changes nothing",
    Action.ASK: "may be account {id} or another: give it a name or an e-mail that tells, and import it again",
    Action.INCOMPLETE: "lacks {missing}: copy that too",
}


def add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="any text with accounts, or what `export` wrote; - reads standard input")
    parser.add_argument("--replace", action="store_true", help="delete the accounts that are not in it")
    parser.add_argument("--force", action="store_true", help="replace even if no account is left")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.set_defaults(run=_import)


def add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", default="-", help="standard output by default")
    parser.add_argument("--secrets", action="store_true", help="with cookies, in the clear")
    parser.set_defaults(run=_export)


def add_backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, help="one of backups/ in DATA_DIR by default")
    parser.set_defaults(run=_backup)


def _import(options: argparse.Namespace) -> int:
    """1 when something could not be read."""
    text = sys.stdin.read() if options.file == "-" else Path(options.file).read_text(encoding="utf-8")
    transfer = _transfer(read_settings(os.environ))
    intent = transfer.preview(text, replacing=options.replace, force=options.force)
    for line in _told(intent):
        say(line)
    for problem in intent.problems:
        remark(str(problem))
    if not options.dry_run:
        done = transfer.carry_out(intent)
        accounts = done.accounts
        say(f"{accounts.added} added, {accounts.updated} updated, {accounts.deleted} deleted.")
        remark(f"What was there before is in {done.backup}.")
    return int(bool(intent.problems))


def _told(intent: Intent) -> Iterator[str]:
    for step in intent.accounts.steps:
        yield f"{step.found.where} ({step.found.format}) {_step(step)}."
    for account_id in intent.accounts.deleted:
        yield f"Account {account_id} is deleted."
    if intent.models:
        yield f"Models kept: {', '.join(model.id for model in intent.models)}."
    if intent.models_deleted:
        yield f"Models deleted: {', '.join(intent.models_deleted)}."
    if intent.settings:
        yield f"Settings saved: {', '.join(intent.settings)}."


def _step(step: Step) -> str:
    return SAID[step.action].format(
        id=step.account_id, changes=", ".join(step.changes), missing=" and ".join(step.found.missing)
    )


def _export(options: argparse.Namespace) -> None:
    document = _transfer(read_settings(os.environ)).export(secrets=options.secrets)
    text = json.dumps(document, indent=1, ensure_ascii=False)
    if options.file == "-":
        say(text)
        return
    with open(
        os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text + "\n")
    remark(f"{len(document['accounts'])} accounts are in {options.file}.")


def _backup(options: argparse.Namespace) -> None:
    settings = read_settings(os.environ)
    backups = Backups(open_store(settings), settings.data_path)
    if options.file:
        backups.write(options.file)
    say(str(options.file or backups.make()))
    remark(
        "Keep the encryption key apart from it: without the key its cookies are lost, with it they are open."
    )


def _transfer(settings: Settings) -> Transfer:
    store, vault = open_store(settings), open_vault(settings.encryption_key, settings.data_path)
    return Transfer(
        Accounts(store, vault),
        Catalog(store, settings.unknown_model),
        SavedSettings(store, vault),
        Backups(store, settings.data_path),
        PortableKeys(store),
        peers=Peers(store, vault),
    )
