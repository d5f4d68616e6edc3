"""What held streams came to, from streams and samples made by hand."""

import pytest

from bench.held_figures import HeldFigures, Sample, SideFigures, table
from bench.machine import CoreTimes
from bench.reading import Frames
from bench.streams import Stream

NOMINAL = 0.1


def stream(*times: float, error: str = "", torn: str = "") -> Stream:
    made = Stream(b"", Frames())
    made.times.extend(times)
    made.error, made.torn = error, torn
    return made


def sample(at: float, cpu: float, mb: float = 0.0, worked: int = 0) -> Sample:
    ticks = round(at * 100)
    return Sample(at, cpu, cpu / 2, cpu / 4, mb, CoreTimes((worked, worked), (ticks, ticks)))


def figures(*streams: Stream) -> SideFigures:
    ends = sample(0, 0, 50), sample(1, 1, 60, worked=20), sample(11, 2, 70, worked=820)
    return SideFigures.of(streams, *ends, nominal=NOMINAL)


def test_gaps_are_those_within_a_stream() -> None:
    side = figures(stream(1.0, 1.1, 1.2, 1.3, 1.6), stream(5.0, 5.1))
    assert side.gap_ms == pytest.approx(100)
    assert side.gap_p99_ms == side.gap_p999_ms == pytest.approx(300)
    assert side.late == pytest.approx(1 / 5)


def test_the_first_text_counts_from_the_opening() -> None:
    late = stream(2.5)
    late.opened = 2.0
    side = figures(stream(0.1), stream(0.2), late)
    assert side.first_ms == pytest.approx(200)
    assert side.first_p99_ms == pytest.approx(500)


def test_cpu_is_for_the_texts_of_the_time_that_was_sampled() -> None:
    side = figures(stream(0.5, *(1.0 + n for n in range(10)), 11.0, 12.0))
    assert side.texts_per_second == pytest.approx(1)
    assert side.served_cpu_us == pytest.approx(1e5)
    assert side.simulator_cpu_us == pytest.approx(5e4)
    assert side.load_cpu_us == pytest.approx(2.5e4)
    assert side.cores == pytest.approx((0.8, 0.8))
    assert side.others == pytest.approx(1.6 - 0.175)


def test_memory_is_what_was_added_for_each_stream() -> None:
    assert figures(stream(1.0), stream(1.0)).stream_kb == pytest.approx(10_000)


def test_what_went_wrong_is_counted_and_told() -> None:
    side = figures(stream(1.0), stream(error="broken"), stream(1.0, torn="half"), stream(1.0, torn="mixed"))
    assert (side.opened, side.errors, side.torn) == (3, 1, 2)
    assert side.complaints == ("stream 1 broken", "stream 2 half", "stream 3 mixed")
    told = table(HeldFigures(4, 60.0, 20.0, side, figures(*[stream(1.0)] * 4)))
    assert "| streams opened | 3 | 4 |" in told
    assert "| errors | 1 | 0 |" in told
    assert "| torn | 2 | 0 |" in told
    assert told.endswith("- stream 1 broken\n- stream 2 half\n- stream 3 mixed")


def test_nothing_at_all_can_be_told_too() -> None:
    side = figures(stream(error="refused"))
    assert "| streams opened | 0 | 0 |" in table(HeldFigures(1, 60.0, 20.0, side, side))
