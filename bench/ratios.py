"""`python -m bench ratios`: the gateway and the bare pass-through in turn, against one simulator."""

import argparse
import os
import statistics
import tempfile
from contextlib import ExitStack

from bench.measures import Figures, measured, one_core
from bench.servers import LOAD_CPU, play
from bench.sides import bare, gateway

SIMULATOR_PORT = 9180
BUSY = 0.9  # of its core: above this the simulator and the load are part of what is measured
NAMES = {
    "latency_ms": "latency at one connection, ms",
    "first_byte_ms": "first byte of a stream, ms",
    "requests": "requests per second",
    "request_cpu_us": "CPU per request, µs",
    "streams": "streams per second (31 events)",
    "event_cpu_us": "CPU per stream event, µs",
    "stream_kb": "memory per held stream, KB",
}


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=5, help="of each side, in turn")
    parser.add_argument("--seconds", type=float, default=4.0, help="for each measure of a round")
    parser.add_argument(
        "--engine", choices=["requests", "urllib3"], default="requests", help="of the bare side"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure in turn, so that a slow minute of the machine hits both sides; print medians and ratios."""
    if one_core():
        raise SystemExit("bench: needs two cores, one for the served side and one for the load")
    os.sched_setaffinity(0, {LOAD_CPU})
    with ExitStack() as stack:
        simulator = stack.enter_context(play(SIMULATOR_PORT, cpu=LOAD_CPU))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        sides = (gateway(simulator.url, folder), bare(simulator.url, options.engine))
        rounds: dict[str, list[Figures]] = {side.name: [] for side in sides}
        for number in range(options.rounds):
            for side in sides:
                rounds[side.name].append(measured(side, simulator, options.seconds))
            print(f"round {number + 1} of {options.rounds} done", flush=True)
    report(rounds["gateway"], rounds["bare"], options.engine)


def report(gateway_rounds: list[Figures], bare_rounds: list[Figures], engine: str) -> None:
    """A Markdown table: medians of each side, and the median, least and greatest ratio of the rounds."""
    print(f"\n| | gateway | bare ({engine}) | ratio | least–greatest |\n|---|---|---|---|---|")
    for name, words in NAMES.items():
        ours = [getattr(f, name) for f in gateway_rounds]
        theirs = [getattr(f, name) for f in bare_rounds]
        ratios = [a / b for a, b in zip(ours, theirs, strict=True) if b]
        median, spread = _spread(ratios)
        middle = f"{statistics.median(ours):.1f} | {statistics.median(theirs):.1f}"
        print(f"| {words} | {middle} | {median} | {spread} |")
    busiest = max(f.other_core for f in gateway_rounds + bare_rounds)
    print(f"\nThe core of the simulator and the load was at most {busiest:.0%} busy.")
    if busiest > BUSY:
        print("That is too much: it was part of what was measured. Rates of the faster side are understated.")


def _spread(ratios: list[float]) -> tuple[str, str]:
    if not ratios:
        return "–", "–"
    return f"**{statistics.median(ratios):.2f}**", f"{min(ratios):.2f}–{max(ratios):.2f}"
