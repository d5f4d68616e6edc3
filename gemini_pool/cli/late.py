"""Commands that need the whole service: it is imported when they run, lest all others start a third slower.

`jobs`: the background jobs in a process of their own, beside a service that serves with `SCHEDULER=0`.
`sign-in`: sign one account in here and now, and tell of each step; at a screen a person can help.
"""

import argparse

from gemini_pool.cli import window


def add_jobs(parser: argparse.ArgumentParser) -> None:
    window.add_to(parser)
    parser.set_defaults(run=_jobs)


def add_sign_in(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=int, help="the account's, as `accounts list` shows it")
    window.add_to(parser)
    parser.set_defaults(run=_sign_in)


def _jobs(options: argparse.Namespace) -> None:
    from gemini_pool.cli.jobs_process import run  # noqa: PLC0415

    run(options)


def _sign_in(options: argparse.Namespace) -> int:
    from gemini_pool.cli.signing_in import run  # noqa: PLC0415

    return run(options)
