"""`file-types`: show the kinds of file that are told apart, or write their page."""

import argparse
from pathlib import Path

from gemini_pool.cli.console import say
from gemini_pool.media.kinds import as_markdown
from gemini_pool.readme import write_file_types


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_show)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write them to a Markdown file")


def _show(options: argparse.Namespace) -> None:
    if options.write:
        write_file_types(options.write)
    else:
        say("\n".join(as_markdown()))
