"""`settings`: list them all, save one, renew the README's table."""

import argparse
import os
from pathlib import Path

from gemini_pool.cli.console import say
from gemini_pool.readme import write_settings
from gemini_pool.settings import as_markdown, check, read_settings
from gemini_pool.startup import saved_settings


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_list)
    parser.add_argument("--write", type=Path, metavar="README", help="renew the table in a Markdown file")
    actions = parser.add_subparsers(metavar="ACTION")
    save = actions.add_parser("set", help="save a value; the environment still comes first")
    save.add_argument("name")
    save.add_argument("value", help="an empty value forgets the setting")
    save.set_defaults(run=_save)


def _list(options: argparse.Namespace) -> None:
    if options.write:
        write_settings(options.write)
    else:
        say("\n".join(as_markdown()))


def _save(options: argparse.Namespace) -> None:
    secret = check(options.name, options.value).secret
    saved_settings(read_settings(os.environ)).save(options.name, options.value, secret=secret)
    say(f"{options.name} is saved. A running service reads it at its next start.")
