"""How long things took, in few numbers: how many in each of a row of buckets that grow with the time.

A bucket is a twelfth longer than the one before, so that its middle is never 5 % off.
"""

import json
import math
from collections import Counter
from dataclasses import dataclass

BUCKETS_A_DOUBLING = 8

Histogram = Counter[int]  # how many by bucket


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the 95th percentile, in milliseconds."""

    p50: int
    p95: int


def bucket(ms: int) -> int:
    return int(math.log2(max(ms, 1)) * BUCKETS_A_DOUBLING)


def packed(histogram: Histogram) -> str:
    return json.dumps(histogram, separators=(",", ":"))


def unpacked(text: str) -> Histogram:
    return Counter({int(one): count for one, count in json.loads(text).items()})


def spread(histogram: Histogram) -> Spread | None:
    """None where nothing was timed."""
    if not histogram:
        return None
    return Spread(_percentile(histogram, 0.5), _percentile(histogram, 0.95))


def _percentile(histogram: Histogram, share: float) -> int:
    """The time within which so large a share was done."""
    wanted, seen = share * histogram.total(), 0
    for one in sorted(histogram):
        seen += histogram[one]
        if seen >= wanted:
            break
    return round(2 ** ((one + 0.5) / BUCKETS_A_DOUBLING))
