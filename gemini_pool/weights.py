"""Token counts without a tokenizer: an estimate from the kind of characters.

The service tells no counts and a real tokenizer would cost more than the answer. About four Latin
characters make a token; Chinese, Japanese and Korean take about two tokens for three characters.
"""

import re

_WIDE = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
# In twelfths of a token, so that the pieces of an answer add up to exactly what the whole weighs.
TOKEN = 12
LATIN = 3  # four to a token
WIDE = 8  # three to two tokens


def weight(text: str) -> int:
    """What a text weighs, in twelfths of a token."""
    if text.isascii():
        return len(text) * LATIN
    wide = len(_WIDE.findall(text))
    return wide * WIDE + (len(text) - wide) * LATIN


def whole(weighed: int) -> int:
    """Tokens to tell of: never 0 for a text that is not empty."""
    return -(-weighed // TOKEN)
