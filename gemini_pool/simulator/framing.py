"""From elements to writes on the socket: the array, gzip, and the cuts of the transport.

Everything here is lazy: the elements are composed shortly before their turn to be sent, so that hundreds of
long answers can begin at once, and none is held in memory whole.
"""

import itertools
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator

from gemini_pool.simulator.behaviour import Behaviour
from gemini_pool.simulator.http import JSON, chunk, response_head
from gemini_pool.simulator.performance import Performance
from gemini_pool.simulator.script import NO_HEADERS, Ending, Write

GZIP_WINDOW = 31  # zlib's number for "gzip format, largest window"
LARGEST_WRITE = 64 * 1024
AHEAD = 32
"""Writes composed at a time."""

Piece = tuple[bytes, bool]
"""A piece of the body, and whether it is the last."""


def stream_writes(performance: Performance, behaviour: Behaviour, *, gzip: bool) -> Iterator[Write]:
    """The whole response: head, chunks, and the end mark where the ending allows one."""
    pieces = _array(performance)
    whole = performance.ending is Ending.KEEP
    if gzip:
        pieces = _squeezed(pieces, whole)
    headers = {"Content-Encoding": "gzip"} if gzip else NO_HEADERS
    writes = itertools.chain(
        [(response_head(200, JSON, headers, None), 0.0)],
        _chunks(pieces, behaviour),
        [(chunk(b""), 0.0)] if whole else (),
    )
    return _ahead(writes if behaviour.split else _joined(writes))


def _ahead(writes: Iterator[Write]) -> Iterator[Write]:
    """The same writes, composed some at a time: one by one each would find the caches cold."""
    return itertools.chain.from_iterable(iter(lambda: tuple(itertools.islice(writes, AHEAD)), ()))


def _array(performance: Performance) -> Iterator[Piece]:
    """The body, one piece for every element; the brackets and commas go with the elements."""
    held, mark = b"", b"["
    for element in performance.elements:
        if held:
            yield held, False
        held, mark = mark + element, b"\n,\r\n"
    yield held + performance.tail, True


def _squeezed(pieces: Iterable[Piece], whole: bool) -> Iterator[Piece]:
    packer = zlib.compressobj(6, zlib.DEFLATED, GZIP_WINDOW)
    for piece, last in pieces:
        packed = packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield packed + packer.flush() if last and whole else packed, last


def _chunks(pieces: Iterable[Piece], behaviour: Behaviour) -> Iterator[Write]:
    if behaviour.split is not None:
        yield from _recut([piece for piece, _ in pieces], behaviour.delay, behaviour.split)
        return
    for piece, last in pieces:
        yield chunk(piece), 0.0 if last else behaviour.delay


def _recut(pieces: list[bytes], delay: float, size: int) -> Iterator[Write]:
    """Chunks of exactly `size` bytes, the last perhaps less; a rest follows each that ends an element."""
    body = b"".join(pieces)
    ends = itertools.accumulate(map(len, pieces))
    rests = Counter((end - 1) // size for end in ends)
    last = (len(body) - 1) // size
    for number in range(last + 1):
        data = body[number * size : (number + 1) * size]
        yield chunk(data), delay * rests[number] if number < last else 0.0


def _joined(writes: Iterable[Write]) -> Iterator[Write]:
    """Neighbours without a rest between them leave in one write: fewer system calls, the same chunks."""
    held: list[bytes] = []
    size = 0
    for data, pause in writes:
        held.append(data)
        size += len(data)
        if pause or size >= LARGEST_WRITE:
            yield b"".join(held), pause
            held, size = [], 0
    if held:
        yield b"".join(held), 0.0
