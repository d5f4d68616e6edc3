"""Sentences of other rooms in the language of the page: by a table of what they look like."""

import re
from collections.abc import Sequence

from flask_babel import LazyString
from flask_babel import gettext as _

# A sentence's form, whose named groups are the blanks of the words that stand for it.
Table = Sequence[tuple[re.Pattern[str], LazyString]]


def retold(sentence: str, table: Table = ()) -> str:
    """The sentence in the language of the page; as it is where nobody foresaw it."""
    for pattern, words in table:
        if match := pattern.fullmatch(sentence):
            return str(words) % {name: text or "" for name, text in match.groupdict().items()}
    return _(sentence) if sentence else ""
