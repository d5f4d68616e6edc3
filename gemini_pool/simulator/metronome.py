"""One beat for all who rest, so that hundreds of streams at a pace of their own cost few timers."""

import asyncio
from collections.abc import Callable

TICKS_PER_S = 1000
"""As fine as the selector sleeps."""


class Metronome:
    """Calls players soon after they are due, all those of one tick in a row.

    A timer of the loop for every rest would cost more than the write after it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._resting: dict[int, list[Callable[[], None]]] = {}

    def call_at(self, due: float, play: Callable[[], None], slack: float = 0.0) -> None:
        """Call at this time of the loop's clock, or up to a tick or `slack` seconds later.

        What comes again and again in equal steps is late by the same all along. There is no calling off.
        """
        beat = int(slack * TICKS_PER_S) or 1
        tick = int(due * TICKS_PER_S) // beat * beat + beat
        players = self._resting.get(tick)
        if players is None:
            self._resting[tick] = [play]
            self._loop.call_at(tick / TICKS_PER_S, self._strike, tick)
        else:
            players.append(play)

    def _strike(self, tick: int) -> None:
        for play in self._resting.pop(tick):
            play()
