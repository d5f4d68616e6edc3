"""A prompt becomes an answer: lease, ask, and when that fails in time, another account."""

import logging
import math
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from gemini_pool.dialogue import (
    CONTENT,
    SILENCE,
    SUBSTANCE,
    Event,
    FileSent,
    Finished,
    FinishReason,
    MadeFile,
    Place,
    Prompt,
    SessionNamed,
    Silence,
    TextDelta,
    Waiting,
)
from gemini_pool.errors import CallerGone, EmptyAnswer, NoAccountAvailable, PoolError, UpstreamError
from gemini_pool.pool.answer import Answer
from gemini_pool.pool.budget import Attempt, Budget, Tries
from gemini_pool.pool.conversations import Asking, Heard, Memory
from gemini_pool.pool.manager import AccountManager
from gemini_pool.pool.seats import Lease
from gemini_pool.roster import Account

log = logging.getLogger(__name__)

# How often a request looks whether an account has become free, and for how long.
LOOK_EVERY_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 30.0


class Upstream(Protocol):
    """Whatever can be asked with an account, in a session that knows the conversation or in a new one."""

    def ask(
        self, account: Account, prompt: Prompt, session: str | None, known: Mapping[str, str]
    ) -> Generator[Event]: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """The runner's time: the longest silence a reader is left in, a check that raises when there is no more
    time at all, a clock (monotonic seconds) and a sleep."""

    keep_alive: float
    check: Callable[[], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Runner:
    """Answers prompts from the pool."""

    def __init__(
        self, manager: AccountManager, upstream: Upstream, memory: Memory, tries: Tries, pace: Pace
    ) -> None:
        self._manager = manager
        self._upstream = upstream
        self._memory = memory
        self._tries = tries
        self._pace = pace

    def run(
        self,
        prompt: Prompt,
        *,
        scope: str,
        hint: str | None = None,
        anew: bool = False,
        whole: bool = False,
        check: Callable[[], None] = lambda: None,
        answer: Answer | None = None,
    ) -> Answer:
        """An answer whose first visible event is in hand, or, after a long silence, is still awaited.

        With `whole` every event is in hand. `scope`, `hint` and `anew` as in Asking; `check` raises when
        there is nobody left to answer. Whoever brings the `answer` knows of its attempts even where none
        comes of them. Raises NoAccountAvailable, or the UpstreamError that no other account can mend.
        """
        answer = answer or Answer()
        quiet = _Quiet(self._pace, math.inf if whole else self._pace.keep_alive, check)
        answer.begin(self._events(Asking(prompt, scope, hint, anew), answer, quiet, whole))
        return answer

    def _events(self, asking: Asking, answer: Answer, quiet: "_Quiet", whole: bool) -> Generator[Event]:
        """The events of the first attempt that comes to something, and silences on the way there."""
        budget = Budget(self._tries, self._pace.clock() + self._tries.seconds)
        place = asking.place(self._memory)
        while True:
            lease = yield from self._lease(asking, budget, place, quiet)
            answer.account_id, answer.first_at = lease.account.id, None
            began = self._pace.clock()
            try:
                yield from self._attempt(
                    lease, asking, place, _Reading(answer, quiet, whole, asking.prompt.must_make)
                )
            except UpstreamError as error:
                log.info("account %d did not answer: %s", lease.account.id, error)
                attempt = Attempt(lease.account.id, error, self._pace.clock() - began)
                answer.attempts.append(attempt)
                if answer.first_at is not None and not whole:
                    raise
                budget = budget.after(attempt, now=self._pace.clock())
                place = None
            else:
                return

    def _lease(self, asking: Asking, budget: Budget, place: Place | None, quiet: "_Quiet") -> Waiting[Lease]:
        """An account that was not tried yet; waits for a while where all that is wanting is a free one."""
        kind, prefer = asking.prompt.model.kind, place.account_id if place else None
        until = min(budget.deadline, self._pace.clock() + LONGEST_WAIT_SECONDS)
        while True:
            try:
                return self._manager.lease(kind, budget.tried, prefer=prefer)
            except NoAccountAvailable as nobody:
                if not nobody.busy or self._pace.clock() >= until:
                    raise budget.exhausted(nobody) from None
            self._pace.sleep(LOOK_EVERY_SECONDS)
            if quiet.for_long():
                yield SILENCE

    def _attempt(
        self, lease: Lease, asking: Asking, place: Place | None, reading: "_Reading"
    ) -> Generator[Event]:
        """The events of one attempt. However it ends, the lease is settled, once."""
        error: PoolError | None = None
        try:
            since = self._going_on(lease, place)
            session, known = (since.session, since.files) if since else (None, {})
            with closing(self._upstream.ask(lease.account, asking.prompt, session, known)) as events:
                yield from reading.of(events)
            if reading.complete:
                heard = Heard(lease.account.id, reading.session, reading.files(since), since)
                reading.answer.memory(partial(asking.remember, self._memory, heard))
        except CallerGone:
            raise  # as where he is noticed to be gone when he is told something: nothing failed
        except PoolError as failure:
            error = failure
            raise
        finally:
            self._manager.settle(lease, error, answered=reading.begun)

    def _going_on(self, lease: Lease, place: Place | None) -> Place | None:
        """Where the conversation goes on, if that is this account's and nobody else's now."""
        if place and place.account_id == lease.account.id and self._memory.claim(place):
            return place
        return None


class _Quiet:
    """When a reader was last told anything, and whether that was too long ago."""

    def __init__(self, pace: Pace, seconds: float, check: Callable[[], None]) -> None:
        self._checks = (pace.check, check)
        self._clock = pace.clock
        self._seconds = seconds
        self._heard = self._clock()

    def heard(self) -> float:
        """The reader is told something now; the time. Raises what ends all answers, or this one."""
        self._check()
        self._heard = self._clock()
        return self._heard

    def for_long(self) -> bool:
        """Whether he should be told that we are still there; then he is."""
        self._check()
        if self._clock() - self._heard < self._seconds:
            return False
        self._heard = self._clock()
        return True

    def _check(self) -> None:
        for check in self._checks:
            check()


class _Reading:
    """What has come of one attempt. Nothing of it leaves before its first visible event, or its end."""

    def __init__(self, answer: Answer, quiet: _Quiet, whole: bool, must_make: bool) -> None:
        self.answer = answer
        self.begun = False
        self.session = ""
        self._sent: dict[str, str] = {}
        self._quiet = quiet
        self._whole = whole
        self._must_make = must_make
        self._substance = False
        self._cut = False

    @property
    def complete(self) -> bool:
        """Whether the session has said just what the caller was told: a bound of his own cuts ours alone."""
        return bool(self.session) and not self._cut

    def files(self, since: Place | None) -> Mapping[str, str]:
        """The files that the session holds by now, where it went on from there or is new."""
        before = since.files if since and since.session == self.session else {}
        return {**before, **self._sent}

    def of(self, events: Generator[Event]) -> Generator[Event]:
        """The events to pass on; EmptyAnswer at an end without substance."""
        held = yield from self._held(events)
        if self.begun and not self._whole:
            yield from held
            held = []
            for event in events:
                if isinstance(event, Silence):
                    if self._quiet.for_long():
                        yield event
                    continue
                if not (self._substance and isinstance(event, TextDelta)):
                    self._note(event)
                self._quiet.heard()
                yield event
        if not self._substance:
            raise EmptyAnswer(
                "The service ended its answer without the file that was asked for. Change the prompt."
                if self._must_make
                else "The service ended its answer without a word."
            )
        self.begun = True  # also where nothing stands before the caller's own bound
        yield from held

    def _held(self, events: Generator[Event]) -> Waiting[list[Event]]:
        """The events up to the first visible one; with `whole`, all of them."""
        held: list[Event] = []
        for event in events:
            if not isinstance(event, Silence):
                self._note(event)
                held.append(event)
                if self.begun and not self._whole:
                    break
            if self._quiet.for_long():
                yield SILENCE
        return held

    def _note(self, event: Event) -> None:
        if not self.begun and isinstance(event, CONTENT):
            self.begun, self.answer.first_at = True, self._quiet.heard()
        if not self._substance:
            self._substance = isinstance(event, MadeFile) if self._must_make else _is_substance(event)
        if isinstance(event, SessionNamed):
            self.session = event.name
        elif isinstance(event, FileSent):
            self._sent[event.digest] = event.file_id
        elif isinstance(event, Finished):
            self._cut = event.reason is not FinishReason.STOP


def _is_substance(event: Event) -> bool:
    """An answer that ends at the caller's own bound is one, even where nothing stands before the bound."""
    if isinstance(event, Finished):
        return event.reason is not FinishReason.STOP
    return isinstance(event, SUBSTANCE)
