"""What a caller waits for: one round trip upstream, and nothing of ours that he would notice."""

import socket
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from running import RunningPool, until

from bench.sides import KEY, assist, chat, tokens
from gemini_pool.simulator.server import Simulator

ROUND_TRIP = 0.2
CONVERSATIONS = 8
QUESTION = "What does the fox do?"
ANSWER = b"It jumps."
WARMERS = 12  # requests after which each of two workers has had its own


def seconds_to_the_first_word(url: str, request: bytes) -> float:
    """From the question to the first text of the answer, over a connection of its own."""
    parts = urlsplit(url)
    begun = time.monotonic()
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as plug:
        plug.sendall(request)
        heard = b""
        while ANSWER not in heard:
            heard += (piece := plug.recv(65536))
            assert piece, heard
        return time.monotonic() - begun


@pytest.mark.long
def test_a_new_conversation_costs_one_round_trip(
    simulator: Simulator, start_pool: Callable[..., RunningPool]
) -> None:
    simulator.world.behave("amber", rtt=ROUND_TRIP, text=ANSWER.decode())
    pool = start_pool("amber", API_KEY=KEY)
    ours = chat(QUESTION, stream=True)
    bare = assist("amber", tokens(simulator.url, ["amber"])[0], QUESTION)
    for _ in range(WARMERS):
        seconds_to_the_first_word(pool.url, ours)
    until(lambda: simulator.world.counts()["amber"]["session"] >= WARMERS + 2, what="sessions to spare")
    pool_waits, bare_waits = [], []
    for _ in range(CONVERSATIONS):
        time.sleep(2.5 * ROUND_TRIP)  # in which the next session is made; from outside nothing tells of it
        pool_waits.append(seconds_to_the_first_word(pool.url, ours))
        bare_waits.append(seconds_to_the_first_word(simulator.url, bare))
    assert statistics.median(pool_waits) < 1.15 * statistics.median(bare_waits), (pool_waits, bare_waits)
