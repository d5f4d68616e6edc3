"""A QR code for one purpose, the address that an authenticator reads: version 6, level L, up to 134 bytes.

One version needs neither tables of capacities nor alignment patterns by the dozen (ISO/IEC 18004).
"""

from collections.abc import Iterator

SIZE = 41
MOST_BYTES = 134
DATA = 136  # codewords, in two blocks
BLOCKS = 2
CHECKS = 18  # codewords of error correction a block
ALIGNED = 34  # where the centre of the one alignment pattern lies
FORMAT = 0b111011111000100  # level L, mask 0, with its own error correction
POLYNOMIAL = 0x11D
QUIET = 4

Modules = dict[tuple[int, int], bool]


def path_of(text: str) -> str:
    """The dark modules as the path of an SVG with `viewBox="0 0 49 49"`; ValueError when it is too long."""
    return "".join(
        f"M{column + QUIET} {row + QUIET}h1v1h-1z"
        for (row, column), dark in sorted(modules(text).items())
        if dark
    )


def modules(text: str) -> Modules:
    """Dark or light by row and column."""
    fixed = _patterns()
    free = [place for place in _way() if place not in fixed]
    bits = _bits(_codewords(text.encode()))
    # Mask 0 turns every other module; what is left over of the way is light before that.
    return fixed | {(r, c): next(bits, False) ^ ((r + c) % 2 == 0) for r, c in free}


def _codewords(data: bytes) -> list[int]:
    """Data and checks of both blocks, one of each in turn."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"{len(data)} bytes do not fit into this code; it takes {MOST_BYTES}")
    stream = f"0100{len(data):08b}" + "".join(f"{byte:08b}" for byte in data) + "0000"
    words = [int(stream[at : at + 8], 2) for at in range(0, len(stream), 8)]
    words += [(0xEC, 0x11)[at % 2] for at in range(DATA - len(words))]
    each = DATA // BLOCKS
    blocks = [words[at : at + each] for at in range(0, DATA, each)]
    checks = [_checks(block) for block in blocks]
    return [word for row in (*zip(*blocks, strict=True), *zip(*checks, strict=True)) for word in row]


def _checks(block: list[int]) -> list[int]:
    """Reed and Solomon: the remainder of the block by the generator."""
    generator = [1]
    root = 1
    for _ in range(CHECKS):
        grown = [*generator, 0]
        for at, factor in enumerate(generator):
            grown[at + 1] ^= _times(factor, root)
        generator, root = grown, _times(root, 2)
    rest = [*block, *[0] * CHECKS]
    for at in range(len(block)):
        lead = rest[at]
        for by, factor in enumerate(generator):
            rest[at + by] ^= _times(factor, lead)
    return rest[len(block) :]


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = (a << 1) ^ (POLYNOMIAL if a & 0x80 else 0), b >> 1
    return product


def _bits(words: list[int]) -> Iterator[bool]:
    for word in words:
        for at in range(7, -1, -1):
            yield bool(word >> at & 1)


def _way() -> Iterator[tuple[int, int]]:
    """Up and down in pairs of columns from the right, without the column of the timing pattern."""
    upward = True
    for right in (*range(SIZE - 1, 6, -2), 5, 3, 1):
        for row in range(SIZE - 1, -1, -1) if upward else range(SIZE):
            yield row, right
            yield row, right - 1
        upward = not upward


def _patterns() -> Modules:
    """All that does not depend on the text."""
    found: Modules = {}
    for at in range(SIZE):
        found[6, at] = found[at, 6] = at % 2 == 0
    for top, left in ((0, 0), (0, SIZE - 7), (SIZE - 7, 0)):
        found |= _finder(top, left)
    for row in range(-2, 3):
        for column in range(-2, 3):
            found[ALIGNED + row, ALIGNED + column] = max(abs(row), abs(column)) != 1
    return found | _format()


def _finder(top: int, left: int) -> Modules:
    """An eye and the light border around it."""
    around = [(row, column) for row in range(-1, 8) for column in range(-1, 8)]
    return {
        (top + row, left + column): max(abs(row - 3), abs(column - 3)) in (0, 1, 3)
        for row, column in around
        if 0 <= top + row < SIZE and 0 <= left + column < SIZE
    }


def _format() -> Modules:
    """Level and mask, twice, and the module that is always dark."""
    first = [(8, c) for c in (0, 1, 2, 3, 4, 5, 7, 8)] + [(r, 8) for r in (7, 5, 4, 3, 2, 1, 0)]
    second = [(SIZE - 1 - at, 8) for at in range(7)] + [(8, SIZE - 8 + at) for at in range(8)]
    bits = [bool(FORMAT >> (14 - at) & 1) for at in range(15)]
    return {
        **dict(zip(first, bits, strict=True)),
        **dict(zip(second, bits, strict=True)),
        (SIZE - 8, 8): True,
    }
