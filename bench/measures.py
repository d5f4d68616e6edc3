"""One round of one side: a fresh server, four measures."""

import os
import statistics
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.load import Tally, ask
from bench.servers import Server, control
from bench.sides import Side

EVENTS = 31
PAUSE = 0.002  # between the events of a stream, so that each travels alone
WHOLE = {"text": "The quick brown fox jumps over the lazy dog. " * 40, "deltas": 4, "delay": 0.0}
STREAM = {
    "text": "The quick brown fox jumps. " * EVENTS,
    "deltas": EVENTS,
    "delay": PAUSE,
    "empty_elements": 0,
}
HELD = {"text": "hold " * 8, "deltas": 8, "delay": 1.0}
HELD_STREAMS = 200


@dataclass(frozen=True)
class Figures:
    """What one round came to. Latency and first byte in ms at one connection, rates per second."""

    latency_ms: float
    first_byte_ms: float
    requests: float
    request_cpu_us: float
    streams: float
    event_cpu_us: float
    stream_kb: float
    other_core: float  # how busy the simulator and the load were, of one core, at the worst


@dataclass(frozen=True)
class Load:
    """A tally, with the CPU seconds that the served side and the other core spent on it."""

    tally: Tally
    served_cpu: float
    other_core: float


def measured(side: Side, simulator: Server, seconds: float) -> Figures:
    """Start the side, measure, stop it."""
    server = side.start()
    try:
        behave(simulator, WHOLE)
        loaded(side.whole, server, simulator, connections=4, seconds=1)  # tokens, connections, caches
        alone = loaded(side.whole, server, simulator, connections=1, seconds=seconds)
        crowd = loaded(side.whole, server, simulator, connections=16, seconds=seconds)
        behave(simulator, STREAM)
        first = loaded(side.stream, server, simulator, connections=1, seconds=seconds / 2)
        streams = loaded(side.stream, server, simulator, connections=64, seconds=seconds)
        return Figures(
            latency_ms=statistics.median(alone.tally.total) * 1000,
            first_byte_ms=statistics.median(first.tally.first) * 1000,
            requests=crowd.tally.per_second,
            request_cpu_us=crowd.served_cpu / len(crowd.tally.total) * 1e6,
            streams=streams.tally.per_second,
            event_cpu_us=streams.served_cpu / (len(streams.tally.total) * EVENTS) * 1e6,
            stream_kb=held(side, server, simulator),
            other_core=max(crowd.other_core, streams.other_core),
        )
    finally:
        server.stop()


def behave(simulator: Server, behaviour: Mapping[str, object]) -> None:
    control(simulator.port, "behaviour", {"account": None, "behaviour": behaviour})


def loaded(request: bytes, server: Server, simulator: Server, *, connections: int, seconds: float) -> Load:
    served, own, played = server.cpu_seconds(), time.process_time(), simulator.cpu_seconds()
    tally = ask(server.port, request, connections=connections, seconds=seconds)
    other = time.process_time() - own + simulator.cpu_seconds() - played
    return Load(tally, server.cpu_seconds() - served, other / tally.seconds)


def held(side: Side, server: Server, simulator: Server) -> float:
    """KB of memory that one open, slow stream costs."""
    behave(simulator, HELD)
    before = server.resident_mb()
    load = threading.Thread(
        target=ask, args=(server.port, side.stream), kwargs={"connections": HELD_STREAMS, "seconds": 0.0}
    )
    load.start()
    while open_streams(simulator) < HELD_STREAMS:
        time.sleep(0.05)
    grown = server.resident_mb() - before
    load.join()
    return max(0.0, grown) * 1000 / HELD_STREAMS


def open_streams(simulator: Server) -> int:
    answer = control(simulator.port, "open")
    return int(answer["open_streams"] if isinstance(answer, dict) else 0)


def one_core() -> bool:
    return (os.cpu_count() or 1) < 2
