"""The desk at which sign-ins are done: what is ordered, one after the other, with pauses between batches."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

from gemini_pool.dialogue import Silence
from gemini_pool.errors import PoolError
from gemini_pool.jobs.refresh import Kept, Refresher, Steps
from gemini_pool.sign_in_errors import HumanNeeded, SignInError
from gemini_pool.signin.order import Evidence
from gemini_pool.store.orders import ENROLMENT, REFRESH, VISIBLE, Task
from gemini_pool.store.sign_ins import SignInOutcome
from gemini_pool.store.works import ItemState, Step

log = logging.getLogger(__name__)

KINDS = (REFRESH, ENROLMENT)
LOOK_EVERY_SECONDS = 1.0


class Orders(Protocol):
    def take(self, kinds: Sequence[str], *, urgent: bool = False) -> Task | None: ...
    def waiting(self, kinds: Sequence[str]) -> bool: ...
    def hand_over(self, kinds: Sequence[str]) -> None: ...
    def note(self, task: Task) -> None: ...
    def goes_on(self, task: Task) -> bool: ...
    def close(self, task: Task) -> None: ...
    def tidy(self) -> None: ...
    def recover(self) -> None: ...


class SignIns(Protocol):
    def begin(self, account_id: int | None, address: str, work_id: int) -> int: ...
    def end(
        self,
        sign_in_id: int,
        outcome: SignInOutcome,
        message: str,
        steps: Sequence[Step],
        *,
        account_id: int | None = None,
    ) -> None: ...
    def keep(self, sign_in_id: int, picture: bytes, page: str) -> None: ...
    def settle(self, account_id: int) -> None: ...
    def went_wrong(self, account_id: int, message: str, *, again: bool, pause: float) -> object: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast accounts are signed in: `batch` accounts, then `pause` seconds; `at_once` browsers. After a
    failure an account waits `backoff` seconds, and longer after the next."""

    batch: int
    pause: float
    at_once: int
    backoff: float


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a task ended, for its item and for the history."""

    state: ItemState
    outcome: SignInOutcome
    message: str
    account_id: int | None = None


class Desk:
    """`sweep` ends the browsers that a process left behind when it died. Once `stopping` is set another
    process takes over: what is under way is given up within a second, and waits again."""

    def __init__(
        self,
        orders: Orders,
        sign_ins: SignIns,
        refresher: Refresher,
        pace: Pace,
        sweep: Callable[[], None],
        stopping: threading.Event,
        *,
        look_every: float = LOOK_EVERY_SECONDS,
    ) -> None:
        self._orders = orders
        self._sign_ins = sign_ins
        self._refresher = refresher
        self._pace = pace
        self._sweep = sweep
        self._look_every = look_every
        self._stopping = stopping
        self._took_over = False
        self._lock = threading.Lock()
        self._in_batch = 0
        self._rests_until = 0.0

    def work(self) -> str | None:
        """Do what is ordered until nothing is left; what was done, in a sentence."""
        self._take_over()
        self._orders.tidy()
        done: Counter[ItemState] = Counter()
        threads = [
            threading.Thread(
                target=self._until_nothing_is_left, args=(done,), name=f"sign-in-{n}", daemon=True
            )
            for n in range(self._pace.at_once)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._stopping.is_set():  # this run ends like any other, so nobody would take it for cut off
            self._orders.hand_over(KINDS)
        if not done:
            return None
        return f"{done[ItemState.OK]} signed in, {done[ItemState.FAILED]} failed"

    def _take_over(self) -> None:
        """What another process was at when it ended waits again, and its browser is no more."""
        if not self._took_over:
            self._sweep()
            self._orders.recover()
            self._took_over = True

    def _until_nothing_is_left(self, done: "Counter[ItemState]") -> None:
        while not self._stopping.is_set():
            task = self._orders.take(KINDS, urgent=self._rests())
            if task is not None:
                ended = self._done(task)
                with self._lock:
                    done[ended.state] += 1
                    self._count(task)
            elif self._orders.waiting(KINDS):  # for the end of the pause
                self._stopping.wait(self._look_every)
            else:
                return

    def _rests(self) -> bool:
        """Whether it is the pause after a batch: only those are signed in then whom a person asked for."""
        return time.monotonic() < self._rests_until

    def _count(self, task: Task) -> None:
        self._in_batch += not task.urgent
        if self._in_batch >= self._pace.batch:
            self._in_batch = 0
            self._rests_until = time.monotonic() + self._pace.pause

    def _done(self, task: Task) -> _Ended:
        account_id = int(task.item.ref) if task.kind == REFRESH else None
        sign_in_id = self._sign_ins.begin(account_id, task.item.name, task.work_id)
        steps: list[Step] = []

        def keep(seen: Evidence) -> None:
            self._sign_ins.keep(sign_in_id, seen.png, seen.html)

        try:
            ended = self._walked(task, self._steps(task, account_id, keep), steps)
        except PoolError as error:
            ended = self._failed(account_id, error)
        except Exception:  # a job's body: one item that goes wrong unforeseen must not end the others
            log.exception("the sign-in of %s failed", task.item.name)
            ended = self._failed(account_id, SignInError("Something went wrong here; the log says what."))
        self._sign_ins.end(sign_in_id, ended.outcome, ended.message, steps, account_id=ended.account_id)
        if ended.account_id is not None and ended.state is ItemState.OK:
            self._sign_ins.settle(ended.account_id)
        message = "" if ended.state is ItemState.WAITING else ended.message
        item = replace(task.item, state=ended.state, message=message, steps=tuple(steps))
        self._orders.close(replace(task, item=item))
        log.info("sign-in of %s: %s", task.item.name, ended.message)
        return ended

    def _steps(self, task: Task, account_id: int | None, keep: Callable[[Evidence], None]) -> Steps:
        if account_id is not None:
            return self._refresher.refresh(account_id, keep, visible=VISIBLE in task.data)
        return self._refresher.enrol(task.item.ref, task.data, keep)

    def _walked(self, task: Task, said: Steps, steps: list[Step]) -> _Ended:
        """Go through the steps of a task, as long as nobody stops it; PoolError."""
        began = looked = time.monotonic()
        with closing(said):
            while True:
                try:
                    step = next(said)
                except StopIteration as end:
                    kept: Kept = end.value
                    return _Ended(ItemState.OK, SignInOutcome.OK, kept.message, kept.account_id)
                now = time.monotonic()
                if not isinstance(step, Silence):
                    steps.append(Step(step, round((now - began) * 1000)))
                    began = now
                    self._orders.note(replace(task, item=replace(task.item, steps=tuple(steps))))
                if self._stopping.is_set():
                    return _Ended(ItemState.WAITING, SignInOutcome.CUT_OFF, "The process was told to end.")
                if now - looked > self._look_every:
                    looked = now
                    if not self._orders.goes_on(task):
                        return _Ended(ItemState.SKIPPED, SignInOutcome.STOPPED, "It was stopped.")

    def _failed(self, account_id: int | None, error: PoolError) -> _Ended:
        again = error.again if isinstance(error, SignInError) else True
        if account_id is not None:
            self._sign_ins.went_wrong(account_id, str(error), again=again, pause=self._pace.backoff)
        person = isinstance(error, HumanNeeded)
        return _Ended(
            ItemState.FAILED, SignInOutcome.PERSON if person else SignInOutcome.FAILED, str(error), account_id
        )
