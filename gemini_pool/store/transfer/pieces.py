"""A text cut in pieces: JSON values wherever a line begins one, and lines that no blank line parts."""

import json
import re
from collections.abc import Iterator
from typing import Any

from gemini_pool.store.transfer.found import Piece

# Where JSON may begin: at a line's start, or as the value of the setting that holds accounts.
OPENING = re.compile(r"[ \t]{0,40}(?:(?:export )?ACCOUNTS_CONFIG[ \t]{0,4}=[ \t]{0,4}[\"']?)?(?=[\[{])")
# Of texts that only look like JSON each try may read to the end.
MOST_TRIES = 20
AROUND_JSON = " \t,;'\""


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of a text, in order. JSON that cannot be read stays lines."""
    decoder, tries, at, number = json.JSONDecoder(), 0, 0, 1
    begun, waiting = 1, list[str]()
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        opening = OPENING.match(text, at, end) if tries < MOST_TRIES else None
        read = _decoded(decoder, text, opening.end()) if opening else None
        if opening and read is None:
            tries += 1
        if read is None:
            line = text[at:end]
            if waiting and not line.strip():
                yield Piece(begun, "\n".join(waiting))
                waiting = []
            elif line.strip():
                begun = begun if waiting else number
                waiting.append(line)
            at, number = end + 1, number + 1
            continue
        if waiting:
            yield Piece(begun, "\n".join(waiting))
            waiting = []
        value, over = read
        yield Piece(number, "", value)
        number += text.count("\n", at, over)
        at = over + len(text[over : over + 100]) - len(text[over : over + 100].lstrip(AROUND_JSON))
    if waiting:
        yield Piece(begun, "\n".join(waiting))


def _decoded(decoder: json.JSONDecoder, text: str, at: int) -> tuple[Any, int] | None:
    try:
        return decoder.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
