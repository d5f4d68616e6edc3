"""Makes the films that callers ordered: each process takes up as many orders as it can make at one time.

An order needs neither the request that made it nor the process that took it: whoever is at one says so every
few seconds, and of whom nothing is heard, his orders are taken up by another. So a film may be made twice,
and is given out once.
"""

import atexit
import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from gemini_pool.dialogue import FileSource, MadeFile, Model, Prompt, Role, Turn
from gemini_pool.errors import (
    BadReply,
    CallerError,
    CallerGone,
    NoAccountAvailable,
    PolicyRefused,
    PoolError,
    Stopping,
    StoreError,
)
from gemini_pool.media.intake import Gather
from gemini_pool.media.shelf import Shelf
from gemini_pool.pool.answer import Answer, Outcome
from gemini_pool.pool.runner import Runner
from gemini_pool.store.journal import AttemptRecord, CallRecord, message_of
from gemini_pool.store.videos import VideoJob, Videos
from gemini_pool.weights import weight, whole

log = logging.getLogger(__name__)

ENDPOINT = "/v1/videos"
AT_ONCE = 4
LOOK_EVERY_SECONDS = 3.0
# Nobody lives who has been silent for so long.
UNHEARD_SECONDS = 30.0
# An order that so many processes died of is not taken up again.
MOST_ATTEMPTS = 5
FOLDER = "video"


@dataclass(slots=True)
class _Making:
    """An order that this process is at. It may be lost meanwhile: deleted, or taken up by another."""

    job: VideoJob
    answer: Answer = field(default_factory=Answer)
    lost: bool = False


class Films:
    """Thread-safe. Its threads start with the first order, or when it is told to; nobody waits for them."""

    def __init__(
        self,
        videos: Videos,
        runner: Runner,
        shelf: Shelf,
        resolve: Callable[[str], Model],
        gather: Gather,
        record: Callable[[CallRecord], None],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._videos = videos
        self._runner = runner
        self._shelf = shelf
        self._resolve = resolve
        self._gather = gather
        self._record = record
        self._clock = clock
        self._owner = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._making: dict[str, _Making] = {}
        self._looking: threading.Thread | None = None
        self._woken = threading.Event()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Look for orders from now on; nothing when that is so already."""
        with self._lock:
            if self._looking is None:
                atexit.register(self.stop)
                self._looking = threading.Thread(target=self._look, name="films", daemon=True)
                self._looking.start()

    def wake(self) -> None:
        """There is an order: look at once."""
        self.start()
        self._woken.set()

    def stop(self) -> None:
        """Take up no more, and leave what is under way to whoever comes next."""
        atexit.unregister(self.stop)
        self._stopped.set()
        self._woken.set()
        with self._lock:
            left = list(self._making)
        if not left:
            return
        try:
            self._videos.put_back(self._owner, left)
        except StoreError:
            log.warning("%d films are left, and are begun anew in a while", len(left), exc_info=True)

    def _look(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            try:
                self._beat()
                while making := self._take():
                    threading.Thread(
                        target=self._work, args=(making,), name=f"film-{making.job.id}", daemon=True
                    ).start()
            except StoreError:
                log.warning("orders of films cannot be read; it is tried again", exc_info=True)
            self._woken.wait(LOOK_EVERY_SECONDS)

    def _beat(self) -> None:
        """Say that this process is at its orders, and learn which of them it has lost."""
        with self._lock:
            making = dict(self._making)
        if making:
            still = self._videos.beat(self._owner, making.keys(), self._clock())
            for job_id in making.keys() - still:
                making[job_id].lost = True

    def _take(self) -> _Making | None:
        """The next order, if there is one and time for it."""
        with self._lock:
            if self._stopped.is_set() or len(self._making) >= AT_ONCE:
                return None
            now = self._clock()
            job = self._videos.claim(self._owner, now=now, unheard_since=now - UNHEARD_SECONDS)
            if job is None:
                return None
            making = self._making[job.id] = _Making(job)
            return making

    # One film, in a thread of its own

    def _work(self, making: _Making) -> None:
        made = self._made(making)
        try:
            self._settle(making, made)
        except StoreError:
            log.warning("how %s ended cannot be written: it is made anew", making.job.id, exc_info=True)
        finally:
            with self._lock:
                if self._making.get(making.job.id) is making:  # or one that was put back is taken again
                    del self._making[making.job.id]
            self._woken.set()

    def _made(self, making: _Making) -> MadeFile | PoolError:
        """The film, or why there is none."""
        try:
            return self._film(making)
        except PoolError as error:
            return error
        except Exception as error:  # the border: whatever it is, the order must tell of it
            request_id = making.job.request_id
            log.error("request %s failed", request_id, exc_info=error)
            return PoolError(f"Something went wrong here. Give the operator this id: {request_id}.")

    def _film(self, making: _Making) -> MadeFile:
        job = making.job
        if job.attempts > MOST_ATTEMPTS:
            raise PoolError(
                f"The service ended {MOST_ATTEMPTS} times while it made this film. Order it again."
            )
        turns = (Turn(Role.USER, in_words(job)),)
        sources = ((FileSource("input_reference", file_id=job.reference),),) if job.reference else ()
        with closing(self._gather(turns, sources, job.scope)) as gathered:
            prompt = Prompt(self._resolve(job.model), gathered.turns, must_make=True)
            answer = self._runner.run(
                prompt,
                scope=job.scope,
                anew=True,
                whole=True,
                check=lambda: self._check(making),
                answer=making.answer,
            )
            with closing(answer):
                made = [event for event in answer if isinstance(event, MadeFile)]
        film = next((file for file in made if file.folder == FOLDER), None)
        if film is None:
            raise BadReply(
                "The service made a picture and no film. Say in the prompt that it is to be a film."
            )
        return film

    def _check(self, making: _Making) -> None:
        if self._stopped.is_set():
            raise Stopping("The service is being stopped; the film is made after its start.", retry_after=1.0)
        if making.lost:
            raise CallerGone("The order was deleted.")

    def _settle(self, making: _Making, made: MadeFile | PoolError) -> None:
        """Write how it ended, unless it is to be begun anew."""
        job = making.job
        if isinstance(made, Stopping | StoreError):
            return
        if isinstance(made, NoAccountAvailable) and made.busy:
            self._videos.put_back(self._owner, [job.id])
            return
        if isinstance(made, MadeFile):
            if not self._videos.complete(self._owner, job.id, made.name, self._clock()):
                self._shelf.delete(made.folder, made.name)
                made = CallerGone("The order was deleted.")
        elif not isinstance(made, CallerGone):
            self._videos.fail(self._owner, job.id, code_of(made), str(made), self._clock())
        self._record(self._row(making, made))

    def _row(self, making: _Making, made: MadeFile | PoolError) -> CallRecord:
        job = making.job
        gone = Outcome.CLIENT_CLOSED if isinstance(made, CallerGone) else Outcome.ERROR
        failed = isinstance(made, PoolError)
        return CallRecord(
            at=job.created_at,
            request_id=job.request_id,
            key_id=job.key_id,
            key_name=job.key_name,
            account_id=making.answer.account_id,
            model=job.model,
            endpoint=ENDPOINT,
            outcome=(gone if failed else Outcome.OK).value,
            error=type(made).__name__ if failed else "",
            first_ms=None,
            total_ms=round((self._clock() - job.created_at) * 1000),
            prompt_tokens=whole(weight(job.prompt)),
            completion_tokens=0,
            error_message=message_of(made) if isinstance(made, PoolError) else "",
            attempts=tuple(
                AttemptRecord.of(one.account_id, one.error, one.seconds) for one in making.answer.attempts
            ),
        )


def in_words(job: VideoJob) -> str:
    """What the model is asked: it has no fields for a film's length and size."""
    wishes = []
    if job.seconds:
        wishes.append(f"Length of the film: {job.seconds} seconds.")
    if job.size:
        width, _, height = job.size.partition("x")
        shape = "portrait" if int(width) < int(height) else "landscape"
        wishes.append(f"Size of the film: {width} by {height} pixels, {shape}.")
    return "\n\n".join(filter(None, [job.prompt, " ".join(wishes)]))


def code_of(error: PoolError) -> str:
    """An error in a word that programs can read."""
    if isinstance(error, CallerError):
        return error.code or "invalid_request"
    if isinstance(error, PolicyRefused):
        return "content_filter"
    if isinstance(error, NoAccountAvailable):
        return "rate_limit_exceeded" if error.limited else "no_account_available"
    return "server_error"
