"""`admin-api`: show what the admin API can do, or write its page."""

import argparse
from pathlib import Path

from gemini_pool.cli.console import say
from gemini_pool.readme import admin_api, write_admin_api


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_show)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write it to a Markdown file")


def _show(options: argparse.Namespace) -> None:
    if options.write:
        write_admin_api(options.write)
    else:
        say(admin_api().rstrip())
