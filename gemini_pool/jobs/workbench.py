"""Work that takes long and that somebody watches: item by item, a few at once, stopped when asked."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace

from gemini_pool.errors import PoolError
from gemini_pool.store.works import ItemState, Step, WorkItem, Works, WorkState

log = logging.getLogger(__name__)

AT_ONCE = 4
LOOK_EVERY_SECONDS = 0.5
HEARTBEAT_SECONDS = 10.0

# What is done with one item: its steps as they are finished; the last words are told with `return`.
# A PoolError says that it failed, and why.
Do = Callable[[WorkItem], Generator[Step, None, str | None]]


class Workbench:
    """Starts work on threads of this process. The end of the process cuts it off; `Works` tells of that."""

    def __init__(self, works: Works, *, look_every: float = LOOK_EVERY_SECONDS) -> None:
        self._works = works
        self._look_every = look_every

    def start(
        self, kind: str, title: str, items: Sequence[WorkItem], do: Do, *, at_once: int = AT_ONCE
    ) -> int:
        """Begin work on items; its id. Returns at once."""
        work_id = self._works.begin(kind, title, items)
        run = _Run(self._works, work_id, kind, do, self._look_every)
        thread = threading.Thread(target=run.all, args=(items, at_once), name=f"work-{work_id}", daemon=True)
        thread.start()
        return work_id


class _Run:
    def __init__(self, works: Works, work_id: int, kind: str, do: Do, look_every: float) -> None:
        self._works = works
        self._id = work_id
        self._kind = kind
        self._do = do
        self._look_every = look_every
        self._stopped = threading.Event()

    def all(self, items: Sequence[WorkItem], at_once: int) -> None:
        try:
            with ThreadPoolExecutor(at_once, thread_name_prefix=f"work-{self._id}") as threads:
                self._watch([threads.submit(self._one, number, item) for number, item in enumerate(items)])
            state = WorkState.CANCELLED if self._stopped.is_set() else WorkState.DONE
            self._works.end(self._id, self._kind, state)
        except PoolError:
            log.warning("work %d could not be written down, and is given up", self._id, exc_info=True)
            self._stopped.set()

    def _watch(self, futures: "list[Future[None]]") -> None:
        """Until all is done: tell that we are here, and hear whether to stop."""
        told = time.monotonic()
        while wait(futures, timeout=self._look_every).not_done:
            if not self._works.goes_on(self._id):
                self._stopped.set()
            if time.monotonic() - told > HEARTBEAT_SECONDS:
                self._works.heartbeat(self._id)
                told = time.monotonic()
        for future in futures:
            future.result()

    def _one(self, number: int, item: WorkItem) -> None:
        if self._stopped.is_set():
            return
        item = replace(item, state=ItemState.RUNNING)
        self._note(number, item)
        with closing(self._do(item)) as steps:
            try:
                while not self._stopped.is_set():
                    item = replace(item, steps=(*item.steps, next(steps)))
                    self._note(number, item)
                item = replace(item, state=ItemState.SKIPPED)
            except StopIteration as end:
                item = replace(item, state=ItemState.OK, message=end.value or "")
            except PoolError as error:
                item = replace(item, state=ItemState.FAILED, message=str(error))
        self._note(number, item)

    def _note(self, number: int, item: WorkItem) -> None:
        self._works.note(self._id, self._kind, number, item)
