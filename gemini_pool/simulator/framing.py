"""From elements to writes on the socket: the array, gzip, and the cuts of the transport."""

import itertools
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator

from gemini_pool.simulator.behaviour import Behaviour
from gemini_pool.simulator.http import JSON, chunk, response_head
from gemini_pool.simulator.performance import Performance
from gemini_pool.simulator.script import NO_HEADERS, Ending, Write

GZIP_WINDOW = 31  # zlib's number for "gzip format, largest window"


def stream_writes(performance: Performance, behaviour: Behaviour, *, gzip: bool) -> list[Write]:
    """The whole response: head, chunks, and the end mark where the ending allows one."""
    pieces = _array(performance)
    whole = performance.ending is Ending.KEEP
    if gzip:
        pieces = _squeezed(pieces, whole)
    headers = {"Content-Encoding": "gzip"} if gzip else NO_HEADERS
    writes = [(response_head(200, JSON, headers, None), 0.0), *_chunks(pieces, behaviour)]
    if whole:
        writes.append((chunk(b""), 0.0))
    return writes if behaviour.split else list(_joined(writes))


def _array(performance: Performance) -> list[bytes]:
    """The body, one piece for every element; the brackets and commas go with the elements."""
    if not performance.elements:
        return [performance.tail]
    first, *others = performance.elements
    pieces = [b"[" + first, *(b"\n,\r\n" + element for element in others)]
    pieces[-1] += performance.tail
    return pieces


def _squeezed(pieces: Iterable[bytes], whole: bool) -> list[bytes]:
    packer = zlib.compressobj(6, zlib.DEFLATED, GZIP_WINDOW)
    packed = [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in pieces]
    if whole:
        packed[-1] += packer.flush()
    return packed


def _chunks(pieces: list[bytes], behaviour: Behaviour) -> Iterator[Write]:
    if behaviour.split is not None:
        yield from _recut(pieces, behaviour.delay, behaviour.split)
        return
    *others, last = pieces
    for piece in others:
        yield chunk(piece), behaviour.delay
    yield chunk(last), 0.0


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
    for data, pause in writes:
        held.append(data)
        if pause:
            yield b"".join(held), pause
            held = []
    if held:
        yield b"".join(held), 0.0
