"""`--headed` and `--headless`: whether the browser that signs in shows its window."""

import argparse
import os

VARIABLE = "BROWSER_WINDOW"


def add_to(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--headed", dest="window", action="store_const", const="shown", help="show the window")
    which.add_argument(
        "--headless", dest="window", action="store_const", const="hidden", help="never show it"
    )


def set_for(options: argparse.Namespace) -> None:
    """For this process and those that it becomes or starts."""
    if options.window:
        os.environ[VARIABLE] = options.window
