"""One attempt to sign an account in, from the start of a browser to its last trace."""

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, wait
from dataclasses import replace
from functools import partial
from pathlib import Path

from gemini_pool.dialogue import SILENCE, Silence
from gemini_pool.sign_in_errors import BrowserFailed, SignInError
from gemini_pool.signin.browser import Browser, TabCrashed
from gemini_pool.signin.choice import BrowserChoice
from gemini_pool.signin.codes import CodeSteps
from gemini_pool.signin.evidence import collect
from gemini_pool.signin.flow import Flow
from gemini_pool.signin.mailbox.base import Mailbox
from gemini_pool.signin.mailbox.page import PageMailbox
from gemini_pool.signin.order import Evidence, Order, SignedIn
from gemini_pool.signin.patience import Patience
from gemini_pool.signin.runs import Run

STEP_SECONDS = 0.25
# A browser that does not even say that its time is over is ended so long after.
GRACE_SECONDS = 10.0
# How long the work may take to notice that it is over; it holds nothing by then.
LEAVE_SECONDS = 1.0


def attempt(
    order: Order, choice: BrowserChoice, folder: Path, keep: Callable[[Evidence], object]
) -> Generator[Silence | str, None, SignedIn]:
    """Sign in: yields the name of each step that is done, and SILENCE meanwhile; closing it stops the sign-in
    within a second. SignInError; before it `keep` is given the page at which it failed, if there was one.
    However it ends, no process and no folder of it is left under `folder`.
    """
    work = Work(order, choice, Run(choice, folder))
    try:
        yield from work.steps(keep)
        return work.result()
    finally:
        work.end()


class Work:
    """The sign-in in a thread of its own, so that nothing that it waits for keeps us from ending it."""

    def __init__(self, order: Order, choice: BrowserChoice, run: Run) -> None:
        # Nobody can pass a challenge in a browser that nobody sees.
        self._order = replace(order, people_seconds=0.0) if choice.headless else order
        self._run = run
        self._patience = Patience(order.seconds)
        self._told: queue.SimpleQueue[str | Evidence | None] = queue.SimpleQueue()
        self._kept = choice.profile is not None and choice.profile.exists()
        self._browser: Browser | None = None
        self._future: Future[SignedIn] = Future()
        # The process may end without it: whoever follows removes what it leaves (`runs.sweep`).
        threading.Thread(target=self._work, name="sign-in", daemon=True).start()

    def steps(self, keep: Callable[[Evidence], object]) -> Iterator[Silence | str]:
        """What it tells until it is done. BrowserFailed when it takes too long or too much."""
        while True:
            try:
                told = self._told.get(timeout=STEP_SECONDS)
            except queue.Empty:
                self._watch()
                yield SILENCE
                continue
            if told is None:
                return
            if isinstance(told, Evidence):
                keep(told)
            else:
                yield told

    def result(self) -> SignedIn:
        return self._future.result()

    def end(self) -> None:
        """Stop it, and remove all that it has made."""
        self._patience.stop()
        self._run.end()
        wait([self._future], LEAVE_SECONDS)

    def _watch(self) -> None:
        if self._patience.over_by > self._patience.part(GRACE_SECONDS):
            raise self._patience.exhausted()
        self._run.check()

    def _work(self) -> None:
        try:
            self._future.set_result(self._seen_through())
        except Exception as error:  # noqa: BLE001 - it is raised again by whoever asks for the result
            self._future.set_exception(error)
        finally:
            self._told.put(None)

    def _seen_through(self) -> SignedIn:
        try:
            return self._signed_in()
        except SignInError:
            self._collect()
            raise

    def _signed_in(self) -> SignedIn:
        self._browser = self._run.start()
        self._told.put("browser")
        first = self._order.home_url if self._kept else self._order.entry_url
        try:
            signed_in = self._flow(self._browser).run(first)
        except TabCrashed:
            self._another_tab(self._browser)
            self._told.put("new tab after a crash")
            signed_in = self._flow(self._browser).run(first)
        self._browser.close()
        return signed_in

    def _another_tab(self, crashed: Browser) -> None:
        """A tab that works; where the browser has none to give, another browser."""
        try:
            crashed.new_tab()
            crashed.close_others()
        except BrowserFailed:
            self._browser = self._run.start()

    def _flow(self, browser: Browser) -> Flow:
        pages = partial(PageMailbox, browser, self._patience)
        codes = CodeSteps(self._order, self._patience, partial(_opened, self._order, pages))
        return Flow(self._order, browser, self._patience, self._told.put, codes)

    def _collect(self) -> None:
        if self._browser is None:
            return
        self._browser.hurry()
        found = collect(self._browser, (self._order.address, self._order.name))
        if found is not None:
            self._told.put(found)


def _opened(order: Order, pages: Callable[[str], Mailbox]) -> Mailbox:
    return order.open_mailbox(pages)
