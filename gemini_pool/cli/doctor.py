"""`doctor`: walk the real service with one account, show what was seen, and say what to do."""

import argparse
import json
import os
import platform
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill
from typing import Any
from urllib.parse import unquote, urlsplit

from gemini_pool.cli.console import remark, say
from gemini_pool.cli.findings import LINE, advice, heading, table
from gemini_pool.dialogue import Silence
from gemini_pool.errors import StoreError
from gemini_pool.knobs import SettingsError
from gemini_pool.parts import build_transport
from gemini_pool.roster import Account, Credentials
from gemini_pool.settings import CHECKOUT, Settings
from gemini_pool.startup import effective_settings, open_store
from gemini_pool.store.accounts import Accounts
from gemini_pool.store.secrets import open_vault
from gemini_pool.upstream.calls import USER_AGENT, Calls, Locale
from gemini_pool.upstream.doctor.findings import Diagnosis, Finding
from gemini_pool.upstream.doctor.walk import examine
from gemini_pool.upstream.xsrf import Xsrf


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--account", type=int, metavar="ID", help="the first enabled one by default")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what was seen, without secrets")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    """1 when a step failed."""
    settings = effective_settings(os.environ)
    accounts = Accounts(open_store(settings), open_vault(settings.encryption_key, settings.data_path))
    accounts.add_missing(settings.all_seats)  # as every start does
    account = _chosen(accounts.accounts(), options.account)
    with ExitStack() as stack:
        file = stack.enter_context(options.report.open("w", encoding="utf-8")) if options.report else None
        say(f"Account {account.id} asks one question and sends one small file.")
        say(fill(", ".join(f"{what}: {where}" for what, where in _places(settings).items()), LINE))
        say("\n" + heading())
        findings = list(_shown(_walk(settings, accounts, account)))
        if file:
            json.dump(_report(settings, findings), file, indent=1, ensure_ascii=False)
    say("\n" + "\n".join(advice(findings)))
    return int(any(finding.diagnosis is Diagnosis.FAILED for finding in findings))


def _chosen(accounts: Iterable[Account], wanted: int | None) -> Account:
    for account in accounts:
        if account.id == wanted or (wanted is None and account.enabled):
            return account
    if wanted is None:
        raise SettingsError("There is no enabled account; add one with `accounts put`, or enable one.")
    raise SettingsError(f"There is no account {wanted}; `accounts list` shows those there are.")


def _walk(settings: Settings, accounts: Accounts, account: Account) -> Iterator[Silence | Finding]:
    def rotated(account_id: int, credentials: Credentials) -> None:
        try:
            accounts.renew(account_id, credentials)
        except StoreError as error:  # the walk can go on
            remark(f"The service renewed the account's cookies, but they are lost: {error}")

    transport = build_transport(settings, proxy=settings.proxy)
    xsrf = Xsrf(transport, auth_url=settings.auth_url, login_url=settings.login_url, user_agent=USER_AGENT)
    calls = Calls(settings.api_url, Locale(settings.language, settings.time_zone))
    try:
        yield from examine(transport, xsrf, calls, account, rotated=rotated, secrets=_logins(settings))
    finally:
        transport.close()


def _logins(settings: Settings) -> Iterator[str]:
    """Users and passwords in addresses."""
    for url in (settings.proxy, settings.api_url, settings.auth_url, settings.login_url):
        login = urlsplit(url).netloc.rpartition("@")[0]
        yield from (login, unquote(login), *login.split(":"), *map(unquote, login.split(":")))


def _places(settings: Settings) -> dict[str, str]:
    urls = {"API": settings.api_url, "tokens": settings.auth_url, "sign-in": settings.login_url}
    hosts = {what: urlsplit(url).hostname or "" for what, url in urls.items()}
    return {**hosts, "proxy": urlsplit(settings.proxy).scheme or "none"}


def _shown(walk: Iterable[Silence | Finding]) -> Iterator[Finding]:
    """The findings, each shown as it comes; a dot for every half second that is waited."""
    waiting = False
    for one in walk:
        if isinstance(one, Silence):
            waiting = True
            sys.stderr.write(".")
            sys.stderr.flush()
            continue
        if waiting:
            remark("")
        waiting = False
        say("\n".join(table(one)))
        sys.stdout.flush()
        yield one


def _report(settings: Settings, findings: Sequence[Finding]) -> dict[str, Any]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": project["version"],
        "python": platform.python_version(),
        "places": _places(settings),
        "seconds": {
            "to connect": settings.connect_timeout,
            "to the first byte": settings.first_byte_timeout,
            "between bytes": settings.read_timeout,
        },
        "findings": [finding.as_json() for finding in findings],
    }
