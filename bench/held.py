"""`python -m bench held`: hundreds of long streams at once, straight at the simulator and by the gateway.

The load, the simulator and the gateway share all cores; how busy those were is part of the figures.
"""

import argparse
import itertools
import re
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.held_figures import HeldFigures, Sample, SideFigures, table
from bench.load import ask
from bench.machine import allow_files, core_times
from bench.measures import behave
from bench.reading import Elements, Frames, Tongue
from bench.servers import Server, free_port, play, serve
from bench.sides import assist, chat, environment, tokens
from bench.streams import Moment, Stream, hold
from gemini_pool.simulator.answer import FILLER, WORDS_PER_DELTA
from gemini_pool.simulator.cast import CAST

WORKERS, THREADS = 2, 200  # of the gateway as it comes
MARGIN = 0.5  # between the last opening, the time that is sampled, and the first end
WARM_SECONDS = 2.0
OWN_FILES = 200  # of any process, beside those of the streams

# For tokens, connections and caches: both sides have them before they are measured.
BRIEF = {"words": 4, "deltas": None, "delay": 0.0}


@dataclass(frozen=True, slots=True)
class Plan:
    """So many streams, opened within `ramp` seconds, each giving `rate` texts a second for `seconds`."""

    streams: int = 500
    seconds: float = 60.0
    rate: float = 20.0
    ramp: float = 5.0
    patience: float = 60.0  # with a stream that should have ended

    @property
    def texts(self) -> int:
        """How many a stream has."""
        return round(self.rate * self.seconds)

    @property
    def words(self) -> int:
        """Of filler in a stream."""
        return self.texts * WORDS_PER_DELTA

    @property
    def behaviour(self) -> dict[str, object]:
        """What the simulator's accounts are told to do."""
        return {"words": self.words, "deltas": self.texts, "delay": 1 / self.rate, "empty_elements": 0}

    def question(self, number: int) -> str:
        """Each of another length, far from its neighbours', so that no two answers are cut alike: a piece of
        one in another shows."""
        return f"Stream {number}{'.' * (number * 37 % 997)}"

    def is_answer(self, number: int, text: str) -> bool:
        """Whether this is what the simulator says to the question: who answers, its echo, then filler."""
        filler = itertools.islice(itertools.cycle(FILLER), self.words)
        said_by = re.match(r"\[\w+/\d{19}/turn 1/[\w.-]+\] ", text)
        return said_by is not None and text[said_by.end() :] == " ".join([self.question(number), *filler])


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked. `served` is what stands between the load and the simulator, if anything does."""

    port: int
    request: Callable[[int, str], bytes]  # from a stream's number and its question
    tongue: Callable[[], Tongue]
    served: Server | None


def add_to(parser: argparse.ArgumentParser) -> None:
    usual = Plan()
    parser.add_argument("--streams", type=int, default=usual.streams, help="held at once")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="that each lasts")
    parser.add_argument("--rate", type=float, default=usual.rate, help="texts a second of each")
    parser.add_argument("--ramp", type=float, default=usual.ramp, help="seconds within which all are opened")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure and print a Markdown table."""
    plan = Plan(options.streams, options.seconds, options.rate, options.ramp)
    print(table(measure(plan)))


def measure(plan: Plan) -> HeldFigures:
    """Hold the streams straight at the simulator, then through the gateway; everything in its own process.

    What goes wrong with a stream is counted and told in the figures. SystemExit when it cannot be begun.
    """
    least = plan.ramp + 4 * MARGIN
    if plan.seconds < least:
        raise SystemExit(f"bench: the streams would hardly be held together; give them {least:g} s or more")
    allow_files(2 * plan.streams + OWN_FILES)
    with play(free_port()) as simulator:
        alone = _held(plan, simulator, straight(simulator.url))
        with tempfile.TemporaryDirectory() as folder, _gateway(plan, simulator, folder) as server:
            target = Target(server.port, lambda _, question: chat(question, stream=True), Frames, server)
            through = _held(plan, simulator, target)
    return HeldFigures(plan.streams, plan.seconds, plan.rate, through, alone)


def straight(url: str) -> Target:
    """The simulator at this address, asked in the service's own protocol with tokens of the whole cast."""
    signed = list(zip(CAST, tokens(url, CAST), strict=True))

    def request(number: int, question: str) -> bytes:
        return assist(*signed[number % len(signed)], question)

    return Target(int(urlsplit(url).port or 80), request, Elements, None)


def asked(plan: Plan, target: Target, moments: Iterable[Moment] = ()) -> list[Stream]:
    """The plan's streams, held to their ends; each is compared with what must have been sent."""
    streams = [
        Stream(target.request(number, plan.question(number)), target.tongue())
        for number in range(plan.streams)
    ]
    give_up = plan.ramp + plan.seconds + plan.patience
    hold(target.port, streams, ramp=plan.ramp, give_up=give_up, moments=moments)
    for number, stream in enumerate(streams):
        if not (stream.error or stream.torn):
            stream.torn = _missed(plan, number, stream)
    return streams


def _gateway(plan: Plan, simulator: Server, folder: str) -> Server:
    # A worker may be given more than its half of the streams.
    threads = max(THREADS, round(plan.streams / WORKERS * 1.2))
    environ = {"WEB_CONCURRENCY": str(WORKERS), "THREADS": str(threads), "LOG_LEVEL": "warning"}
    return serve(free_port(), environment(simulator.url, folder) | environ)


def _held(plan: Plan, simulator: Server, target: Target) -> SideFigures:
    _warm(simulator, target)
    behave(simulator, plan.behaviour)
    samples: list[Sample] = []

    def sample() -> None:
        samples.append(_sample(simulator, target.served))

    sample()
    streams = asked(plan, target, [(plan.ramp + MARGIN, sample), (plan.seconds - MARGIN, sample)])
    return SideFigures.of(streams, *samples, nominal=1 / plan.rate)


def _warm(simulator: Server, target: Target) -> None:
    behave(simulator, BRIEF)
    until = time.monotonic() + WARM_SECONDS
    while time.monotonic() < until:
        ask(target.port, target.request(0, "Warm?"), connections=16, seconds=0)


def _missed(plan: Plan, number: int, stream: Stream) -> str:
    """What is wrong with a stream that ended, if anything is."""
    if not stream.whole:
        return "its last words are missing"
    return "" if plan.is_answer(number, stream.text) else "its text is not what was sent"


def _sample(simulator: Server, served: Server | None) -> Sample:
    return Sample(
        at=time.perf_counter(),
        served_cpu=served.cpu_seconds() if served else 0.0,
        simulator_cpu=simulator.cpu_seconds(),
        load_cpu=time.process_time(),
        served_mb=served.resident_mb_of_all() if served else 0.0,
        cores=core_times(),
    )
