"""The machine under a measurement: how busy its cores are, how many files may be open."""

import resource
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CoreTimes:
    """Ticks that each core has worked, and has had, since the machine started."""

    worked: tuple[int, ...]
    had: tuple[int, ...]

    def busy_since(self, before: "CoreTimes") -> tuple[float, ...]:
        """How busy each core was since then, from 0 to 1."""
        spans = zip(self.worked, before.worked, self.had, before.had, strict=True)
        return tuple((w - w0) / max(1, h - h0) for w, w0, h, h0 in spans)


def core_times() -> CoreTimes:
    """What /proc/stat says of each core; time that the host took from us counts as worked."""
    lines = [line.split() for line in Path("/proc/stat").read_text().splitlines() if line.startswith("cpu")]
    cores = [[int(ticks) for ticks in line[1:9]] for line in lines if line[0] != "cpu"]
    had = tuple(sum(core) for core in cores)
    idle = tuple(core[3] + core[4] for core in cores)  # idle, and idle while a disk works
    return CoreTimes(tuple(h - i for h, i in zip(had, idle, strict=True)), had)


def allow_files(wanted: int) -> None:
    """Raise the limit of open files as far as is allowed, for us and whom we start.

    SystemExit when that is less than `wanted`.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most != resource.RLIM_INFINITY and most < wanted:
        raise SystemExit(
            f"bench: {most} files may be open, {wanted} are needed; raise `ulimit -Hn` or hold fewer streams"
        )
