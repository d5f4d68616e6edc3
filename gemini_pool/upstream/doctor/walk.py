"""The walk: step by step, as far as they lead.

A step that fails ends itself alone: a later one is still gone where it can be, in a session of its own if
need be.
"""

import time
from collections.abc import Callable, Generator, Iterable

from gemini_pool.dialogue import Silence, Waiting
from gemini_pool.errors import UpstreamError
from gemini_pool.roster import Account
from gemini_pool.upstream.calls import Calls
from gemini_pool.upstream.doctor.findings import Finding, Notes
from gemini_pool.upstream.doctor.scrubbing import Veil
from gemini_pool.upstream.doctor.steps import Lacking, Steps, Work
from gemini_pool.upstream.tokens import Rotated
from gemini_pool.upstream.transport import Transport
from gemini_pool.upstream.xsrf import Xsrf


def examine(
    transport: Transport,
    xsrf: Xsrf,
    calls: Calls,
    account: Account,
    *,
    rotated: Rotated,
    secrets: Iterable[str] = (),
    clock: Callable[[], float] = time.time,
) -> Generator[Silence | Finding]:
    """Walk the service with one account: a finding for each step, and silences while it keeps us waiting.

    `rotated` is told of cookies that the service renewed. What is found may be shown to anybody: it holds
    nothing that is the account's own, and none of these `secrets`.
    """
    veil = Veil(*secrets)
    steps = Steps(transport, xsrf, calls, account, veil, rotated, clock)
    for step, goal, work in steps.in_order():
        finding = yield from _gone(step, goal, work, Notes(veil))
        yield finding.under(veil)


def _gone(step: str, goal: str, work: Work, notes: Notes) -> Waiting[Finding]:
    began = time.monotonic()
    try:
        yield from work(notes)
        notes.understood(goal)
    except UpstreamError as error:
        notes.failed(goal, error)
    except Lacking as lacking:
        notes.not_reached(goal, str(lacking))
    return notes.finding(step, round((time.monotonic() - began) * 1000))
