"""What held streams came to, as values and as a table."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from bench.machine import CoreTimes
from bench.streams import Stream

TOLD = 5  # of what went wrong


@dataclass(frozen=True, slots=True)
class Sample:
    """What had been used by a moment: `at` and CPU in seconds, memory in MB."""

    at: float
    served_cpu: float
    simulator_cpu: float
    load_cpu: float
    served_mb: float
    cores: CoreTimes


@dataclass(frozen=True, slots=True)
class SideFigures:
    """One side. Times of texts are of all streams from first to last; CPU and rates only of the time in which
    all were open. `first` counts from the opening of the connection; `late` is the share of gaps over twice
    the nominal one; `cores` how busy each was, from 0 to 1; `others` how many cores had foreign work.
    """

    opened: int
    errors: int
    torn: int
    first_ms: float
    first_p99_ms: float
    gap_ms: float
    gap_p99_ms: float
    gap_p999_ms: float
    late: float
    texts_per_second: float
    served_cpu_us: float
    simulator_cpu_us: float
    load_cpu_us: float
    stream_kb: float
    cores: tuple[float, ...]
    others: float
    complaints: tuple[str, ...]

    @classmethod
    def of(
        cls, streams: Sequence[Stream], rest: Sample, begun: Sample, ended: Sample, *, nominal: float
    ) -> Self:
        """From the ended streams, and the samples before them and at both ends of the time all were open."""
        first = sorted(stream.times[0] - stream.opened for stream in streams if stream.times)
        gaps = sorted(b - a for stream in streams for a, b in itertools.pairwise(stream.times))
        seconds = ended.at - begun.at
        texts = max(1, sum(begun.at <= at < ended.at for stream in streams for at in stream.times))
        served, simulator = ended.served_cpu - begun.served_cpu, ended.simulator_cpu - begun.simulator_cpu
        load = ended.load_cpu - begun.load_cpu
        cores = ended.cores.busy_since(begun.cores)
        return cls(
            opened=len(first),
            errors=sum(bool(stream.error) for stream in streams),
            torn=sum(bool(stream.torn) for stream in streams),
            first_ms=_at(first, 0.5) * 1000,
            first_p99_ms=_at(first, 0.99) * 1000,
            gap_ms=_at(gaps, 0.5) * 1000,
            gap_p99_ms=_at(gaps, 0.99) * 1000,
            gap_p999_ms=_at(gaps, 0.999) * 1000,
            late=sum(gap > 2 * nominal for gap in gaps) / max(1, len(gaps)),
            texts_per_second=texts / seconds,
            served_cpu_us=served / texts * 1e6,
            simulator_cpu_us=simulator / texts * 1e6,
            load_cpu_us=load / texts * 1e6,
            stream_kb=(ended.served_mb - rest.served_mb) * 1000 / len(streams),
            cores=cores,
            others=max(0.0, sum(cores) - (served + simulator + load) / seconds),
            complaints=_complaints(streams),
        )


@dataclass(frozen=True, slots=True)
class HeldFigures:
    """Both sides of the same load: `streams`, each of `seconds` with `rate` texts a second."""

    streams: int
    seconds: float
    rate: float
    gateway: SideFigures
    straight: SideFigures

    @property
    def nominal_ms(self) -> float:
        """The gap between two texts as it is sent."""
        return 1000 / self.rate

    @property
    def added_first_ms(self) -> float:
        """What the gateway adds to the time to the first text, median against median."""
        return self.gateway.first_ms - self.straight.first_ms


def table(figures: HeldFigures) -> str:
    """Markdown."""
    title = f"{figures.streams} streams of {figures.seconds:g} s, {figures.rate:g} texts a second each"
    both = (figures.gateway, figures.straight)
    rows = [f"| {' | '.join(row)} |" for row in _rows(figures)]
    told = [f"- {complaint}" for side in both for complaint in side.complaints]
    lines = [f"| {title} | gateway | straight at the simulator |", "|---|---|---|", *rows]
    added = f"The gateway adds **{figures.added_first_ms:.1f} ms** to the median time to the first text."
    return "\n".join([*lines, "", added, *told])


def _rows(figures: HeldFigures) -> Iterator[tuple[str, ...]]:
    both = (figures.gateway, figures.straight)

    def row(words: str, name: str, form: str = ".1f") -> tuple[str, ...]:
        return words, *(format(getattr(side, name), form) for side in both)

    yield row("streams opened", "opened", "d")
    yield row("errors", "errors", "d")
    yield row("torn", "torn", "d")
    yield row("first text, median, ms", "first_ms")
    yield row("first text, p99, ms", "first_p99_ms")
    yield row(f"gap between texts (nominal {figures.nominal_ms:g}), median, ms", "gap_ms")
    yield row("gap, p99, ms", "gap_p99_ms")
    yield row("gap, p99.9, ms", "gap_p999_ms")
    yield row("gaps over twice the nominal", "late", ".3%")
    yield row("texts per second", "texts_per_second", ".0f")
    yield row("CPU per text, gateway, µs", "served_cpu_us")
    yield row("CPU per text, simulator, µs", "simulator_cpu_us")
    yield row("CPU per text, load, µs", "load_cpu_us")
    yield row("memory per stream, gateway, KB", "stream_kb")
    yield "cores busy", *(_shares(side.cores) for side in both)
    yield row("cores busy with other work", "others", ".2f")


def _shares(cores: Sequence[float]) -> str:
    return ", ".join(f"{core:.0%}" for core in cores)


def _complaints(streams: Sequence[Stream]) -> tuple[str, ...]:
    told = (f"stream {n} {s.error or s.torn}" for n, s in enumerate(streams) if s.error or s.torn)
    return tuple(itertools.islice(told, TOLD))


def _at(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of them lies; not a number when there are none."""
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
