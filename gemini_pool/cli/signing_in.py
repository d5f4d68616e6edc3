"""`sign-in` at work: see `cli.late`."""

import argparse
import os
import time
from collections.abc import Generator
from contextlib import closing

from gemini_pool.cli import window
from gemini_pool.cli.console import remark, say
from gemini_pool.dialogue import Silence
from gemini_pool.errors import PoolError
from gemini_pool.jobs.refresh import Kept
from gemini_pool.keeping import build_refresher
from gemini_pool.knobs import SettingsError
from gemini_pool.sign_in_errors import HumanNeeded
from gemini_pool.signin.order import Evidence
from gemini_pool.startup import effective_settings
from gemini_pool.store.orders import REFRESH
from gemini_pool.store.sign_ins import SignInOutcome
from gemini_pool.store.works import Step
from gemini_pool.wiring import Services, build_services

BY_HAND = 0  # no work was ordered


def run(options: argparse.Namespace) -> int:
    """1 when it failed."""
    window.set_for(options)
    services = build_services(effective_settings(os.environ))
    try:
        return _signed_in(services, options.id, visible=options.window == "shown")
    finally:
        services.close()


def _signed_in(s: Services, account_id: int, *, visible: bool) -> int:
    profile = s.accounts.profile(account_id)
    if profile is None:
        raise SettingsError(f"There is no account {account_id}; `accounts list` shows those there are.")
    if s.orders.holding(REFRESH, str(account_id)):
        raise SettingsError(
            "The service is signing this account in already; its console shows how far it is."
        )
    number = s.sign_ins.begin(account_id, profile.account.name, BY_HAND)
    refresher = build_refresher(s, s.proof, s.peers.queue.enqueue)
    seen: list[Evidence] = []
    steps: list[Step] = []
    try:
        kept = _told(refresher.refresh(account_id, seen.append, visible=visible), steps)
    except PoolError as error:
        outcome = SignInOutcome.PERSON if isinstance(error, HumanNeeded) else SignInOutcome.FAILED
        s.sign_ins.end(number, outcome, str(error), steps)
        for one in seen:
            s.sign_ins.keep(number, one.png, one.html)
        raise
    s.sign_ins.end(number, SignInOutcome.OK, kept.message, steps)
    s.sign_ins.settle(account_id)
    say(kept.message)
    return 0


def _told(said: Generator[Silence | str, None, Kept], steps: list[Step]) -> Kept:
    """Each step as it is done, with its milliseconds."""
    began = time.monotonic()
    with closing(said):
        while True:
            try:
                step = next(said)
            except StopIteration as end:
                kept: Kept = end.value
                return kept
            if isinstance(step, Silence):
                continue
            now = time.monotonic()
            steps.append(Step(step, round((now - began) * 1000)))
            began = now
            remark(f"{step:<24}{steps[-1].ms:>7} ms")
