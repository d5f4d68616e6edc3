"""The processes of a browser: all that a run has started is found, weighed and ended.

A run is known by its folder, which stands in the environment of all its processes and in the command lines of
most, and by the session that its driver leads. Where there is no /proc, only the driver's group is known.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
END_SECONDS = 5.0
_STEP_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Tree:
    """All processes of one run. `session` is the driver's, None where it is not known (any more)."""

    folder: Path
    session: int | None = None

    def processes(self) -> list[int]:
        """The ids of those that live."""
        return [process for process in _ours() if self._has(process)]

    def megabytes(self) -> float:
        """What they take: memory that several share is counted once."""
        return sum(map(_kilobytes, self.processes())) / 1024

    def end(self) -> bool:
        """Kill them all, and see to it that none is left; False if one is after END_SECONDS."""
        if self.session is not None:
            with suppress(OSError):
                os.killpg(self.session, signal.SIGKILL)
        ends = time.monotonic() + END_SECONDS
        doomed: set[int] = set()
        while living := {process for process in doomed.union(self.processes()) if not _is_over(process)}:
            doomed |= living  # one that is dying bears no mark any more
            for process in living:
                with suppress(OSError):
                    os.kill(process, signal.SIGKILL)
            if time.monotonic() > ends:
                return False
            time.sleep(_STEP_SECONDS)
        for process in doomed:
            _bury(process)
        return True

    def _has(self, process: int) -> bool:
        if self.session is not None and _session(process) == self.session:
            return True
        mark = os.fsencode(self.folder)
        return any(mark in _read(process, name) for name in ("cmdline", "environ"))


def _ours() -> Iterator[int]:
    """The living processes of this user; not ourselves, nor what is over and waits for its parent."""
    me, user = os.getpid(), os.geteuid()
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and int(entry.name) != me:
            with suppress(OSError):
                if entry.stat().st_uid in (user, 0) and not _is_over(int(entry.name)):
                    yield int(entry.name)


def _bury(process: int) -> None:
    """Whose parent is gone is ours to bury where we are the first process; a driver is its starter's."""
    status = _status(process)
    if len(status) > 3 and int(status[1]) == os.getpid() and int(status[3]) != process:
        with suppress(ChildProcessError):
            os.waitpid(process, os.WNOHANG)


def _is_over(process: int) -> bool:
    return _status(process)[:1] in ([b"Z"], [b"X"], [])


def _session(process: int) -> int | None:
    fields = _status(process)
    return int(fields[3]) if len(fields) > 3 else None


def _status(process: int) -> list[bytes]:
    """State, parent, group, session and more; the name before them may hold anything."""
    return _read(process, "stat").rpartition(b")")[2].split()


def _kilobytes(process: int) -> int:
    """Its share of what it uses; where we may not see that, all that it uses."""
    for name, word in (("smaps_rollup", b"Pss:"), ("status", b"VmRSS:")):
        for line in _read(process, name).splitlines():
            if line.startswith(word):
                return int(line.split()[1])
    return 0


def _read(process: int, name: str) -> bytes:
    try:
        return (PROC / str(process) / name).read_bytes()
    except OSError:
        return b""
