"""Token counts without a tokenizer: an estimate from the kind of characters.

The service tells no counts and a real tokenizer would cost more than the answer. About four Latin
characters make a token; Chinese, Japanese and Korean take about two tokens for three characters.
"""

import math
import re

_WIDE = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
LATIN = 1 / 4
WIDE = 1 / 1.5


def weight(text: str) -> float:
    """How many tokens a text weighs, in fractions, so that the pieces of an answer add up."""
    if text.isascii():
        return len(text) * LATIN
    wide = len(_WIDE.findall(text))
    return wide * WIDE + (len(text) - wide) * LATIN


def whole(weighed: float) -> int:
    """Tokens to tell of: never 0 for a text that is not empty."""
    return math.ceil(weighed)
