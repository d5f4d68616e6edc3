"""A run of the browser from its start to its last trace: folder, driver, processes."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from gemini_pool.sign_in_errors import BrowserFailed
from gemini_pool.signin.browser import Browser, Driver, open_browser, start_driver
from gemini_pool.signin.choice import BrowserChoice
from gemini_pool.signin.processes import Tree

PREFIX = "run-"
# A lock that dies with its process tells a run that is alive from what a killed one left behind.
LOCK = "lock"
TEMPORARY = "temporary"
WEIGH_SECONDS = 1.0


class Run:
    """A folder of its own under `folder`; `end` leaves neither it nor any process. BrowserFailed where the
    folder cannot be made."""

    def __init__(self, choice: BrowserChoice, folder: Path) -> None:
        self._choice = choice
        self._driver: Driver | None = None
        self._elsewhere: Browser | None = None
        self._starting = threading.Lock()
        self._over = False
        self._weighed = 0.0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
            self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            # The browser puts a socket there, whose whole path may have no more than 107 characters.
            self._temporary = Path(tempfile.mkdtemp(prefix="gp-"))
            (self.path / TEMPORARY).symlink_to(self._temporary)
        except OSError as error:
            raise BrowserFailed(f"No folder for the browser under {folder}: {error.strerror}.") from error

    def start(self) -> Browser:
        """A browser, new or in place of one that is gone. BrowserFailed."""
        if self._choice.remote:
            self._elsewhere = open_browser(self._choice, self._choice.remote, None)
            return self._elsewhere
        with self._starting:
            if self._over:
                raise BrowserFailed("The browser was ended before it had started.")
            self._end_processes()
            driver = self._driver = start_driver(self._choice, self.path, self._temporary)
        return open_browser(self._choice, driver.service_url, self._choice.profile or self.path / "profile")

    def check(self) -> None:
        """BrowserFailed when it takes too much memory. Looks once a second, however often it is called."""
        now = time.monotonic()
        if self._choice.remote or now < self._weighed + WEIGH_SECONDS:
            return
        self._weighed = now
        taken = self._tree().megabytes()
        if taken > self._choice.most_mb:
            raise BrowserFailed(
                f"The browser took {taken:.0f} MB and may take {self._choice.most_mb} (BROWSER_MAX_MB)."
            )

    def end(self) -> None:
        """Whatever the state: no process, no folder."""
        if self._elsewhere is not None:
            self._elsewhere.close()
        self._over = True
        self._tree().end()  # a driver that is just being waited for, too: nobody waits for a dead one
        with self._starting:
            self._end_processes()
        _remove(self.path)
        os.close(self._lock)

    def _tree(self) -> Tree:
        process = self._driver.process if self._driver else None
        return Tree(self.path, process.pid if process else None)

    def _end_processes(self) -> None:
        self._tree().end()
        if self._driver is not None:
            with suppress(subprocess.TimeoutExpired):
                self._driver.process.wait(1)
            self._driver = None
        if self._choice.profile is not None:  # else the next browser takes it for the one that held it
            for name in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
                (self._choice.profile / name).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """End the processes and remove the folders of runs whose own process was killed; those of others that
    live are left alone."""
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = os.open(path / LOCK, os.O_CREAT | os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                Tree(path).end()
                _remove(path)
            finally:
                os.close(lock)


def _remove(path: Path) -> None:
    with suppress(OSError):
        shutil.rmtree((path / TEMPORARY).readlink(), ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)
